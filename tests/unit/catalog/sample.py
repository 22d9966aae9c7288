"""Samples of the catalog."""

from __future__ import annotations

from typing import Any

from attrs import evolve
from aws_cdk import aws_iam as iam
from constructs import Construct

from lake_blueprints.catalog import ArrivalTime, ByPartitionKeys, Database, Table
from lake_blueprints.catalog.table_location import Access, TableLocation
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


def before(_: Fixtures, grantee: iam.IRole) -> dict[str, Any]:
    """Return what waits for a grant: something that uses the role."""
    return {"before": Construct(grantee.stack, f"After{grantee.node.addr}")}


ENTRY = TableLocation(prefix="stack/one/", tables="flights")
DATABASE = Sample(
    construct=Database,
    build=database,
    grants={
        "grant_catalog_read": lambda *_: {"prefix": "home/one/"},
        "grant_catalog_write": lambda *_: {"prefix": "home/one/"},
        "grant_entry": lambda *_: {"entry": ENTRY, "access": Access.DESCRIBE},
        "grant_schema": lambda lake, grantee: {"entry": ENTRY, **before(lake, grantee)},
    },
)
TABLE = Sample(construct=Table, build=table, grants={"grant_schema": before})
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
