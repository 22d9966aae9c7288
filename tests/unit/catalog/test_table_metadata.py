"""Table metadata: comments of columns and parameters of tables, within the limits of Glue."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from lake_blueprints.catalog.table_metadata import comment, parameters
from lake_blueprints.contracts import Column, Dataset, Governance, Link, ServiceLevels, SupportChannel


def column(**more: Any) -> Column:
    return Column(name="x", type="int", **more)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, None),
        ({"description": "Two\n letters.\x00"}, "Two letters."),
        ({"business_name": "Carrier"}, "Carrier"),
        ({"classification": "pii", "critical": True}, "[pii] [critical]"),
        ({"source": "X-Value", "tags": ["a", "b"]}, "[name: X-Value] [tags: a, b]"),
        (
            {"description": "A.", "classification": "pii", "critical": True, "source": "X", "tags": ["t"]},
            "A. [pii] [critical] [name: X] [tags: t]",
        ),
    ],
)
def test_a_comment_says_what_is_known(more: dict[str, Any], expected: str | None) -> None:
    assert comment(column(**more)) == expected


def test_descriptions_give_way_to_what_tools_look_for() -> None:
    found = comment(column(description="d" * 300, classification="pii", source="S" * 100))
    assert found is not None
    assert len(found) == 255
    assert found.endswith(f"d [pii] [name: {'S' * 100}]")


def test_a_label_that_does_not_fit_is_left_out() -> None:
    assert comment(column(classification="pii", source="S" * 300, tags=["t" * 40])) == f"[pii] [name: {'S' * 199}…]"


def dataset(**more: Any) -> Dataset:
    return Dataset(name="d", columns=[column()], **more)


def test_parameters_say_only_what_the_contract_says() -> None:
    assert parameters(dataset(version="2.0.0")) == {"contract_version": "2.0.0"}


def test_parameters_name_those_who_answer_and_where_to_ask() -> None:
    governance = Governance(
        contract="c-1",
        team="ops",
        owner="ann",
        domain="travel",
        data_product="flights",
        tenant="acme",
        status="active",
        price="9.95 USD per megabyte",
        tags=("a", "b"),
        links=(Link(url="https://a", type="businessDefinition"), Link(url="https://b", type="businessDefinition")),
        support=(
            SupportChannel(name="#Help me", url="https://chat"),
            SupportChannel(name="mail", description="Ask\nAnn"),
        ),
    )
    levels = ServiceLevels(
        latency=timedelta(hours=4), retention=timedelta(days=7), others=(("Time of Support", "9 to 5"),)
    )
    assert parameters(dataset(governance=governance, service_levels=levels, classification="internal")) == {
        "contract_version": "1.0.0",
        "contract_id": "c-1",
        "data_classification": "internal",
        "owner": "ann",
        "team": "ops",
        "domain": "travel",
        "data_product": "flights",
        "tenant": "acme",
        "status": "active",
        "price": "9.95 USD per megabyte",
        "tags": "a, b",
        "latency": "4:00:00",
        "retention": "7 days, 0:00:00",
        "promise_time_of_support": "9 to 5",
        "link_businessdefinition": "https://a",
        "link_businessdefinition_2": "https://b",
        "support_help_me": "https://chat",
        "support_mail": "Ask Ann",
    }


def test_a_name_of_any_length_becomes_a_key_that_glue_takes() -> None:
    others = (("p" * 400, "1"), ("p" * 400, "2"))
    keys = [key for key in parameters(dataset(service_levels=ServiceLevels(others=others))) if "promise" in key]
    assert len(keys) == 2
    assert max(map(len, keys)) == 255
