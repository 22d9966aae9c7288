"""OPTIMIZE and VACUUM.

https://docs.aws.amazon.com/athena/latest/ug/optimize-statement.html and
https://docs.aws.amazon.com/athena/latest/ug/vacuum-statement.html
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pyarrow as pa
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.manifest import DataFile
from pyiceberg.table import FileScanTask, Table
from pyiceberg.table.snapshots import Operation, Summary
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import UUIDType

from local_cloud.errors import LocalCloudError
from local_cloud.iceberg.data_files import partition_of_file, write_rows
from local_cloud.iceberg.overwriting import Overwrite
from local_cloud.sql.catalog import Catalog
from local_cloud.sql.duck import Session, identifier, quote
from local_cloud.sql.iceberg import tables
from local_cloud.sql.iceberg.definitions import number
from local_cloud.sql.iceberg.reachable import reachable

Read = Callable[[Sequence[FileScanTask]], pa.Table]


def partition_columns(table: Table) -> set[str]:
    """Return the columns that OPTIMIZE may name in its WHERE clause."""
    fields = [field for field in table.spec().fields if isinstance(field.transform, IdentityTransform)]
    return {table.schema().find_field(field.source_id).name.lower() for field in fields}


def optimize(session: Session, table: Table, chosen: Collection[str] | None) -> None:
    """Rewrite the files that are small, large or full of deletes into files of the target size, in one commit.

    Parameters
    ----------
    session: Session
        Reads the rows.
    table: Table
        The table.
    chosen: collection of str, optional
        Paths of the files to which the statement is limited. By default all.

    Raises
    ------
    LocalCloudError
        If another commit came first, or a file cannot be rewritten here.
    """
    tasks = [task for task in table.scan().plan_files() if chosen is None or task.file.file_path in chosen]
    tasks = [task for task in tasks if _needs(task, table.properties)]
    if len(tasks) < number(table.properties, "optimize_rewrite_data_file_threshold"):
        return
    rewrite(table, tasks, _reader(session, table), number(table.properties, "write_target_data_file_size_bytes"))


def rewrite(table: Table, tasks: Sequence[FileScanTask], read: Read, target: int) -> list[DataFile]:
    """Rewrite files into ones of a size, each partition by itself, in one commit; return those that are gone.

    Parameters
    ----------
    table: Table
        The table.
    tasks: sequence of FileScanTask
        The files.
    read: callable
        Returns the rows of some of them.
    target: int
        The size, in bytes.

    Raises
    ------
    LocalCloudError
        If another commit came first, or a file cannot be rewritten here.
    """
    groups: dict[tuple[Any, ...], list[FileScanTask]] = defaultdict(list)
    for task in tasks:
        if task.file.spec_id != table.spec().spec_id:
            raise LocalCloudError("NOT_SUPPORTED: OPTIMIZE of files that are partitioned by an older spec")
        groups[partition_of_file(table, task.file)].append(task)
    rewritten = [group for group in groups.values() if len(group) > 1 or group[0].delete_files]
    if any(isinstance(field.field_type, UUIDType) for field in table.schema().fields):
        raise LocalCloudError("NOT_SUPPORTED: OPTIMIZE of a table with a column of type uuid")
    removed = [task.file for group in rewritten for task in group]
    if removed:
        numbers = count()
        added = [
            file
            for group in rewritten
            for file in write_rows(
                table, read(group), partition_of_file(table, group[0].file), target=target, numbers=numbers
            )
        ]
        _replace(table, removed, added)
    return removed


def _needs(task: FileScanTask, properties: Mapping[str, str]) -> bool:
    size = task.file.file_size_in_bytes
    return (
        size < number(properties, "optimize_rewrite_min_data_file_size_bytes")
        or size > number(properties, "optimize_rewrite_max_data_file_size_bytes")
        or len(task.delete_files) >= number(properties, "optimize_rewrite_delete_file_threshold")
    )


def _reader(session: Session, table: Table) -> Read:
    schema = table.schema()
    columns = ", ".join(f"{identifier(field.name.lower())} as {identifier(field.name)}" for field in schema.fields)
    snapshot = table.current_snapshot()
    rows = tables.relation(session, table, snapshot=snapshot.snapshot_id if snapshot else None, pseudo=("$path",))

    def read(group: Sequence[FileScanTask]) -> pa.Table:
        paths = ", ".join(quote(task.file.file_path) for task in group)
        return session.execute(f'select {columns} from ({rows}) where "$path" in ({paths})').to_arrow_table()

    return read


class _Rewrite(Overwrite):
    """A commit that changes files and no rows."""

    def _summary(self, snapshot_properties: dict[str, str] = {}) -> Summary:  # noqa: B006
        summary = super()._summary(snapshot_properties)
        return Summary(Operation.REPLACE, **summary.additional_properties)


def _replace(table: Table, removed: Sequence[DataFile], added: Sequence[DataFile]) -> None:
    try:
        with (
            table.transaction() as transaction,
            _Rewrite(operation=Operation.OVERWRITE, transaction=transaction, io=table.io) as rewrite,
        ):
            for file in removed:
                rewrite.delete_data_file(file)
            for file in added:
                rewrite.append_data_file(file)
    except CommitFailedException:
        raise LocalCloudError("ICEBERG_COMMIT_ERROR: another commit came before that of OPTIMIZE") from None


def vacuum(catalog: Catalog, table: Table) -> None:
    """Expire snapshots by the table's properties, and delete the files that nothing needs any more.

    Raises
    ------
    LocalCloudError
        If the table lies in no folder.
    """
    location = table.location().rstrip("/")
    if "/" not in location.removeprefix("s3://"):
        raise LocalCloudError(f"GENERIC_INTERNAL_ERROR: Path missing in file system location: {location}")
    age = timedelta(seconds=number(table.properties, "vacuum_max_snapshot_age_seconds"))
    cutoff = datetime.now(UTC) - age
    before = reachable(table)
    if expired := expired_snapshots(table, cutoff, number(table.properties, "vacuum_min_snapshots_to_keep")):
        try:
            table.maintenance.expire_snapshots().by_ids(expired).commit()
        except CommitFailedException:
            raise LocalCloudError("ICEBERG_COMMIT_ERROR: another commit came before that of VACUUM") from None
    after = reachable(catalog.iceberg.load_table(table.name()), metadata=_kept_metadata(table))
    for item in catalog.objects.list(f"{location}/"):
        if item.uri not in after and (item.uri in before or item.modified < cutoff):
            catalog.objects.delete(item.uri)
    for uri in sorted(before - after):
        if not uri.startswith(f"{location}/"):
            catalog.objects.delete(uri)


def _kept_metadata(table: Table) -> int:
    return number(table.properties, "vacuum_max_metadata_files_to_keep")


def expired_snapshots(table: Table, cutoff: datetime, keep: int) -> list[int]:
    """Return the snapshots that are older than a time, but for the newest and for those that a branch or tag names."""
    protected = {reference.snapshot_id for reference in table.refs().values()}
    newest = sorted(table.snapshots(), key=lambda snapshot: snapshot.timestamp_ms, reverse=True)
    kept = newest[:keep]
    return [
        snapshot.snapshot_id
        for snapshot in newest
        if snapshot not in kept
        and snapshot.snapshot_id not in protected
        and snapshot.timestamp_ms < cutoff.timestamp() * 1000
    ]
