"""Runs of table optimizers: compaction, retention of snapshots and deletion of orphan files.

https://docs.aws.amazon.com/glue/latest/dg/table-optimizers.html
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pyiceberg.exceptions import CommitFailedException, NoSuchPropertyException
from pyiceberg.expressions import AlwaysTrue
from pyiceberg.io.pyarrow import ArrowScan
from pyiceberg.table import FileScanTask, Table

from local_cloud.errors import LocalCloudError
from local_cloud.iceberg.catalog import IcebergCatalog
from local_cloud.iceberg.data_files import partition_of_file
from local_cloud.server.objects import ObjectStore
from local_cloud.sql.iceberg.maintenance import expired_snapshots, rewrite
from local_cloud.sql.iceberg.reachable import reachable

_DAY = timedelta(days=1)
_TARGET = 512 * 1024 * 1024
# https://docs.aws.amazon.com/glue/latest/dg/compaction-management.html: files below this part of the target are small.
_SMALL = 0.75
_SECONDS_PER_HOUR = 3600
# Another commit came first, or there is a file that pyiceberg does not read.
_FAILURES = (LocalCloudError, CommitFailedException, NoSuchPropertyException, ValueError, FileNotFoundError)
_FILES, _BYTES = "NumberOfFilesCompacted", "NumberOfBytesCompacted"


Counts = dict[str, int]


@dataclass(frozen=True, kw_only=True)
class OptimizedTable:
    """A table as an optimizer has it.

    Parameters
    ----------
    catalog: IcebergCatalog
        The catalog, under the optimizer's role.
    objects: ObjectStore
        The objects of S3, under the role.
    table: Table
        The table.
    """

    catalog: IcebergCatalog
    objects: ObjectStore
    table: Table


def run(
    kind: str,
    configuration: Mapping[str, Any],
    *,
    catalog: IcebergCatalog,
    objects: ObjectStore,
    database: str,
    table: str,
) -> dict[str, Any] | None:
    """Run an optimizer, and return the run as Glue's API describes it; None if there was nothing to start it for.

    Parameters
    ----------
    kind: str
        Type of the optimizer.
    configuration: mapping
        Its TableOptimizerConfiguration.
    catalog: IcebergCatalog
        The catalog, under its role.
    objects: ObjectStore
        The objects of S3, under its role.
    database, table: str
        Names of the table.
    """
    optimize, member = _KINDS[kind]
    own = (configuration.get(f"{member}Configuration") or {}).get("icebergConfiguration") or {}
    started = datetime.now(UTC)
    described: dict[str, Any] = {"startTimestamp": started.timestamp()}
    if kind == "compaction":
        described["compactionStrategy"] = own.get("strategy") or "binpack"
    try:
        loaded = catalog.load_table((database, table))
        counts = optimize(OptimizedTable(catalog=catalog, objects=objects, table=loaded), own)
    except _FAILURES as error:
        return {**described, "eventType": "failed", "endTimestamp": _now(), "error": str(error)}
    if counts is None:
        return None
    hours = (datetime.now(UTC) - started).total_seconds() / _SECONDS_PER_HOUR
    # Nothing here is run by DPUs.
    metrics = {**counts, "DpuHours": 0.0, "NumberOfDpus": 0, "JobDurationInHour": hours}
    if kind == "compaction":
        described["metrics"] = {name: str(value) for name, value in metrics.items() if name != "DpuHours"}
    ended = {"eventType": "completed", "endTimestamp": _now(), f"{member}Metrics": {"IcebergMetrics": metrics}}
    return {**described, **ended}


def _now() -> float:
    return datetime.now(UTC).timestamp()


def _compact(target: OptimizedTable, configuration: Mapping[str, Any]) -> Counts | None:
    strategy = configuration.get("strategy") or "binpack"
    if strategy != "binpack":
        raise LocalCloudError(f"compaction by {strategy} is not run by the local cloud, only by binpack")
    table = target.table
    size = int(table.properties.get("write.target-file-size-bytes", _TARGET))
    groups: dict[tuple[Any, ...], list[FileScanTask]] = defaultdict(list)
    for task in table.scan().plan_files():
        if task.file.spec_id == table.spec().spec_id:
            groups[partition_of_file(table, task.file)].append(task)
    fewest = configuration.get("minInputFiles") or 100
    deletes = configuration.get("deleteFileThreshold") or 1
    chosen = [task for group in groups.values() for task in _chosen(group, size * _SMALL, fewest, deletes)]
    if not chosen:
        return None
    scan = ArrowScan(table.metadata, table.io, table.schema(), AlwaysTrue())
    removed = rewrite(table, chosen, scan.to_table, size)
    return {_FILES: len(removed), _BYTES: sum(file.file_size_in_bytes for file in removed)} if removed else None


def _chosen(group: Sequence[FileScanTask], small: float, fewest: int, deletes: int) -> list[FileScanTask]:
    """Return the files of a partition that are compacted: small ones, if there are enough, and those with deletes."""
    below = [task for task in group if task.file.file_size_in_bytes < small]
    enough = len(below) >= fewest
    return [task for task in group if len(task.delete_files) >= deletes or (enough and task in below)]


def _retain(target: OptimizedTable, configuration: Mapping[str, Any]) -> Counts:
    table = target.table
    properties = table.properties
    age = timedelta(
        milliseconds=int(properties.get("history.expire.max-snapshot-age-ms", 5 * _DAY.total_seconds() * 1000))
    )
    if days := configuration.get("snapshotRetentionPeriodInDays"):
        age = days * _DAY
    keep = configuration.get("numberOfSnapshotsToRetain") or int(
        properties.get("history.expire.min-snapshots-to-keep", 1)
    )
    expired = expired_snapshots(table, datetime.now(UTC) - age, keep)
    gone: set[str] = set()
    lists = {snapshot.manifest_list for snapshot in table.snapshots()}
    manifests = {one.manifest_path for snapshot in table.snapshots() for one in snapshot.manifests(table.io)}
    if expired:
        before = reachable(table)
        table.maintenance.expire_snapshots().by_ids(expired).commit()
        if configuration.get("cleanExpiredFiles", True):
            metadata = {table.metadata_location, *(entry.metadata_file for entry in table.metadata.metadata_log)}
            gone = before - reachable(target.catalog.load_table(table.name())) - metadata
    for uri in sorted(gone):
        target.objects.delete(uri)
    return {
        "NumberOfDataFilesDeleted": len(gone - lists - manifests),
        "NumberOfManifestFilesDeleted": len(gone & manifests),
        "NumberOfManifestListsDeleted": len(gone & lists),
    }


def _delete_orphans(target: OptimizedTable, configuration: Mapping[str, Any]) -> Counts:
    table = target.table
    location = f"{(configuration.get('location') or table.location()).rstrip('/')}/"
    if not location.startswith(f"{table.location().rstrip('/')}/"):
        raise LocalCloudError(f"{location} does not lie within the table's location {table.location()}")
    cutoff = datetime.now(UTC) - (configuration.get("orphanFileRetentionPeriodInDays") or 3) * _DAY
    named = reachable(table)
    found = [one.uri for one in target.objects.list(location) if one.uri not in named and one.modified < cutoff]
    for uri in found:
        target.objects.delete(uri)
    return {"NumberOfOrphanFilesDeleted": len(found)}


_KINDS: dict[str, tuple[Callable[[OptimizedTable, Mapping[str, Any]], Counts | None], str]] = {
    "compaction": (_compact, "compaction"),
    "retention": (_retain, "retention"),
    "orphan_file_deletion": (_delete_orphans, "orphanFileDeletion"),
}
