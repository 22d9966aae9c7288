"""Retention of an Iceberg table's rows, on real Spark, and references that are Iceberg tables."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

import pytest

from lake_blueprints.contracts import Column, ContractError, Dataset
from lake_blueprints.processing.curation import Curation, History, RowRetention
from tests.unit.processing.curation.test_curate import balance, column, plan
from tests.unit.processing.curation.test_iceberg import create, name, rows, sql

ORDERS = Dataset(name="orders", columns=[Column(name="id", type="bigint"), Column(name="ordered", type="timestamp")])


@pytest.fixture
def orders(lake: Any) -> Iterator[Any]:
    """A lake of orders that are kept for 30 days."""
    columns = (column("id", "bigint"), column("ordered", "timestamp"))
    lake.plan = plan(*columns, primary_key=["id"]) | {"expire_by": "ordered", "expire_days": 30}
    yield create(lake, "id bigint, ordered timestamp")
    sql(f"DROP TABLE {name(lake)} PURGE")


def order(number: int, days_ago: int | None) -> dict[str, Any]:
    now = datetime.datetime.now(datetime.UTC)
    if days_ago is None:
        return {"id": number}
    return {"id": number, "ordered": f"{now - datetime.timedelta(days=days_ago):%Y-%m-%dT%H:%M:%SZ}"}


def test_rows_that_have_reached_their_age_are_deleted_and_the_others_stay(orders: Any) -> None:
    orders.put("a.json", order(1, 0), order(2, 29), order(3, 31), order(4, 4000), order(5, None))
    assert balance(orders.run()) == (5, 5, 0, 0, 0)
    assert rows(orders, "id") == [(1,), (2,), (5,)]


def test_a_run_that_has_nothing_to_delete_makes_no_snapshot(orders: Any) -> None:
    orders.put("a.json", order(1, 0))
    orders.run()
    before = sql(f"SELECT snapshot_id FROM {name(orders)}.snapshots")
    orders.run()
    assert sql(f"SELECT snapshot_id FROM {name(orders)}.snapshots") == before


def test_the_plan_says_what_is_deleted_and_when() -> None:
    found = Curation(retention=RowRetention(by="ordered", days=400)).plan(ORDERS)
    assert (found["expire_by"], found["expire_days"]) == ("ordered", 400)
    assert "expire_by" not in Curation().plan(ORDERS)


@pytest.mark.parametrize("days", [0, -1, 36_501])
def test_refuses_days_out_of_range(days: int) -> None:
    with pytest.raises(ContractError, match="'days' of a retention must be 1 to 36,500"):
        RowRetention(by="ordered", days=days)


@pytest.mark.parametrize(
    ("by", "message"),
    [
        ("when", "'retention' goes by 'when', which is not written; written are id, ordered"),
        ("id", "'retention' goes by 'id', which is a bigint; it must be one of date, timestamp"),
    ],
)
def test_refuses_columns_by_which_nothing_grows_old(by: str, message: str) -> None:
    with pytest.raises(ContractError, match=message):
        Curation(retention=RowRetention(by=by, days=1)).curated(ORDERS)


def test_refuses_to_delete_from_a_history() -> None:
    with pytest.raises(ContractError, match="'retention' deletes rows by their age, and 'keep' keeps all versions"):
        Curation(keep=History(by="ordered"), retention=RowRetention(by="ordered", days=1))
