"""Names that contracts ask for: used if the app says so."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest
from attrs import evolve

from lake_blueprints.contracts import Dataset, Placement
from lake_blueprints.lake import DataLake
from lake_blueprints.lake.server_names import placed_prefix


def placed(dataset: Dataset, kind: str, **properties: Any) -> Dataset:
    return evolve(dataset, placements=(Placement(server="prod", type=kind, properties=properties),))


def test_names_of_servers_are_used_only_if_the_app_wants_it(stack: cdk.Stack, seats: Dataset) -> None:
    dataset = placed(seats, "glue", database="Travel", location="s3://theirs/lake/gold/")
    plain = DataLake(stack, "Plain", datasets=[dataset])
    named = DataLake(stack, "Named", datasets=[dataset], placements=True)
    assert plain.curated_database.database_name.startswith("stack_plain")
    assert plain.tables["seats"].prefix == "seats/"
    assert named.curated_database.database_name == "travel"
    assert named.tables["seats"].prefix == "lake/gold/seats/"


@pytest.mark.parametrize(
    ("kind", "properties", "expected"),
    [
        ("s3", {"location": "s3://bucket/lake/seats/"}, "lake/seats/"),
        ("s3", {"location": "s3://bucket/lake/*.parquet"}, "lake/seats/"),
        ("s3", {"location": "s3://bucket/{model}/*.json"}, None),
        ("s3", {"location": "s3://bucket"}, None),
        ("kinesis", {"stream": "seats"}, None),
    ],
)
def test_a_prefix_is_what_is_fixed_of_a_location(
    seats: Dataset, kind: str, properties: dict[str, Any], expected: str | None
) -> None:
    assert placed_prefix(placed(seats, kind, **properties)) == expected


def test_refuses_two_databases_for_one_lake(stack: cdk.Stack, passengers: Dataset, seats: Dataset) -> None:
    datasets = [placed(passengers, "glue", database="a"), placed(seats, "athena", schema="b")]
    with pytest.raises(ValueError, match=r"the databases 'a' \(for 'passengers'\) and 'b' \(for 'seats'\), but a lake"):
        DataLake(stack, "Lake", datasets=datasets, placements=True)
