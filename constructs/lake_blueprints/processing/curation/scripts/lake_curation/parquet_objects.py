"""Parquet objects: what their footers say, and records by the names of their columns.

Spark alone cannot read times in nanoseconds, times of day and decimals of more than 38 digits, and one object that has
some ends the run. Footers say so beforehand, and which columns come as what.

Above 200 lines: one function for each kind of type.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from lake_curation.columns import BROKEN, FIELDS, HEADER, MISCODED, PARSED, RAW, quoted, schema
from lake_curation.heads import UnreadableError, in_threads, s3_client
from lake_curation.lines import origin, paths
from lake_curation.parsing import is_text
from lake_curation.plan import Field, Plan
from lake_curation.storage import SourceObject

# A footer begins before its length of four bytes and the signature.
_END = 8
_TAIL = 65_536
_MOST_DIGITS = 38
# Equal values take next to no room, but more of them than this are made to keep a reader busy.
_FEW_ROWS, _MOST_ROWS_OF_A_BYTE = 10_000_000, 10_000
# Spark's default writes milliseconds.
_JSON = {"timestampFormat": "yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX", "timestampNTZFormat": "yyyy-MM-dd'T'HH:mm:ss.SSSSSS"}

# Of an object that has a column of these, Spark 3.5 reads no column: its Parquet, 1.13, is older than they are.
_UNKNOWN = ("Float16", "Variant", "Geometry", "Geography")


@dataclass(frozen=True, order=True)
class Found:
    """A column of the plan in an object: its name there, the type as which Spark reads it, and the conversion then."""

    source: str
    name: str
    read_as: str
    conversion: str = ""


def rows(
    spark: SparkSession, plan: Plan, bucket: str, objects: Sequence[SourceObject]
) -> tuple[list[DataFrame], dict[str, str]]:
    """Return the records, and the objects whose footer or columns cannot be read."""
    refused: dict[str, str] = {}
    # Spark 3.5 merges no INT32 with an INT64, which come together when producers begin to write a wider type.
    alike: dict[tuple[Found, ...], list[SourceObject]] = {}
    for item, found in zip(objects, in_threads(partial(_columns, s3_client(), plan, bucket), objects), strict=True):
        if isinstance(found, UnreadableError):
            refused[item.key] = str(found)
        else:
            alike.setdefault(found, []).append(item)
    return [_part(plan, found, spark, paths(bucket, items)) for found, items in alike.items()], refused


def _part(plan: Plan, found: Sequence[Found], spark: SparkSession, where: list[str]) -> DataFrame:
    read = spark.read.schema(schema((column.name, column.read_as) for column in found)).parquet(*where)
    by_source = {column.source: column for column in found}

    def value(column: Field) -> Column:
        if column.source not in by_source:
            return F.lit(None).cast(column.type)
        here = by_source[column.source]
        return _converted(F.col(quoted(here.name)), here.conversion)

    fields = F.struct(*(value(column).alias(column.source) for column in plan.columns))
    texts = [F.col(quoted(column.name)) for column in found if column.read_as == "string"]
    miscoded = F.coalesce(*(F.when(~is_text(text), F.lit(True)) for text in texts), F.lit(False))
    text = F.to_json(PARSED, _JSON)
    rows = read.select(fields.alias(PARSED), miscoded.alias(MISCODED), *origin())
    rows = rows.withColumn(RAW, text).withColumn(FIELDS, text).withColumn(BROKEN, F.col(MISCODED))
    return rows.withColumn(HEADER, F.lit(None).cast("string"))


def _columns(client: Any, plan: Plan, bucket: str, item: SourceObject) -> tuple[Found, ...] | UnreadableError:
    try:
        return tuple(_found(plan, _footer(client, bucket, item)))
    except UnreadableError as error:
        return error


def _footer(client: Any, bucket: str, item: SourceObject) -> pq.FileMetaData:
    def tail(size: int) -> bytes:
        reply = client.get_object(Bucket=bucket, Key=item.key, Range=f"bytes={max(item.size - size, 0)}-")
        found: bytes = reply["Body"].read()
        return found

    end = tail(_TAIL)
    if end.endswith(b"PARE"):
        raise UnreadableError("it is encrypted Parquet")
    if len(end) < _END or not end.endswith(b"PAR1"):
        raise UnreadableError("it is not Parquet, or cut off: its last bytes are not PAR1")
    size = int.from_bytes(end[-_END:-4], "little") + _END
    if size > item.size:
        raise UnreadableError("it is damaged Parquet: its footer would be longer than the object")
    if size > len(end):
        end = tail(size)
    try:
        found = pq.read_metadata(pa.BufferReader(end))
    # Arrow raises errors of many classes over random bytes.
    except Exception as error:
        raise UnreadableError(f"it is damaged Parquet: {_line(error)}") from None
    if found.num_rows > max(_FEW_ROWS, _MOST_ROWS_OF_A_BYTE * item.size):
        raise UnreadableError(f"its {item.size:,} bytes would hold {found.num_rows:,} rows")
    return found


def _found(plan: Plan, footer: pq.FileMetaData) -> Iterator[Found]:
    try:
        fields = footer.schema.to_arrow_schema()
        leaves = [footer.schema.column(position) for position in range(len(footer.schema))]
        names: dict[str, list[str]] = {}
        for name in fields.names:
            names.setdefault(name.lower(), []).append(name)
    except Exception as error:
        raise UnreadableError(f"its columns cannot be read: {_line(error)}") from None
    for leaf in leaves:
        kind = json.loads(leaf.logical_type.to_json())["Type"]
        if kind in _UNKNOWN:
            raise UnreadableError(f"its column '{leaf.path}' is of the type {kind}, which Spark's reader does not know")
    some = False
    for column in plan.columns:
        # Firehose's conversion gives columns the names of the catalog.
        here = names.get(column.source.lower()) or names.get(column.name) or []
        if len(here) > 1:
            raise UnreadableError(f"it has the column '{column.source}' {len(here)} times")
        for name in here:
            some = True
            leaf = next((leaf for leaf in leaves if leaf.path == name), None)
            if leaf is not None and not leaf.max_repetition_level:
                yield Found(column.source, name, *_read_as(leaf))
            else:
                long = any(leaf.physical_type == "INT96" and leaf.path.startswith(f"{name}.") for leaf in leaves)
                yield Found(column.source, name, _nested(fields.field(name).type, name, long=long))
    if not some:
        raise UnreadableError(f"it has none of the columns {', '.join(column.source for column in plan.columns)}")


_PHYSICAL = {
    "BOOLEAN": "boolean",
    "INT32": "int",
    "INT64": "bigint",
    "INT96": "timestamp",
    "FLOAT": "float",
    "DOUBLE": "double",
}


def _read_as(leaf: Any) -> tuple[str, str]:
    """Return as what Spark reads a column without parts, and how that becomes the value.

    The types are those of https://github.com/apache/parquet-format/blob/master/LogicalTypes.md
    """
    logical = json.loads(leaf.logical_type.to_json())
    unit, conversion = logical.get("timeUnit", ""), ""
    match logical["Type"]:
        case "Timestamp" if unit == "nanoseconds":
            read_as, conversion = "bigint", "nanoseconds"
        case "Timestamp":
            read_as = "timestamp" if logical["isAdjustedToUTC"] else "timestamp_ntz"
        case "Time":
            read_as, conversion = "int" if unit == "milliseconds" else "bigint", f"time of {unit}"
        case "Decimal" if logical["precision"] > _MOST_DIGITS:
            read_as, conversion = "binary", f"decimal {logical['scale']}"
        case "Decimal":
            read_as = f"decimal({logical['precision']},{logical['scale']})"
        case "Int":
            read_as = _integer(logical["bitWidth"], signed=logical["isSigned"])
        case "Date":
            read_as = "date"
        case "String" | "Enum" | "JSON":
            read_as = "string"
        case _:
            read_as = _PHYSICAL.get(leaf.physical_type, "binary")
    return read_as, conversion


def _integer(width: int, *, signed: bool) -> str:
    widths = {8: "tinyint", 16: "smallint", 32: "int", 64: "bigint"}
    return widths[width] if signed else {8: "smallint", 16: "int", 32: "bigint", 64: "decimal(20,0)"}[width]


def _nested(kind: pa.DataType, name: str, *, long: bool) -> str:
    """Return Spark's type of a column with parts; `long` says that its times are INT96."""
    part = partial(_nested, name=name, long=long)
    if pa.types.is_struct(kind):
        fields = (kind.field(position) for position in range(kind.num_fields))
        read_as = f"struct<{','.join(f'{quoted(field.name)}:{part(field.type)}' for field in fields)}>"
    elif pa.types.is_map(kind):
        read_as = f"map<{part(kind.key_type)},{part(kind.item_type)}>"
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        read_as = f"array<{part(kind.value_type)}>"
    elif pa.types.is_dictionary(kind):
        read_as = part(kind.value_type)
    elif pa.types.is_timestamp(kind) and (kind.unit != "ns" or long):
        read_as = "timestamp" if kind.tz or long else "timestamp_ntz"
    elif pa.types.is_integer(kind):
        read_as = _integer(kind.bit_width, signed=pa.types.is_signed_integer(kind))
    elif pa.types.is_decimal(kind) and kind.precision <= _MOST_DIGITS:
        read_as = f"decimal({kind.precision},{kind.scale})"
    else:
        found = [read_as for is_type, read_as in _SIMPLE if is_type(kind)]
        if not found:
            raise UnreadableError(f"column '{name}' has parts of the type {kind}, which Spark cannot read")
        read_as = found[0]
    return read_as


_SIMPLE: tuple[tuple[Callable[[pa.DataType], bool], str], ...] = (
    (pa.types.is_boolean, "boolean"),
    (pa.types.is_float32, "float"),
    (pa.types.is_float64, "double"),
    (pa.types.is_string, "string"),
    (pa.types.is_large_string, "string"),
    (pa.types.is_binary, "binary"),
    (pa.types.is_large_binary, "binary"),
    (pa.types.is_fixed_size_binary, "binary"),
    (pa.types.is_date, "date"),
)


def _converted(value: Column, conversion: str) -> Column:
    kind, _, detail = conversion.rpartition(" ")
    if conversion == "nanoseconds":
        return F.timestamp_micros(_divided(value, 1_000))
    if kind == "time of":
        per_second = {"milliseconds": 1_000, "microseconds": 1_000_000, "nanoseconds": 1_000_000_000}[detail]
        micros = value * (1_000_000 // per_second) if per_second <= 1_000_000 else _divided(value, 1_000)
        return F.date_format(F.timestamp_micros(micros), "HH:mm:ss.SSSSSS")
    if kind == "decimal":
        return F.udf(partial(_digits, scale=int(detail)), "string")(value)
    return value


def _divided(value: Column, by: int) -> Column:
    """Return the whole number of times, rounded down; a double would not hold every digit."""
    return F.floor(value.cast("decimal(20,0)") / F.lit(by)).cast("bigint")


def _digits(content: bytes | None, scale: int) -> str | None:
    if content is None:
        return None
    number = Decimal(int.from_bytes(content, "big", signed=True))
    return f"{number.scaleb(-scale, Context(prec=len(number.as_tuple().digits))):f}"


def _line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
