"""Values as Athena writes them into result sets and CSV files."""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any

from local_cloud.errors import LocalCloudError

# By DuckDBPyType.id: Athena's name, precision and scale of a column.
_COLUMNS = {
    "boolean": ("boolean", 0, 0),
    "tinyint": ("tinyint", 3, 0),
    "smallint": ("smallint", 5, 0),
    "utinyint": ("smallint", 5, 0),
    "integer": ("integer", 10, 0),
    "usmallint": ("integer", 10, 0),
    "bigint": ("bigint", 19, 0),
    "hugeint": ("bigint", 19, 0),
    "uinteger": ("bigint", 19, 0),
    "ubigint": ("bigint", 19, 0),
    "float": ("float", 17, 0),
    "double": ("double", 17, 0),
    "varchar": ("varchar", 2147483647, 0),
    "uuid": ("varchar", 2147483647, 0),
    "blob": ("varbinary", 1073741824, 0),
    "date": ("date", 0, 0),
    "time": ("time", 3, 0),
    "timestamp": ("timestamp", 3, 0),
    "timestamp_s": ("timestamp", 3, 0),
    "timestamp_ms": ("timestamp", 3, 0),
    "timestamp_ns": ("timestamp", 6, 0),
    "timestamp with time zone": ("timestamp with time zone", 3, 0),
    "list": ("array", 0, 0),
    "map": ("map", 0, 0),
    "struct": ("row", 0, 0),
}


def column_info(name: str, duckdb_type: Any, *, precise: bool = False) -> dict[str, Any]:
    """Describe a result column as GetQueryResults does; `precise` is a timestamp with six digits of a second."""
    kind = duckdb_type.id
    if kind == "decimal":
        (_, precision), (_, scale) = duckdb_type.children
        athena = "decimal"
    elif str(duckdb_type) == "JSON":
        athena, precision, scale = "json", 0, 0
    else:
        athena, precision, scale = _COLUMNS.get(kind, ("unknown", 0, 0))
    if precise:
        precision = 6
    return {
        "CatalogName": "hive",
        "SchemaName": "",
        "TableName": "",
        "Name": name,
        "Label": name,
        "Type": athena,
        "Precision": precision,
        "Scale": scale,
        "Nullable": "UNKNOWN",
        "CaseSensitive": athena == "varchar",
    }


def text(value: Any, duckdb_type: Any) -> str | None:
    """Return a value as Athena writes it; None for NULL."""
    if value is None:
        return None
    kind = duckdb_type.id
    if kind == "list":
        element = duckdb_type.children[0][1]
        return f"[{', '.join(_nested(item, element) for item in value)}]"
    if kind == "map":
        (_, keys), (_, values) = duckdb_type.children
        return f"{{{', '.join(f'{_nested(k, keys)}={_nested(v, values)}' for k, v in value.items())}}}"
    if kind == "struct":
        return f"{{{', '.join(_field(name, value[name], child) for name, child in duckdb_type.children)}}}"
    if kind == "interval":
        raise LocalCloudError("NOT_SUPPORTED: intervals are not written into results locally")
    if kind == "hugeint" and not -(2**63) <= value < 2**63:
        raise LocalCloudError(f"NUMERIC_VALUE_OUT_OF_RANGE: bigint overflow: {value}")
    if kind == "timestamp_ns":
        return _instant(value, precise=True)
    return double_text(_shortest(value)) if kind == "float" else _scalar(value)


def _shortest(value: float) -> float:
    """Return the double with the fewest digits that is this value of four bytes: 0.1, not 0.10000000149011612."""
    packed = struct.pack("f", value)
    candidates = (float(f"{value:.{digits}g}") for digits in range(2, 10))
    return next((found for found in candidates if _packed(found) == packed), value)


def _packed(value: float) -> bytes | None:
    try:
        return struct.pack("f", value)
    except OverflowError:
        return None


def _field(name: str, value: Any, duckdb_type: Any) -> str:
    # A row without names has them from its positions.
    shown = re.sub(r"^_([0-9]+)$", r"field\1", name)
    return f"{shown}={_nested(value, duckdb_type)}"


def _nested(value: Any, duckdb_type: Any) -> str:
    rendered = text(value, duckdb_type)
    return "null" if rendered is None else rendered


def _scalar(value: Any) -> str:
    write = next((write for kind, write in _WRITERS if isinstance(value, kind)), str)
    return write(value)


def _instant(value: datetime, *, precise: bool = False) -> str:
    moment = value if value.tzinfo is None else value.astimezone(UTC)
    zone = "" if value.tzinfo is None else " UTC"
    # Not by %Y, which writes the year 1 without its zeros.
    fraction = f"{moment.microsecond:06d}" if precise else f"{moment.microsecond // 1000:03d}"
    return f"{moment.date()} {moment:%H:%M:%S}.{fraction}{zone}"


def double_text(value: float) -> str:
    """Write a double as Java does: 1.0E7, not 10000000.0."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return f"{Decimal(repr(value)):f}"
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    first, *rest = map(str, digits)
    return f"{'-' if sign else ''}{first}.{''.join(rest) or '0'}E{int(exponent) + len(rest)}"


# The first that fits: a bool is an int too, a datetime a date.
_WRITERS: tuple[tuple[type, Callable[[Any], str]], ...] = (
    (bool, lambda value: str(value).lower()),
    (float, double_text),
    (Decimal, lambda value: f"{value:f}"),
    (datetime, _instant),
    (time, lambda value: f"{value:%H:%M:%S}.{value.microsecond // 1000:03d}"),
    (bytes, lambda value: value.hex(" ")),
)
