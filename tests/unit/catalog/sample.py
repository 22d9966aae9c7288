"""Samples of the catalog."""

from __future__ import annotations

from typing import Any

from attrs import evolve
from constructs import Construct

from lake_blueprints.catalog import ArrivalTime, ByPartitionKeys, Database, Table
from lake_blueprints.contracts import Column, Constraints, DatasetFormat
from tests.conformance.fixtures import Fixtures
from tests.conformance.sample import Sample

MONTH = Column(name="month", type="int", constraints=Constraints(minimum=1, maximum=12))


def database(lake: Fixtures, scope: Construct, name: str, /, **options: Any) -> Database:
    found = Database(scope, name, zone=lake.curated, lake_formation=True, **options)
    found.add_table(lake.dataset, prefix=f"{scope.node.path}/{name}/".lower())
    return found


def table(lake: Fixtures, scope: Construct, name: str, /, **options: Any) -> Table:
    # In a database of its own, which can have no second table of the name.
    own = Database(scope, f"{name}Database", zone=lake.curated)
    return Table(scope, name, **{"database": own, "dataset": lake.dataset, **options})


DATABASE = Sample(construct=Database, build=database)
TABLE = Sample(construct=Table, build=table)
JSON = Sample(
    construct=Table,
    variant="json",
    options=lambda _: {"format": DatasetFormat.JSON, "layout": ArrivalTime()},
    build=table,
)
CSV = Sample(
    construct=Table,
    variant="csv",
    options=lambda lake: {
        "dataset": evolve(lake.dataset, columns=[*lake.dataset.columns, MONTH], partition_keys=["month"]),
        "format": DatasetFormat.CSV,
        "layout": ByPartitionKeys(project=True),
    },
    build=table,
)
