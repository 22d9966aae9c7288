"""JSON values as values of Iceberg's types, by Firehose's own list of what it takes for each.

https://docs.aws.amazon.com/firehose/latest/dev/apache-iceberg-destination-supp.html. Anything else raises ValueError,
and so fails its record: names and types of the data must match those of the table exactly.

Above 200 lines: a conversion for each of Iceberg's types.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from functools import partial
from typing import Any, NoReturn, Protocol

from pyiceberg import types as iceberg
from pyiceberg.schema import Schema

from local_cloud.errors import LocalCloudError

Read = Callable[[Any], Any]

_EPOCH = datetime(1970, 1, 1)
_DAY, _MICROSECOND = timedelta(days=1), timedelta(microseconds=1)
_LEVELS = 16
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_WHOLE = re.compile(r"[+-]?\d+")
_HEX = re.compile(r"([0-9a-fA-F]{2})*")
# Of the 38 digits that a decimal may have, the usual context would refuse the last ten.
_DIGITS = Context(prec=76, rounding=ROUND_HALF_UP)


class Row(Protocol):
    """Conversion of a record's JSON object into a row, of all columns or of some."""

    def __call__(self, values: dict[str, Any], *, only: frozenset[str] | None = None) -> dict[str, Any]: ...


class MissingColumn(ValueError):
    """A column that a record does not have."""


def document(data: bytes) -> dict[str, Any]:
    """Return the one JSON object of a record.

    Raises
    ------
    ValueError
        If the record is anything else.
    """
    try:
        found = _json(data.decode())
    except RecursionError:
        raise ValueError(f"the record has more than {_LEVELS} levels of nesting") from None
    if not isinstance(found, dict):
        raise ValueError("the record is not one JSON object")
    if _levels(found) > _LEVELS:
        raise ValueError(f"the record has more than {_LEVELS} levels of nesting")
    return found


def _levels(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(_levels, inner), default=0)


def rows_of(schema: Schema) -> Row:
    """Return the conversion of a record's JSON object into a row; members without a column are skipped.

    Raises
    ------
    LocalCloudError
        If the table has a type that the local cloud does not write.
    """
    columns = {field.name: (reader(field.field_type), field.required) for field in schema.fields}

    def row(values: dict[str, Any], *, only: frozenset[str] | None = None) -> dict[str, Any]:
        return {
            name: _member(values, name, read, required=required)
            for name, (read, required) in columns.items()
            if only is None or name in only
        }

    return row


def reader(kind: iceberg.IcebergType) -> Read:
    """Return the conversion of a JSON value into a value of a type."""
    match kind:
        case iceberg.StructType():
            members = {field.name: (reader(field.field_type), field.required) for field in kind.fields}
            return partial(_struct, members)
        case iceberg.ListType():
            return partial(_list, reader(kind.element_type), kind.element_required)
        case iceberg.MapType():
            return partial(_map, reader(kind.key_type), reader(kind.value_type), kind.value_required)
        case iceberg.DecimalType():
            return partial(_decimal, kind.precision, kind.scale)
        case iceberg.FixedType():
            return partial(_fixed, len(kind))
    try:
        return _SCALARS[type(kind)]
    except KeyError:
        raise LocalCloudError(f"columns of type {kind} are not written by the local cloud") from None


def _member(values: dict[str, Any], name: str, read: Read, *, required: bool) -> Any:
    if name not in values:
        raise MissingColumn(f"column {name} is missing in the record")
    try:
        return _value(values[name], read, required=required)
    except ValueError as error:
        kind = MissingColumn if isinstance(error, MissingColumn) else ValueError
        raise kind(f"{name}: {error}") from None


def _value(value: Any, read: Read, *, required: bool) -> Any:
    if value is None and required:
        raise ValueError("null, but the column is required")
    return None if value is None else read(value)


def _json(text: str) -> Any:
    # Decimals keep the digits that they were sent with.
    return json.loads(text, parse_float=Decimal, parse_constant=_refuse_constant)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _parsed(value: Any, kind: type) -> Any:
    """Return a nested value, which may be given as the text of its JSON."""
    found = _json(value) if isinstance(value, str) else value
    if not isinstance(found, kind):
        raise ValueError(f"not a JSON {'object' if kind is dict else 'array'}")
    return found


def _struct(members: dict[str, tuple[Read, bool]], value: Any) -> dict[str, Any]:
    given = _parsed(value, dict)
    return {name: _member(given, name, read, required=required) for name, (read, required) in members.items()}


def _list(read: Read, required: bool, value: Any) -> list[Any]:
    return [_value(one, read, required=required) for one in _parsed(value, list)]


def _map(key: Read, read: Read, required: bool, value: Any) -> list[tuple[Any, Any]]:
    return [(key(name), _value(one, read, required=required)) for name, one in _parsed(value, dict).items()]


def _boolean(value: Any) -> bool:
    for found, spellings in ((True, (True, "true")), (False, (False, "false"))):
        # Of numbers, 1 and 0 are equal to them.
        if value in spellings and not isinstance(value, Decimal):
            return found
    raise ValueError("not a boolean")


def _integer(bits: int, value: Any) -> int:
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("not a whole number")
    if not -(2 ** (bits - 1)) <= value < 2 ** (bits - 1):
        raise ValueError(f"does not fit into {bits} bits")
    return value


def _float(value: Any) -> float:
    return float(_number(value))


def _number(value: Any) -> Decimal:
    given = str(value)
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str) or not _NUMBER.fullmatch(given):
        raise ValueError("not a number")
    return Decimal(given)


def _decimal(precision: int, scale: int, value: Any) -> Decimal:
    try:
        number = _number(value).quantize(Decimal(1).scaleb(-scale), context=_DIGITS)
    except InvalidOperation:
        raise ValueError(f"does not fit into decimal({precision}, {scale})") from None
    if number != _number(value):
        raise ValueError(f"has more than {scale} digits after the point")
    if len(number.as_tuple().digits) > precision:
        raise ValueError(f"does not fit into decimal({precision}, {scale})")
    return number


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("not a text")
    return value


def _uuid(value: Any) -> bytes:
    if not isinstance(value, str) or not re.fullmatch(r"(?i)[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}", value):
        raise ValueError("not a UUID")
    return bytes.fromhex(value.replace("-", ""))


def _binary(value: Any) -> bytes:
    """Return the bytes of text in hex or Base64, of which it is not documented how Firehose tells them apart."""
    text = re.sub(r"\r?\n", "", _text(value))
    found = set()
    if _HEX.fullmatch(text):
        found.add(bytes.fromhex(text))
    with contextlib.suppress(binascii.Error):
        found.add(base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True))
    if len(found) != 1:
        raise ValueError("both hex and Base64" if found else "neither hex nor Base64")
    return found.pop()


def _fixed(length: int, value: Any) -> bytes:
    found = _binary(value)
    if len(found) != length:
        raise ValueError(f"has {len(found)} bytes, the column {length}")
    return found


def _date(value: Any) -> date:
    if isinstance(value, int) and not isinstance(value, bool):
        return _since_epoch(value, _DAY).date()
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        raise ValueError("not a date")
    return date.fromisoformat(value)


def _time(value: Any) -> time:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _DAY // _MICROSECOND:
        return _since_epoch(value, _MICROSECOND).time()
    if not isinstance(value, str) or not re.fullmatch(r"\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?", value):
        raise ValueError("not a time")
    return time.fromisoformat(value)


def _timestamp(value: Any) -> datetime:
    found = _moment(value)
    if found.utcoffset():
        raise ValueError("has an offset, and the column no time zone: what Firehose makes of it is not documented")
    return found.replace(tzinfo=None)


def _instant(value: Any) -> datetime:
    found = _moment(value)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _moment(value: Any) -> datetime:
    if isinstance(value, int) and not isinstance(value, bool):
        return _since_epoch(value, _MICROSECOND)
    pattern = r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})?"
    if not isinstance(value, str) or not re.fullmatch(pattern, value):
        raise ValueError("neither microseconds nor a timestamp such as 2024-09-04T18:56:15.099")
    return datetime.fromisoformat(value)


def _since_epoch(count: int, unit: timedelta) -> datetime:
    try:
        return _EPOCH + count * unit
    except OverflowError:
        raise ValueError("is out of range") from None


_SCALARS: dict[type, Read] = {
    iceberg.BooleanType: _boolean,
    iceberg.IntegerType: partial(_integer, 32),
    iceberg.LongType: partial(_integer, 64),
    iceberg.FloatType: _float,
    iceberg.DoubleType: _float,
    iceberg.StringType: _text,
    iceberg.UUIDType: _uuid,
    iceberg.BinaryType: _binary,
    iceberg.DateType: _date,
    iceberg.TimeType: _time,
    iceberg.TimestampType: _timestamp,
    iceberg.TimestamptzType: _instant,
}
