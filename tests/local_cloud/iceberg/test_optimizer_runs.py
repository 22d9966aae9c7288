"""Runs of table optimizers: what a drained cloud has compacted, expired and deleted."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from moto.s3.models import s3_backends
from pyiceberg.catalog import load_catalog
from pyiceberg.table import Table

from local_cloud.cloud import LocalCloud
from tests.local_cloud.iceberg.conftest import orders

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/optimize"
DAY = timedelta(days=1)
ROWS = pa.schema([pa.field("id", pa.int64(), nullable=False), ("day", pa.date32()), ("amount", pa.decimal128(9, 2))])


class Optimized:
    """A table and its optimizers."""

    def __init__(self, cloud: LocalCloud, name: str) -> None:
        self.cloud = cloud
        self.glue = cloud.client("glue")
        self.s3 = cloud.client("s3")
        self.name = name
        identity = {"SourceId": 17, "Transform": "identity", "Name": "day", "FieldId": 1217}
        self.glue.create_table(**orders(name, PartitionSpec={"Fields": [identity]}))

    @property
    def table(self) -> Table:
        environment = self.cloud.environment()
        catalog = load_catalog(
            "lake",
            **{
                "type": "glue",
                "glue.endpoint": environment["AWS_ENDPOINT_URL"],
                "s3.endpoint": environment["AWS_ENDPOINT_URL"],
                "client.region": environment["AWS_REGION"],
                "client.access-key-id": environment["AWS_ACCESS_KEY_ID"],
                "client.secret-access-key": environment["AWS_SECRET_ACCESS_KEY"],
            },
        )
        return catalog.load_table(("shop", self.name))

    def append(self, *numbers: int, month: int = 1) -> None:
        rows = [{"id": number, "day": datetime(2026, month, 1).date(), "amount": None} for number in numbers]
        self.table.append(pa.Table.from_pylist(rows, schema=ROWS))

    def optimize(self, kind: str, configuration: dict[str, Any] | None = None) -> None:
        own = {"orphan_file_deletion": "orphanFileDeletion"}.get(kind, kind)
        given = {"roleArn": ROLE, "enabled": True, f"{own}Configuration": {"icebergConfiguration": configuration or {}}}
        self.glue.create_table_optimizer(**self.of(kind), TableOptimizerConfiguration=given)

    def of(self, kind: str) -> dict[str, Any]:
        return {"CatalogId": ACCOUNT, "DatabaseName": "shop", "TableName": self.name, "Type": kind}

    def runs(self, kind: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.glue.list_table_optimizer_runs(**self.of(kind))["TableOptimizerRuns"]
        last = self.glue.get_table_optimizer(**self.of(kind))["TableOptimizer"].get("lastRun")
        assert last == (found[0] if found else None)
        return found

    def rows(self) -> list[int]:
        return sorted(self.table.scan().to_arrow()["id"].to_pylist())

    def files(self) -> set[str]:
        return {task.file.file_path for task in self.table.scan().plan_files()}

    def objects(self) -> set[str]:
        found = self.s3.get_paginator("list_objects_v2").paginate(Bucket="lake", Prefix=f"{self.name}/")
        return {f"s3://lake/{item['Key']}" for page in found for item in page.get("Contents", [])}

    def put(self, key: str) -> str:
        self.s3.put_object(Bucket="lake", Key=f"{self.name}/{key}", Body=b"x")
        return f"s3://lake/{self.name}/{key}"

    def age(self, by: timedelta) -> None:
        """Make the table's snapshots, and all of its objects, older than they are."""
        location = self.table.metadata_location
        key = location.removeprefix("s3://lake/")
        metadata = json.loads(self.s3.get_object(Bucket="lake", Key=key)["Body"].read())
        milliseconds = int(by / timedelta(milliseconds=1))
        for entry in [*metadata["snapshots"], *metadata["snapshot-log"], *metadata["metadata-log"]]:
            entry["timestamp-ms"] -= milliseconds
        metadata["last-updated-ms"] -= milliseconds
        self.s3.put_object(Bucket="lake", Key=key, Body=json.dumps(metadata).encode())
        for uri in self.objects():
            age_object(uri, by)


def age_object(uri: str, by: timedelta) -> None:
    """Make an object older than it is."""
    stored = s3_backends[ACCOUNT]["aws"].buckets["lake"].keys[uri.removeprefix("s3://lake/")]
    stored.last_modified -= by


@pytest.fixture
def optimized(cloud: LocalCloud, request: pytest.FixtureRequest) -> Optimized:
    return Optimized(cloud, request.node.originalname.removeprefix("test_")[:50])


def test_compaction_writes_many_small_files_as_one_for_each_partition(optimized: Optimized) -> None:
    for number in range(6):
        optimized.append(number, month=1 + number % 2)
    optimized.append(6, month=3)
    before = optimized.files()
    optimized.optimize("compaction", {"minInputFiles": 3})

    optimized.cloud.drain()

    assert optimized.rows() == list(range(7))
    assert len(optimized.files()) == 3
    # A partition with too few files stays.
    assert len(optimized.files() & before) == 1
    (run,) = optimized.runs("compaction")
    assert run["eventType"] == "completed"
    assert run["startTimestamp"] <= run["endTimestamp"]
    assert run["compactionStrategy"] == "binpack"
    metrics = run["compactionMetrics"]["IcebergMetrics"]
    assert (metrics["NumberOfFilesCompacted"], metrics["NumberOfDpus"]) == (6, 0)
    assert metrics["NumberOfBytesCompacted"] > 0
    assert run["metrics"]["NumberOfFilesCompacted"] == "6"
    # With nothing to compact, no run is started.
    optimized.cloud.drain()
    assert optimized.runs("compaction") == [run]


def test_compaction_waits_for_a_hundred_files_by_default(optimized: Optimized) -> None:
    optimized.append(1)
    optimized.append(2)
    optimized.optimize("compaction")
    optimized.cloud.drain()
    assert (len(optimized.files()), optimized.runs("compaction")) == (2, [])


def test_a_disabled_optimizer_does_not_run(optimized: Optimized) -> None:
    optimized.append(1)
    optimized.append(2)
    optimized.optimize("compaction", {"minInputFiles": 1})
    disabled = {"roleArn": ROLE, "enabled": False}
    optimized.glue.update_table_optimizer(**optimized.of("compaction"), TableOptimizerConfiguration=disabled)
    optimized.cloud.drain()
    assert len(optimized.files()) == 2


def test_a_strategy_that_is_lacking_fails_the_run_with_its_name(optimized: Optimized) -> None:
    optimized.append(1)
    optimized.optimize("compaction", {"strategy": "z-order", "minInputFiles": 1})
    optimized.cloud.drain()
    (run,) = optimized.runs("compaction")
    assert (run["eventType"], run["compactionStrategy"]) == ("failed", "z-order")
    assert run["error"] == "compaction by z-order is not run by the local cloud, only by binpack"


def test_retention_expires_old_snapshots_and_deletes_what_only_they_need(optimized: Optimized) -> None:
    optimized.append(1)
    optimized.append(2)
    optimized.table.delete("id = 1")
    old = optimized.objects()
    optimized.age(6 * DAY)
    optimized.append(3)
    kept = optimized.table.current_snapshot()
    optimized.optimize("retention", {"snapshotRetentionPeriodInDays": 5})

    optimized.cloud.drain()

    assert [snapshot.snapshot_id for snapshot in optimized.table.snapshots()] == [kept and kept.snapshot_id]
    assert optimized.rows() == [2, 3]
    (run,) = optimized.runs("retention")
    metrics = run["retentionMetrics"]["IcebergMetrics"]
    # The file of the deleted row; lists of three snapshots.
    assert (metrics["NumberOfDataFilesDeleted"], metrics["NumberOfManifestListsDeleted"]) == (1, 3)
    gone = old - optimized.objects()
    assert len(gone) == 4 + metrics["NumberOfManifestFilesDeleted"]
    assert not any(uri.endswith(".metadata.json") for uri in gone)


def test_retention_keeps_young_snapshots_and_as_many_as_it_is_given(optimized: Optimized) -> None:
    for number in range(3):
        optimized.append(number)
    optimized.optimize("retention", {"snapshotRetentionPeriodInDays": 1, "numberOfSnapshotsToRetain": 2})
    optimized.cloud.drain()
    assert len(optimized.table.snapshots()) == 3
    optimized.age(2 * DAY)
    optimized.cloud.drain()
    assert len(optimized.table.snapshots()) == 2
    assert [run["eventType"] for run in optimized.runs("retention")] == ["completed", "completed"]


def test_retention_follows_the_properties_of_the_table_where_it_is_given_nothing(optimized: Optimized) -> None:
    for number in range(4):
        optimized.append(number)
    optimized.age(2 * DAY)
    with optimized.table.transaction() as transaction:
        transaction.set_properties(
            {"history.expire.max-snapshot-age-ms": str(24 * 3600 * 1000), "history.expire.min-snapshots-to-keep": "3"}
        )
    optimized.optimize("retention")
    optimized.cloud.drain()
    assert len(optimized.table.snapshots()) == 3


def test_retention_can_leave_the_files(optimized: Optimized) -> None:
    optimized.append(1)
    optimized.append(2)
    optimized.age(6 * DAY)
    before = optimized.objects()
    optimized.optimize("retention", {"cleanExpiredFiles": False})
    optimized.cloud.drain()
    assert len(optimized.table.snapshots()) == 1
    assert before <= optimized.objects()


def test_orphan_files_are_deleted_once_they_are_old_enough(optimized: Optimized) -> None:
    optimized.append(1)
    old, young = optimized.put("data/old.parquet"), optimized.put("data/young.parquet")
    optimized.age(4 * DAY)
    age_object(young, -2 * DAY)
    optimized.optimize("orphan_file_deletion")

    optimized.cloud.drain()

    assert old not in optimized.objects()
    assert young in optimized.objects()
    assert optimized.rows() == [1]
    (run,) = optimized.runs("orphan_file_deletion")
    assert run["orphanFileDeletionMetrics"]["IcebergMetrics"]["NumberOfOrphanFilesDeleted"] == 1

    age_object(young, 2 * DAY)
    optimized.cloud.drain()
    assert young not in optimized.objects()
    assert len(optimized.runs("orphan_file_deletion")) == 2


def test_orphan_files_are_looked_for_where_the_optimizer_says(optimized: Optimized) -> None:
    optimized.append(1)
    inside, outside = optimized.put("data/x/old"), optimized.put("data/y/old")
    optimized.age(4 * DAY)
    optimized.optimize("orphan_file_deletion", {"location": f"s3://lake/{optimized.name}/data/x"})
    optimized.cloud.drain()
    assert inside not in optimized.objects()
    assert outside in optimized.objects()


def test_runs_come_in_pages(optimized: Optimized) -> None:
    optimized.append(1)
    optimized.optimize("retention")
    for _ in range(3):
        optimized.cloud.drain()
    of, seen = optimized.of("retention"), []
    token: dict[str, str] = {}
    while True:
        page = optimized.glue.list_table_optimizer_runs(**of, MaxResults=2, **token)
        seen.append(len(page["TableOptimizerRuns"]))
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert seen == [2, 1]


def test_a_deleted_table_has_no_runs(optimized: Optimized) -> None:
    optimized.append(1)
    optimized.optimize("retention")
    optimized.glue.delete_table(DatabaseName="shop", Name=optimized.name)
    optimized.cloud.drain()


def test_optimizers_work_under_their_role(optimized: Optimized) -> None:
    optimized.append(1)
    optimized.append(2)
    optimized.age(6 * DAY)
    optimized.optimize("compaction", {"minInputFiles": 2})
    optimized.optimize("retention")
    optimized.cloud.drain()
    called = {call.action for call in optimized.cloud.calls if call.role == ROLE}
    assert {"glue:GetTable", "glue:UpdateTable", "s3:GetObject", "s3:PutObject", "s3:DeleteObject"} <= called
