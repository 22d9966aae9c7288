"""Names of the catalog: one rule, and no two that collide in silence."""

from __future__ import annotations

import re

import pytest

from lake_blueprints.contracts import ContractError
from lake_blueprints.contracts.names import LONGEST, catalog_name, catalog_names

# The digits are those of `printf … | sha256sum`.
LONG = "measurement " * 25
LONG_DIGEST = "cb4a5ba9"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("orderId", "orderid"),
        ("ORDER_ID", "order_id"),
        ("Order Id", "order_id"),
        ("order-id", "order_id"),
        ("dbo.Orders", "dbo_orders"),
        ("[dbo].[Order Lines]", "dbo_order_lines"),
        ("Order-ID (legacy)", "order_id_legacy"),
        ("%share%", "share"),
        ("_id", "_id"),
        ("a__b", "a__b"),
        ("1st", "_1st"),
        ("select", "select"),
        ("Größe", "grosse"),
        ("naïve", "naive"),
        ("a\u0301", "a"),
        ("İstanbul", "istanbul"),
        ("ﬁle", "file"),
        ("価格", "u4fa1u683c"),
        ("москва", "u43cu43eu441u43au432u430"),
        ("price €", "price"),
        ("😀 mood", "mood"),
    ],
)
def test_a_name_is_folded_by_one_rule(text: str, name: str) -> None:
    assert catalog_name(text) == name


def test_a_folded_name_stays_as_it_is() -> None:
    for text in ("orderId", "1st", "価格", LONG):
        assert catalog_name(catalog_name(text)) == catalog_name(text)


def test_a_long_name_is_cut_and_stays_unique() -> None:
    name = catalog_name(LONG)
    assert len(LONG) == 300
    assert len(name) == LONGEST == 127
    assert name.startswith("measurement_measurement_")
    assert name.endswith(f"_{LONG_DIGEST}")
    assert catalog_name(f"{LONG}x") != name
    assert catalog_name("x" * 127) == "x" * 127


@pytest.mark.parametrize("text", ["", "---", "___", "😀"])
def test_refuses_a_name_that_nothing_can_be_made_of(text: str) -> None:
    with pytest.raises(ContractError, match=re.escape(f"'{text}' has no letter or digit")):
        catalog_name(text)


def test_a_collision_names_both() -> None:
    assert catalog_names(["orderId", "order id"], "properties") == ["orderid", "order_id"]
    with pytest.raises(ContractError, match="properties 'orderId' and 'OrderID' have the same catalog name 'orderid'"):
        catalog_names(["id", "orderId", "OrderID"], "properties")
