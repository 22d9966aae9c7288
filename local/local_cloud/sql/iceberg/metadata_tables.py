"""Tables of metadata, such as `"orders$snapshots"`.

The tables are those of https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg-table-data.html, with the columns
of Trino's connector, https://trino.io/docs/current/connector/iceberg.html#metadata-tables.

Above 200 lines: the columns of seven tables.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pyarrow as pa
from pyiceberg.manifest import ManifestFile
from pyiceberg.table import Table

from local_cloud.errors import LocalCloudError
from local_cloud.sql.duck import Session, identifier
from local_cloud.sql.iceberg import statistics

Rows = Iterator[dict[str, Any]]

_INSTANT = pa.timestamp("ms", tz="UTC")
_TEXTS = pa.map_(pa.string(), pa.string())
_SUMMARY = pa.struct(
    [
        ("contains_null", pa.bool_()),
        ("contains_nan", pa.bool_()),
        ("lower_bound", pa.string()),
        ("upper_bound", pa.string()),
    ]
)
_COUNTS = pa.map_(pa.int32(), pa.int64())
_BOUNDS = pa.map_(pa.int32(), pa.string())


def relation(session: Session, table: Table, name: str) -> str:
    """Return a select of a table's metadata.

    Raises
    ------
    LocalCloudError
        If there is no table of metadata by that name.
    """
    if name not in _TABLES:
        database, of = table.name()
        raise LocalCloudError(f"TABLE_NOT_FOUND: Table 'awsdatacatalog.{database}.{of}${name}' does not exist")
    columns, rows = _TABLES[name]
    schema = columns(table) if callable(columns) else columns
    view = f"metadata_{'_'.join(table.name())}_{name}"
    session.connection.register(view, pa.Table.from_pylist(list(rows(table)), schema=schema))
    return f"from {identifier(view)}"


def _history(table: Table) -> Rows:
    ancestors = {snapshot.snapshot_id for snapshot in _ancestors(table)}
    for entry in table.history():
        snapshot = table.snapshot_by_id(entry.snapshot_id)
        yield {
            "made_current_at": entry.timestamp_ms,
            "snapshot_id": entry.snapshot_id,
            "parent_id": snapshot.parent_snapshot_id if snapshot else None,
            "is_current_ancestor": entry.snapshot_id in ancestors,
        }


def _ancestors(table: Table) -> Iterator[Any]:
    snapshot = table.current_snapshot()
    while snapshot is not None:
        yield snapshot
        parent = snapshot.parent_snapshot_id
        snapshot = table.snapshot_by_id(parent) if parent is not None else None


def _snapshots(table: Table) -> Rows:
    for snapshot in table.snapshots():
        summary = snapshot.summary
        yield {
            "committed_at": snapshot.timestamp_ms,
            "snapshot_id": snapshot.snapshot_id,
            "parent_id": snapshot.parent_snapshot_id,
            "operation": summary.operation.value if summary else None,
            "manifest_list": snapshot.manifest_list,
            "summary": summary.additional_properties if summary else {},
        }


def _manifests(table: Table) -> Rows:
    for manifest in statistics.manifests(table):
        yield {
            "path": manifest.manifest_path,
            "length": manifest.manifest_length,
            "partition_spec_id": manifest.partition_spec_id,
            "added_snapshot_id": manifest.added_snapshot_id,
            "added_data_files_count": manifest.added_files_count,
            "added_rows_count": manifest.added_rows_count,
            "existing_data_files_count": manifest.existing_files_count,
            "existing_rows_count": manifest.existing_rows_count,
            "deleted_data_files_count": manifest.deleted_files_count,
            "deleted_rows_count": manifest.deleted_rows_count,
            "partition_summaries": list(_summaries(table, manifest)),
        }


def _summaries(table: Table, manifest: ManifestFile) -> Rows:
    spec = table.specs()[manifest.partition_spec_id]
    for field, summary in zip(spec.fields, manifest.partitions or [], strict=False):
        yield {
            "contains_null": summary.contains_null,
            "contains_nan": summary.contains_nan,
            "lower_bound": statistics.partition_text(table, field, summary.lower_bound),
            "upper_bound": statistics.partition_text(table, field, summary.upper_bound),
        }


def _files(table: Table) -> Rows:
    for file in statistics.data_files(table):
        yield {
            "content": int(file.content),
            "file_path": file.file_path,
            "file_format": file.file_format.value,
            "record_count": file.record_count,
            "file_size_in_bytes": file.file_size_in_bytes,
            "column_sizes": _counts(file.column_sizes),
            "value_counts": _counts(file.value_counts),
            "null_value_counts": _counts(file.null_value_counts),
            "nan_value_counts": _counts(file.nan_value_counts),
            "lower_bounds": statistics.bound_texts(table, file.lower_bounds),
            "upper_bounds": statistics.bound_texts(table, file.upper_bounds),
            "key_metadata": file.key_metadata,
            "split_offsets": file.split_offsets,
            "equality_ids": file.equality_ids,
        }


def _counts(counts: Mapping[int, int] | None) -> dict[int, int] | None:
    return dict(counts) if counts is not None else None


def _refs(table: Table) -> Rows:
    for name, reference in table.refs().items():
        yield {
            "name": name,
            "type": reference.snapshot_ref_type.value.upper(),
            "snapshot_id": reference.snapshot_id,
            "max_reference_age_in_ms": reference.max_ref_age_ms,
            "min_snapshots_to_keep": reference.min_snapshots_to_keep,
            "max_snapshot_age_in_ms": reference.max_snapshot_age_ms,
        }


def _properties(table: Table) -> Rows:
    for key, value in table.properties.items():
        yield {"key": key, "value": value}


_TABLES: dict[str, tuple[pa.Schema | Callable[[Table], pa.Schema], Callable[[Table], Rows]]] = {
    "history": (
        pa.schema(
            [
                ("made_current_at", _INSTANT),
                ("snapshot_id", pa.int64()),
                ("parent_id", pa.int64()),
                ("is_current_ancestor", pa.bool_()),
            ]
        ),
        _history,
    ),
    "snapshots": (
        pa.schema(
            [
                ("committed_at", _INSTANT),
                ("snapshot_id", pa.int64()),
                ("parent_id", pa.int64()),
                ("operation", pa.string()),
                ("manifest_list", pa.string()),
                ("summary", _TEXTS),
            ]
        ),
        _snapshots,
    ),
    "manifests": (
        pa.schema(
            [
                ("path", pa.string()),
                ("length", pa.int64()),
                ("partition_spec_id", pa.int32()),
                ("added_snapshot_id", pa.int64()),
                ("added_data_files_count", pa.int32()),
                ("added_rows_count", pa.int64()),
                ("existing_data_files_count", pa.int32()),
                ("existing_rows_count", pa.int64()),
                ("deleted_data_files_count", pa.int32()),
                ("deleted_rows_count", pa.int64()),
                ("partition_summaries", pa.list_(_SUMMARY)),
            ]
        ),
        _manifests,
    ),
    "partitions": (statistics.partition_columns, statistics.partitions),
    "files": (
        pa.schema(
            [
                ("content", pa.int32()),
                ("file_path", pa.string()),
                ("file_format", pa.string()),
                ("record_count", pa.int64()),
                ("file_size_in_bytes", pa.int64()),
                ("column_sizes", _COUNTS),
                ("value_counts", _COUNTS),
                ("null_value_counts", _COUNTS),
                ("nan_value_counts", _COUNTS),
                ("lower_bounds", _BOUNDS),
                ("upper_bounds", _BOUNDS),
                ("key_metadata", pa.binary()),
                ("split_offsets", pa.list_(pa.int64())),
                ("equality_ids", pa.list_(pa.int32())),
            ]
        ),
        _files,
    ),
    "refs": (
        pa.schema(
            [
                ("name", pa.string()),
                ("type", pa.string()),
                ("snapshot_id", pa.int64()),
                ("max_reference_age_in_ms", pa.int64()),
                ("min_snapshots_to_keep", pa.int32()),
                ("max_snapshot_age_in_ms", pa.int64()),
            ]
        ),
        _refs,
    ),
    "properties": (pa.schema([("key", pa.string()), ("value", pa.string())]), _properties),
}
