"""Samples of Iceberg tables."""

from __future__ import annotations

from typing import Any

from attrs import evolve
from aws_cdk import Duration
from constructs import Construct

from lake_blueprints.catalog import Database
from lake_blueprints.catalog.iceberg import (
    Bucket,
    Compaction,
    CompactionStrategy,
    Day,
    IcebergTable,
    OptimizerRole,
    OrphanFileDeletion,
    SnapshotRetention,
    SortField,
)
from lake_blueprints.contracts import Column
from template_checks.limits import glue
from tests.conformance.fixtures import Fixtures
from tests.conformance.sample import Limited, Sample

# CloudFormation has no AWS::Glue::TableOptimizer there.
WITHOUT_OPTIMIZERS = frozenset({"aws-cn", "aws-us-gov"})


def table(lake: Fixtures, scope: Construct, name: str, /, **options: Any) -> IcebergTable:
    # In a database of its own, which can have no second table of the name, and at a prefix that no other table has.
    own = Database(scope, f"{name}Database", zone=lake.curated)
    given = {"database": own, "dataset": lake.dataset, "prefix": f"{scope.node.path}/{name}/".lower(), **options}
    return IcebergTable(scope, name, **given)


SAMPLE = Sample(
    construct=IcebergTable,
    build=table,
    unavailable_in=WITHOUT_OPTIMIZERS,
    limits={
        "compaction: min_input_files": Limited(
            limit=glue.COMPACTION_FILES, options=lambda _, n: {"compaction": Compaction(min_input_files=n)}
        ),
        "compaction: delete_file_threshold": Limited(
            limit=glue.COMPACTION_DELETES, options=lambda _, n: {"compaction": Compaction(delete_file_threshold=n)}
        ),
        "snapshot_retention: period": Limited(
            limit=glue.SNAPSHOT_DAYS,
            options=lambda _, n: {"snapshot_retention": SnapshotRetention(period=Duration.days(n))},
        ),
        "snapshot_retention: snapshots": Limited(
            limit=glue.SNAPSHOTS, options=lambda _, n: {"snapshot_retention": SnapshotRetention(snapshots=n)}
        ),
        "orphan_file_deletion: period": Limited(
            limit=glue.ORPHAN_FILE_DAYS,
            options=lambda _, n: {"orphan_file_deletion": OrphanFileDeletion(period=Duration.days(n))},
        ),
    },
)
PARTITIONED = Sample(
    construct=IcebergTable,
    variant="partitioned",
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
        "compaction": Compaction(strategy=CompactionStrategy.SORT),
    },
    build=table,
    unavailable_in=WITHOUT_OPTIMIZERS,
)
ORPHANS = Sample(
    construct=IcebergTable,
    variant="orphan files only",
    options=lambda _: {"compaction": None, "snapshot_retention": None},
    build=table,
    unavailable_in=WITHOUT_OPTIMIZERS,
)
SHARED = Sample(construct=OptimizerRole, options=lambda lake: {"database": lake.database})
PLAIN = Sample(
    construct=IcebergTable,
    variant="without optimizers",
    options=lambda _: {"compaction": None, "snapshot_retention": None, "orphan_file_deletion": None},
    build=table,
)
