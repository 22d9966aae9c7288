"""Files and partitions of an Iceberg table's current snapshot, with what their manifests say of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
from pyiceberg.conversions import from_bytes
from pyiceberg.io.pyarrow import schema_to_pyarrow
from pyiceberg.manifest import DataFile, DataFileContent, ManifestFile
from pyiceberg.partitioning import PartitionField
from pyiceberg.table import Table
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import IcebergType, NestedField, PrimitiveType, UUIDType

from local_cloud.errors import LocalCloudError


def manifests(table: Table) -> list[ManifestFile]:
    snapshot = table.current_snapshot()
    return snapshot.manifests(table.io) if snapshot else []


def data_files(table: Table) -> Iterator[DataFile]:
    """Yield the data files of the current snapshot, without those of deletes."""
    for manifest in manifests(table):
        for entry in manifest.fetch_manifest_entry(table.io, discard_deleted=True):
            if entry.data_file.content == DataFileContent.DATA:
                yield entry.data_file


def partition_text(table: Table, field: PartitionField, bound: bytes | None) -> str | None:
    """Return a bound of a partition's values as text: `2026-01` of a month."""
    if bound is None:
        return None
    source = table.schema().find_type(field.source_id)
    result = field.transform.result_type(source)
    return _text(field.transform, source, from_bytes(_primitive(result), bound))


def bound_texts(table: Table, bounds: Mapping[int, bytes] | None) -> dict[int, str] | None:
    """Return bounds of columns as texts; those of columns that the table has no more are left out."""
    if bounds is None:
        return None
    found = {}
    for number, bound in bounds.items():
        kind = _type_of(table, number)
        if kind is not None:
            found[number] = _text(IdentityTransform(), kind, from_bytes(kind, bound))
    return found


def _text(transform: Any, source: IcebergType, value: Any) -> str:
    return str(transform.to_human_string(source, value))


def _primitive(kind: IcebergType) -> PrimitiveType:
    """Return the type of a column that has bounds; others have none."""
    assert isinstance(kind, PrimitiveType)
    return kind


def _type_of(table: Table, number: int) -> PrimitiveType | None:
    if number not in table.schema().field_ids:
        return None
    kind = table.schema().find_type(number)
    return kind if isinstance(kind, PrimitiveType) else None


def partition_columns(table: Table) -> pa.Schema:
    """Return the columns of `$partitions`: partition, if there is any, sums, and a range of each column."""
    if len(table.specs()) > 1:
        raise LocalCloudError("NOT_SUPPORTED: $partitions of a table with several partition specs")
    fields = [("record_count", pa.int64()), ("file_count", pa.int64()), ("total_size", pa.int64())]
    if table.spec().fields:
        fields.insert(0, ("partition", _struct(table.spec().partition_type(table.schema()).fields)))
    if ranged := _ranged(table):
        fields.append(("data", pa.struct([(field.name.lower(), _range(field)) for field in ranged])))
    return pa.schema(fields)


def _struct(fields: Sequence[NestedField]) -> pa.DataType:
    return pa.struct([(field.name.lower(), _arrow(field)) for field in fields])


def _arrow(field: NestedField) -> pa.DataType:
    return pa.string() if isinstance(field.field_type, UUIDType) else schema_to_pyarrow(field.field_type)


def _range(field: NestedField) -> pa.DataType:
    kind = _arrow(field)
    return pa.struct([("min", kind), ("max", kind), ("null_count", pa.int64()), ("nan_count", pa.int64())])


def _ranged(table: Table) -> list[NestedField]:
    keys = {field.source_id for field in table.spec().fields if isinstance(field.transform, IdentityTransform)}
    fields = table.schema().fields
    return [field for field in fields if field.field_id not in keys and isinstance(field.field_type, PrimitiveType)]


def partitions(table: Table) -> Iterator[dict[str, Any]]:
    """Yield the rows of `$partitions`."""
    grouped: dict[tuple[Any, ...], list[DataFile]] = defaultdict(list)
    for file in data_files(table):
        grouped[tuple(file.partition[position] for position in range(len(table.spec().fields)))].append(file)
    names = [field.name.lower() for field in table.spec().fields]
    for values, files in grouped.items():
        yield {
            "partition": {name: _plain(value) for name, value in zip(names, values, strict=True)},
            "record_count": sum(file.record_count for file in files),
            "file_count": len(files),
            "total_size": sum(file.file_size_in_bytes for file in files),
            "data": {field.name.lower(): _column_range(field, files) for field in _ranged(table)},
        }


def _column_range(field: NestedField, files: Sequence[DataFile]) -> dict[str, Any]:
    number, kind = field.field_id, _primitive(field.field_type)
    lower = [from_bytes(kind, file.lower_bounds[number]) for file in files if number in (file.lower_bounds or {})]
    upper = [from_bytes(kind, file.upper_bounds[number]) for file in files if number in (file.upper_bounds or {})]
    return {
        "min": _plain(min(lower, default=None)),
        "max": _plain(max(upper, default=None)),
        "null_count": _total(number, [file.null_value_counts for file in files]),
        "nan_count": _total(number, [file.nan_value_counts for file in files]),
    }


def _total(number: int, counts: Sequence[Mapping[int, int] | None]) -> int | None:
    known = [count[number] for count in counts if count and number in count]
    return sum(known) if known else None


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, (bool, int, float, str, bytes)) else _special(value)


def _special(value: Any) -> Any:
    return str(value) if type(value).__name__ == "UUID" else value
