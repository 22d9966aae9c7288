"""Types of PostgreSQL's columns in DMS's Parquet files.

https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Source.PostgreSQL.html#CHAP_Source-PostgreSQL-DataTypes,
https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Target.S3.html#CHAP_Target.S3.DataTypes
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pyarrow as pa

from local_cloud.engines.dms.errors import ReplicationError

_MOST_DIGITS = 38
# DMS's type of numbers that say no precision.
_UNBOUNDED = (28, 6)
_TIME = pa.time32("ms")
_TIMESTAMP = pa.timestamp("us", tz="UTC")


@dataclass(frozen=True, kw_only=True)
class ColumnType:
    """Type of a column: in Parquet, from PostgreSQL's text, and whether its values can be longer than DMS reads."""

    arrow: pa.DataType
    parse: Callable[[str], Any]
    long: bool = False

    def length(self, text: str) -> int:
        """Return how many bytes a value has of which DMS reads the first ones only; 0: it reads all."""
        if not self.long:
            return 0
        return (len(text) - 2) // 2 if self.arrow == pa.binary() else len(text.encode())

    def shortened(self, text: str, most: int) -> str:
        """Return the first bytes of a value."""
        return text[: 2 * most + 2] if self.arrow == pa.binary() else text.encode()[:most].decode(errors="ignore")


def column_type(name: str, kind: str, modifier: int, *, booleans: bool) -> ColumnType:
    """Return the type of a column.

    Parameters
    ----------
    name: str
        Name of the column, for the message.
    kind: str
        Type as `format_type` writes it, without modifiers.
    modifier: int
        Modifier of the type; below 0 there is none.
    booleans: bool
        Whether booleans stay what they are, and are no text.

    Raises
    ------
    ReplicationError
        If nothing here replicates the type.
    """
    if kind.endswith("[]") or kind in _LONG_TEXTS or (kind == "character varying" and modifier < 0):
        return ColumnType(arrow=pa.string(), parse=str, long=True)
    if kind == "bytea":
        return ColumnType(arrow=pa.binary(), parse=lambda text: bytes.fromhex(text[2:]), long=True)
    if kind == "boolean":
        if booleans:
            return ColumnType(arrow=pa.bool_(), parse=lambda text: text in ("t", "true"))
        return ColumnType(arrow=pa.string(), parse=lambda text: "true" if text in ("t", "true") else "false")
    if kind == "numeric":
        return _numeric(modifier)
    if kind in _PLAIN:
        arrow, parse = _PLAIN[kind]
        return ColumnType(arrow=arrow, parse=parse)
    raise ReplicationError(f"column {name} has the type {kind}, which the local cloud does not replicate")


def _numeric(modifier: int) -> ColumnType:
    packed = modifier - 4
    digits, scale = (packed >> 16, packed & 0x7FF) if modifier >= 4 else _UNBOUNDED
    if digits > _MOST_DIGITS:
        return ColumnType(arrow=pa.string(), parse=str)
    step = Decimal(1).scaleb(-scale)
    return ColumnType(arrow=pa.decimal128(digits, scale), parse=lambda text: Decimal(text).quantize(step))


def _timestamp(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


_LONG_TEXTS = ("text", "json", "jsonb", "xml", "tsvector")
_PLAIN: dict[str, tuple[pa.DataType, Callable[[str], Any]]] = {
    "smallint": (pa.int16(), int),
    "integer": (pa.int32(), int),
    "bigint": (pa.int64(), int),
    "real": (pa.float32(), float),
    "double precision": (pa.float64(), float),
    "date": (pa.date32(), date.fromisoformat),
    "time without time zone": (_TIME, time.fromisoformat),
    "timestamp without time zone": (_TIMESTAMP, _timestamp),
    "timestamp with time zone": (_TIMESTAMP, _timestamp),
    **dict.fromkeys(
        ("character varying", "character", "uuid", "inet", "cidr", "macaddr", "interval", "enum"), (pa.string(), str)
    ),
}
