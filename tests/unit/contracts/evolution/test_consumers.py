"""Consumers of columns, as SQL and relationships show them."""

from __future__ import annotations

import pytest

from lake_blueprints.contracts import Column, Dataset, Relationship
from lake_blueprints.contracts.evolution import Bump, Change, Consumer, related_consumers, sql_consumers

FLIGHTS = Dataset(name="flights", columns=[Column(name="carrier", type="string"), Column(name="delay", type="int")])
AIRLINES = Dataset(name="airlines", columns=[Column(name="carrier", type="string"), Column(name="name", type="string")])


def used(sql: str) -> dict[str, list[str] | None]:
    """Return the columns by dataset; None for all of them."""
    found = sql_consumers("q", sql, [FLIGHTS, AIRLINES])
    return {item.dataset: None if item.columns is None else sorted(item.columns) for item in found}


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("select Delay from lake.Flights", {"flights": ["delay"]}),
        ('select "delay" from "lake"."flights"', {"flights": ["delay"]}),
        (
            "select f.carrier from flights f join airlines using (carrier)",
            {"flights": ["carrier"], "airlines": ["carrier"]},
        ),
        ("select count(*) from flights", {"flights": []}),
        ("select * from flights", {"flights": None}),
        ("with x as (select f.* from flights f) select 1 from x", {"flights": None}),
        ("select carrier -- delay, flights\n from airlines", {"airlines": ["carrier"]}),
        ("select /* delay */ carrier, 'delay' from airlines", {"airlines": ["carrier"]}),
        ("select 'it''s -- delay' as carrier from airlines", {"airlines": ["carrier"]}),
        ("select delay from other", {}),
    ],
)
def test_a_query_uses_the_columns_that_it_names_of_datasets_that_it_names(
    sql: str, expected: dict[str, list[str] | None]
) -> None:
    assert used(sql) == expected


def change(dataset: str, *columns: str) -> Change:
    return Change(kind="k", dataset=dataset, place="p", text="t", needs=Bump.MAJOR, columns=columns)


def test_a_consumer_notices_what_it_uses_and_what_is_about_the_whole_dataset() -> None:
    consumer = Consumer("q", "flights", frozenset({"delay"}))
    assert consumer.notices(change("flights", "delay", "carrier"))
    assert consumer.notices(change("flights"))
    assert not consumer.notices(change("flights", "carrier"))
    assert not consumer.notices(change("airlines", "delay"))
    assert Consumer("q", "flights").notices(change("flights", "carrier"))


def test_a_relationship_uses_the_columns_that_it_leads_to() -> None:
    relationship = Relationship(columns=("code",), dataset="airlines", references=("carrier",))
    orders = Dataset(name="orders", columns=[Column(name="code", type="string")], relationships=[relationship])
    (consumer,) = related_consumers([orders, AIRLINES])
    assert consumer == Consumer("relationship of dataset 'orders'", "airlines", frozenset({"carrier"}))
