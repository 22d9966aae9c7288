"""Samples of S3 Tables."""

from __future__ import annotations

from typing import Any

from attrs import evolve
from aws_cdk import Duration
from constructs import Construct

from lake_blueprints.catalog.iceberg import Bucket, Day, SortField
from lake_blueprints.catalog.s3_tables import S3Table, SnapshotManagement, TableZone, UnreferencedFileRemoval
from lake_blueprints.contracts import Column
from template_checks.limits import s3_tables
from tests.conformance.fixtures import Fixtures
from tests.conformance.sample import Limited, Sample


def table(lake: Fixtures, scope: Construct, name: str, /, **options: Any) -> S3Table:
    # In a zone of its own, which can have no second table of the name.
    zone = TableZone(scope, f"{name}Zone", encryption_key=lake.key)
    return S3Table(scope, name, **{"zone": zone, "dataset": lake.dataset, **options})


ZONE = Sample(
    construct=TableZone,
    limits={
        "unreferenced_file_removal: unreferenced": Limited(
            limit=s3_tables.UNREFERENCED_DAYS,
            options=lambda _, n: {
                "unreferenced_file_removal": UnreferencedFileRemoval(unreferenced=Duration.days(n)),
            },
        ),
        "unreferenced_file_removal: noncurrent": Limited(
            limit=s3_tables.NONCURRENT_DAYS,
            options=lambda _, n: {"unreferenced_file_removal": UnreferencedFileRemoval(noncurrent=Duration.days(n))},
        ),
    },
)
TIERED = Sample(
    construct=TableZone,
    variant="tiered, without removal",
    options=lambda _: {"intelligent_tiering": True, "unreferenced_file_removal": None},
)
TABLE = Sample(
    construct=S3Table,
    build=table,
    limits={
        "target_file_mb": Limited(limit=s3_tables.TARGET_FILE_MB, options=lambda _, n: {"target_file_mb": n}),
        "snapshot_management: max_age": Limited(
            limit=s3_tables.SNAPSHOT_HOURS,
            options=lambda _, n: {"snapshot_management": SnapshotManagement(max_age=Duration.hours(n))},
        ),
        "snapshot_management: min_snapshots": Limited(
            limit=s3_tables.SNAPSHOTS,
            options=lambda _, n: {"snapshot_management": SnapshotManagement(min_snapshots=n)},
        ),
    },
)
PARTITIONED = Sample(
    construct=S3Table,
    variant="partitioned",
    build=table,
    options=lambda lake: {
        "dataset": evolve(
            lake.dataset,
            columns=[
                *lake.dataset.columns,
                Column(name="scheduled", type="timestamp"),
                Column(name="fare", type="decimal(9,2)"),
                Column(name="stops", type="array<struct<airport:string,minutes:int>>"),
                Column(name="bags", type="map<string,int>"),
            ],
        ),
        "partitioning": [Day("scheduled"), Bucket("carrier", 8)],
        "sort_order": [SortField("carrier"), SortField("delay", descending=True)],
        "target_file_mb": None,
        "snapshot_management": None,
    },
)
