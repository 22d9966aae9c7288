"""Joins offered by relationships."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from lake_blueprints.contracts import Column, Dataset
from lake_blueprints.contracts.governance import Relationship
from lake_blueprints.processing.curation import ReferenceJoin, related_joins


def dataset(name: str, columns: Sequence[str], key: Sequence[str] = (), *, to: Sequence[Relationship] = ()) -> Dataset:
    return Dataset(
        name=name,
        columns=[Column(name=column, type="string") for column in columns],
        primary_key=key,
        relationships=to,
    )


def related(columns: Sequence[str], name: str, references: Sequence[str]) -> Relationship:
    return Relationship(columns=tuple(columns), dataset=name, references=tuple(references))


WEATHER = dataset("weather", ["origin", "hour", "temp", "carrier"], ["origin", "hour"])
AIRLINES = dataset("airlines", ["carrier", "name", "temp"], ["carrier"])
PLANES = dataset("planes", ["tail", "seats"], ["tail"])
TO_WEATHER = related(["origin", "hour"], "weather", ["origin", "hour"])
TO_AIRLINES = related(["carrier"], "airlines", ["carrier"])


def joins(*relationships: Relationship) -> list[ReferenceJoin]:
    flights = dataset("flights", ["carrier", "origin", "hour", "tailnum"], to=relationships)
    return related_joins(flights, [flights, WEATHER, AIRLINES, PLANES])


def test_a_relationship_to_a_whole_key_offers_the_columns_that_are_lacking() -> None:
    assert joins(TO_WEATHER) == [ReferenceJoin(reference=WEATHER, on=("origin", "hour"), columns=["temp"])]


def test_a_column_of_several_is_taken_from_the_first() -> None:
    assert [list(join.columns) for join in joins(TO_WEATHER, TO_AIRLINES)] == [["temp"], ["name"]]
    assert [list(join.columns) for join in joins(TO_AIRLINES, TO_WEATHER)] == [["name", "temp"], []]


@pytest.mark.parametrize(
    "relationship",
    [
        related(["origin"], "weather", ["origin"]),
        related(["tailnum"], "planes", ["tail"]),
        related(["carrier"], "trains", ["carrier"]),
        related(["hour"], "flights", ["hour"]),
    ],
    ids=["part of the key", "other names", "not in the lake", "itself"],
)
def test_other_relationships_are_no_joins(relationship: Relationship) -> None:
    assert joins(relationship) == []


def test_a_dataset_is_joined_once() -> None:
    assert len(joins(TO_AIRLINES, TO_AIRLINES)) == 1
