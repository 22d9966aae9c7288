"""INSERT INTO an Iceberg table, and how changed rows become one commit.

A changed row is a position delete and a new row, as Athena writes it
(https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg-updating-iceberg-table-data.html).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb
from pyiceberg.manifest import ManifestEntryStatus
from pyiceberg.partitioning import PartitionField
from pyiceberg.table import Table
from pyiceberg.transforms import BucketTransform, IdentityTransform, TimeTransform, TruncateTransform, VoidTransform

from local_cloud.errors import LocalCloudError
from local_cloud.sql.catalog import Catalog
from local_cloud.sql.duck import Session, identifier
from local_cloud.sql.iceberg import tables
from local_cloud.sql.sources import Source
from local_cloud.sql.trino import coercion

# https://docs.aws.amazon.com/athena/latest/ug/ctas-insert-into.html
MAX_PARTITIONS = 100
# Iceberg's commit.retry.num-retries.
_RETRIES = 4
PRECISION = 6


def insert(session: Session, catalog: Catalog, described: dict[str, Any], given: Sequence[str], query: Source) -> int:
    """Append the rows of a query, and return how many there were.

    Parameters
    ----------
    session: Session
        Where the query is run.
    catalog: Catalog
        Knows the table.
    described: dict
        The table, as Glue's GetTable returns it.
    given: sequence of str
        Columns that the query's columns go into; all in order if none are given.
    query: Source
        The query.
    """
    table = tables.load(catalog, described)
    types = column_types(session, table)
    coercion.check_names(list(types), given, "Insert column name")
    names = list(given) or list(types)
    coercion.check(
        "Insert query has mismatched column types",
        [types[name] for name in names],
        query.types,
        precision=PRECISION,
    )
    picked = ", ".join(f"cast(c{i} as {types[name]}) as {identifier(name)}" for i, name in enumerate(names))
    numbered = ", ".join(f"c{i}" for i in range(len(names)))
    return append(session, table, f"select {picked} from ({query.sql}) v({numbered})", names)


def append(session: Session, table: Table, select: str, names: Sequence[str]) -> int:
    """Append rows in one commit; it is tried again after another's, which cannot conflict with new rows."""
    if table.spec().fields:
        session.execute(f"create or replace temp table appended as {_sorted(table, select)}")
        check_partitions(session, table, "appended", list(names))
        select = "select * from appended"
    columns = ", ".join(map(identifier, names))
    statement = f"insert into {tables.in_lake(table)} ({columns}) {select}"
    for _ in range(_RETRIES):
        try:
            return _changed(session, statement)
        except CommitConflict:
            continue
    return _changed(session, statement)


class CommitConflict(LocalCloudError):
    """Another commit came first."""


def _sorted(table: Table, select: str) -> str:
    order = [
        f"{identifier(table.schema().find_field(field.source_id).name)} {field.direction.value} {_nulls(field)}"
        for field in table.sort_order().fields
        if isinstance(field.transform, IdentityTransform)
    ]
    return f"select * from ({select}) order by {', '.join(order)}" if order else select


def _nulls(field: Any) -> str:
    return str(field.null_order.value).replace("-", " ")


def commit(session: Session, table: Table, statement: str) -> int:
    """Run a statement that changes rows, as one commit.

    Raises
    ------
    LocalCloudError
        If another commit came first, the table's format has no deletes, or DuckDB would note them for another
        partition.
    """
    if table.format_version < 2:
        raise LocalCloudError("NOT_SUPPORTED: Iceberg table updates require at least format version 2")
    _check_order(table)
    return _changed(session, statement)


def _check_order(table: Table) -> None:
    """Refuse a partition whose values DuckDB 1.5.5 would put into the entries of delete files by the fields' ids.

    Other readers would look for the deletes in another partition, and find the deleted rows.
    """
    fields = table.spec().fields
    ids = [field.field_id for field in fields]
    if ids != sorted(ids):
        raise LocalCloudError(
            f"NOT_SUPPORTED: rows of a table that is partitioned by {', '.join(field.name for field in fields)} are "
            f"not changed or deleted locally, since the ids of these fields, {', '.join(map(str, ids))}, do not ascend"
        )


def _changed(session: Session, statement: str) -> int:
    try:
        (count,) = session.execute(statement).fetchone() or (0,)
    except duckdb.Error as error:
        if "CommitFailed" in str(error) or "Conflict_409" in str(error):
            raise CommitConflict(
                "ICEBERG_COMMIT_ERROR: Failed to commit Iceberg update to table: another commit came first"
            ) from None
        if "NOT NULL constraint failed" in str(error):
            column = str(error).rpartition(".")[2].strip()
            raise LocalCloudError(
                f"CONSTRAINT_VIOLATION: NULL value not allowed for NOT NULL column: {column}"
            ) from None
        raise
    return int(count)


def column_types(session: Session, table: Table) -> dict[str, Any]:
    """Return DuckDB's types of a table's columns."""
    return dict(session.schema(tables.without_rows(table)))


def check_partitions(session: Session, table: Table, rows: str, names: Sequence[str]) -> None:
    """Refuse to write into more partitions at once than Athena does.

    Parameters
    ----------
    session: Session
        Where the rows are.
    table: Table
        The table into which they shall be written.
    rows: str
        Name of the relation that holds them.
    names: sequence of str
        Its columns; others are null.
    """
    known = [field for field in table.spec().fields if not isinstance(field.transform, VoidTransform)]
    keys = [_key(table, field, names) for field in known]
    if not keys:
        return
    (count,) = session.execute(f"select count(*) from (select distinct {', '.join(keys)} from {rows})").fetchone() or (
        0,
    )
    if count > MAX_PARTITIONS:
        raise LocalCloudError(
            f"ICEBERG_TOO_MANY_OPEN_PARTITIONS: Exceeded limit of {MAX_PARTITIONS} open writers for partitions"
        )


def _key(table: Table, field: PartitionField, names: Sequence[str]) -> str:
    name = table.schema().find_field(field.source_id).name.lower()
    if name not in names:
        return "null"
    column = identifier(name)
    match field.transform:
        case TimeTransform():
            return f"date_trunc('{field.transform}', {column})"
        case BucketTransform(num_buckets=number):
            return f"iceberg_bucket({number}, {column})"
        case TruncateTransform(width=width):
            return f"iceberg_truncate({width}, {column})"
    return column


def written(catalog: Catalog, described: dict[str, Any]) -> list[str]:
    """Return the data files that the newest snapshot of a table added."""
    table = tables.load(catalog, described)
    snapshot = table.current_snapshot()
    return [
        entry.data_file.file_path
        for manifest in (snapshot.manifests(table.io) if snapshot else [])
        if snapshot and manifest.added_snapshot_id == snapshot.snapshot_id
        for entry in manifest.fetch_manifest_entry(table.io)
        if entry.status == ManifestEntryStatus.ADDED
    ]
