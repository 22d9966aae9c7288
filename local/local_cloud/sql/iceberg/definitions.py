"""Columns, partitions and properties of Iceberg tables, as Athena's DDL writes them.

https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg-creating-tables.html

Above 200 lines: three small grammars, of types, partitions and properties.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from pyiceberg import types as iceberg
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import (
    BucketTransform,
    DayTransform,
    HourTransform,
    IdentityTransform,
    MonthTransform,
    Transform,
    TruncateTransform,
    YearTransform,
)

from local_cloud.errors import LocalCloudError
from local_cloud.sql.types import HiveType

_SCALARS: dict[str, Callable[[], iceberg.PrimitiveType]] = {
    "boolean": iceberg.BooleanType,
    "int": iceberg.IntegerType,
    "integer": iceberg.IntegerType,
    "bigint": iceberg.LongType,
    "float": iceberg.FloatType,
    "double": iceberg.DoubleType,
    "date": iceberg.DateType,
    "timestamp": iceberg.TimestampType,
    "string": iceberg.StringType,
    "binary": iceberg.BinaryType,
}
_TIMES = {"year": YearTransform, "month": MonthTransform, "day": DayTransform, "hour": HourTransform}
_TRANSFORM = re.compile(r"(\w+)\s*\(\s*([^,()]+?)\s*(?:,\s*([^,()]+?)\s*)?\)")

_FORMAT, _CODEC = "write.format.default", "write.parquet.compression-codec"
_CODECS = {"zstd": "zstd", "snappy": "snappy", "gzip": "gzip", "none": "uncompressed"}
NUMBERS = {
    "optimize_rewrite_data_file_threshold": 5,
    "optimize_rewrite_delete_file_threshold": 2,
    "optimize_rewrite_min_data_file_size_bytes": None,
    "optimize_rewrite_max_data_file_size_bytes": None,
    "write_target_data_file_size_bytes": 536870912,
    "vacuum_min_snapshots_to_keep": 1,
    "vacuum_max_snapshot_age_seconds": 432000,
    "vacuum_max_metadata_files_to_keep": 100,
}
"""The properties that are numbers, with their defaults."""


def iceberg_type(kind: HiveType, ids: Iterator[int]) -> iceberg.IcebergType:
    """Return the type of a column, whose fields get ids.

    Raises
    ------
    LocalCloudError
        If Athena has no such type of Iceberg tables.
    """
    if kind.name == "array":
        return iceberg.ListType(next(ids), iceberg_type(kind.children[0][1], ids), element_required=False)
    if kind.name == "map":
        (_, key), (_, value) = kind.children
        types = iceberg_type(key, ids), iceberg_type(value, ids)
        return iceberg.MapType(next(ids), types[0], next(ids), types[1], value_required=False)
    if kind.name == "struct":
        fields = [
            iceberg.NestedField(next(ids), name, iceberg_type(child, ids), required=False)
            for name, child in kind.children
        ]
        return iceberg.StructType(*fields)
    if kind.name == "decimal":
        return iceberg.DecimalType(*(*kind.arguments, *(10, 0)[len(kind.arguments) :]))
    if kind.name not in _SCALARS:
        raise LocalCloudError(f"NOT_SUPPORTED: Type not supported for Iceberg: {kind}")
    return _SCALARS[kind.name]()


def schema(columns: Sequence[tuple[str, HiveType, str | None]]) -> Schema:
    """Return a schema of columns with their comments; ids are replaced when the table is made."""
    ids = itertools.count(1)
    return Schema(
        *(
            iceberg.NestedField(next(ids), name, iceberg_type(kind, ids), required=False, doc=comment)
            for name, kind, comment in columns
        )
    )


def spec(of: Schema, transforms: Sequence[str]) -> PartitionSpec:
    """Return the partitions that `day(ts)`, `bucket(16, id)` or a column's name stand for.

    Raises
    ------
    LocalCloudError
        If a transform or a column is unknown.
    """
    return PartitionSpec(*(_partition(of, 1000 + number, text) for number, text in enumerate(transforms)))


def _partition(of: Schema, number: int, text: str) -> PartitionField:
    matched = _TRANSFORM.fullmatch(text.strip().replace("`", ""))
    name, first, second = matched.groups() if matched else ("identity", text.strip().strip('`"'), None)
    given = [one for one in (first, second) if one is not None]
    width = next((int(one) for one in given if one.isdigit()), None)
    column = next((one for one in given if not one.isdigit()), "").lower()
    transform, suffix = _transform(name.lower(), width, text)
    try:
        source = of.find_field(column, case_sensitive=False)
    except ValueError:
        raise LocalCloudError(f"COLUMN_NOT_FOUND: partition column {column!r} is not among the columns") from None
    if not transform.can_transform(source.field_type):
        raise LocalCloudError(f"INVALID_TABLE_PROPERTY: Unable to parse partitioning value: {text.strip()}")
    return PartitionField(source.field_id, number, transform, f"{source.name}{suffix}")


def _transform(name: str, width: int | None, text: str) -> tuple[Transform, str]:  # type: ignore[type-arg]
    if name == "identity" and width is None:
        return IdentityTransform(), ""
    if name in _TIMES and width is None:
        return _TIMES[name](), f"_{name}"
    if name == "bucket" and width:
        return BucketTransform(width), "_bucket"
    if name == "truncate" and width:
        return TruncateTransform(width), "_trunc"
    raise LocalCloudError(f"INVALID_TABLE_PROPERTY: Unable to parse partitioning value: {text.strip()}")


def stored(properties: Mapping[str, str]) -> dict[str, str]:
    """Return Athena's properties as the table keeps them.

    Raises
    ------
    LocalCloudError
        If a property is none of Athena's, or its value is not written locally.
    """
    found = {}
    for key, value in properties.items():
        if key == "table_type":
            continue
        if key == "format":
            if value.lower() != "parquet":
                raise LocalCloudError(f"NOT_SUPPORTED: Iceberg tables are written as Parquet locally, not {value}")
            found[_FORMAT] = "parquet"
        elif key == "write_compression":
            if value.lower() not in _CODECS:
                raise LocalCloudError(f"NOT_SUPPORTED: write_compression {value!r} is not written locally")
            found[_CODEC] = _CODECS[value.lower()]
        elif key in NUMBERS:
            if not value.isdigit():
                raise LocalCloudError(f"INVALID_TABLE_PROPERTY: the value of {key!r} is not a number: {value!r}")
            found[key] = value
        else:
            raise LocalCloudError(f"INVALID_TABLE_PROPERTY: Unsupported table property key: {key}")
    return found


def shown(properties: Mapping[str, str]) -> dict[str, str]:
    """Return a table's properties as Athena shows them."""
    found = {key: value for key, value in properties.items() if key in NUMBERS}
    codec = properties.get(_CODEC)
    names = {own: name for name, own in _CODECS.items()}
    return {
        "table_type": "iceberg",
        **found,
        "format": properties.get(_FORMAT, "parquet"),
        **({"write_compression": names.get(codec, codec)} if codec else {}),
    }


def number(properties: Mapping[str, str], name: str) -> int:
    """Return the value of a property that is a number."""
    given = properties.get(name)
    default = NUMBERS[name]
    if given is not None:
        return int(given)
    if default is None:
        target = number(properties, "write_target_data_file_size_bytes")
        return int(target * (0.75 if "min" in name else 1.8))
    return default


def transform_text(field: PartitionField, column: str) -> str:
    """Return a partition as SHOW CREATE TABLE writes it."""
    match field.transform:
        case BucketTransform(num_buckets=width) | TruncateTransform(width=width):
            return f"{field.transform.root.partition('[')[0]}({width}, `{column}`)"
        case IdentityTransform():
            return f"`{column}`"
    return f"{field.transform}(`{column}`)"


def split(text: str) -> list[str]:
    """Split a list at its commas, but not at those between brackets."""
    parts, depth = [""], 0
    for letter in text:
        depth += (letter in "(<") - (letter in ")>")
        if letter == "," and not depth:
            parts.append("")
        else:
            parts[-1] += letter
    return parts
