"""Table properties: what writers of every engine find in the table's metadata.

https://iceberg.apache.org/docs/latest/configuration/#table-properties
"""

from __future__ import annotations

from collections.abc import Mapping

from lake_blueprints.catalog.iceberg.optimizers import SnapshotRetention
from lake_blueprints.catalog.table_metadata import parameters
from lake_blueprints.contracts import Dataset

# Each with its reason; `properties` of the table changes them.
_DEFAULTS = {
    # A third smaller than snappy, as fast to read.
    "write.parquet.compression-codec": "zstd",
    # A change rewrites whole files, and a query reads them side by side: a quarter of Iceberg's 512 MB serves both.
    "write.target-file-size-bytes": str(128 * 1024 * 1024),
    # A deleted row is in no file of the new snapshot, so that expiring the older ones removes its bytes. By
    # merge-on-read they would stay until the file is compacted.
    "write.delete.mode": "copy-on-write",
    "write.update.mode": "copy-on-write",
    "write.merge.mode": "copy-on-write",
    # Two runs and an optimizer may commit at once; Iceberg's four attempts are for one writer.
    "commit.retry.num-retries": "10",
    # Each commit writes a metadata file, and no optimizer deletes those that are in the log of the latest.
    "write.metadata.delete-after-commit.enabled": "true",
    "write.metadata.previous-versions-max": "100",
}
# What would move files out of the prefix that grants, lifecycle rules and orphan file deletion are about.
_ELSEWHERE = ("write.data.path", "write.metadata.path", "write.object-storage.path", "write.folder-storage.path")
_DAY_MS = 24 * 60 * 60 * 1000


def table_properties(
    dataset: Dataset,
    given: Mapping[str, str],
    *,
    partitioned: bool,
    sorted_: bool,
    retention: SnapshotRetention | None,
) -> dict[str, str]:
    """Return the properties of a table: the lake's, the contract's and those that are given.

    Raises
    ------
    ValueError
        If a given one contradicts what the construct guarantees.
    """
    found = writer_defaults(given, partitioned=partitioned, sorted_=sorted_)
    if retention:
        # Procedures of Spark and Athena's VACUUM expire by these, and then by the optimizer's own.
        found["history.expire.max-snapshot-age-ms"] = str(int(retention.period.to_days()) * _DAY_MS)
        found["history.expire.min-snapshots-to-keep"] = str(retention.snapshots)
    described = {"comment": dataset.description} if dataset.description else {}
    return {**found, **described, **parameters(dataset), **given}


def writer_defaults(given: Mapping[str, str], *, partitioned: bool, sorted_: bool) -> dict[str, str]:
    """Return how every writer is to write, as far as nothing else is given.

    Raises
    ------
    ValueError
        If a given property contradicts what the construct guarantees.
    """
    for name, fix in _refused():
        if name in given:
            raise ValueError(f"'properties' must not have '{name}', got '{given[name]}'; {fix}")
    return {**_DEFAULTS, "write.distribution-mode": _distribution(partitioned=partitioned, sorted_=sorted_)}


def _distribution(*, partitioned: bool, sorted_: bool) -> str:
    """Return how rows are distributed among the tasks of a write, without which each task writes to each partition."""
    if sorted_:
        return "range"
    return "hash" if partitioned else "none"


def _refused() -> list[tuple[str, str]]:
    return [
        ("format-version", "Athena reads version 2, and CloudFormation changes no version"),
        *((name, "the files of a table lie below its own location") for name in _ELSEWHERE),
    ]
