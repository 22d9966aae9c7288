"""Values of text files: what a text or a number is in a column of the catalog."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import Any

from local_cloud.errors import LocalCloudError
from local_cloud.sql.types import HiveType

_BITS = {"tinyint": 8, "smallint": 16, "int": 32, "integer": 32, "bigint": 64}
_FLOAT = re.compile(r"\s*[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|NaN|Infinity)\s*")
_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})(?: .*)?")
_TIMESTAMP = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}(?:\.\d{1,9})?")
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?")
_WIDE = Context(prec=100)


class BadValue(ValueError):
    """The text is no value of the type."""


def integer(text: str, kind: HiveType) -> int:
    """Return a whole number that fits."""
    if not re.fullmatch(r"[+-]?\d+", text):
        raise BadValue(f'For input string: "{text}"')
    value, bits = int(text), _BITS[kind.name]
    if not -(2 ** (bits - 1)) <= value < 2 ** (bits - 1):
        raise BadValue(f'For input string: "{text}"')
    return value


def floating(text: str) -> float:
    if not _FLOAT.fullmatch(text):
        raise BadValue(f'For input string: "{text}"')
    return float(text)


def decimal(text: str, kind: HiveType) -> Decimal:
    """Return a number rounded half up to the scale, if its digits fit."""
    precision, scale = (*kind.arguments, *(10, 0)[len(kind.arguments) :])
    try:
        value = Decimal(text).quantize(Decimal(1).scaleb(-scale), rounding=ROUND_HALF_UP, context=_WIDE)
    except InvalidOperation:
        raise BadValue(f"Cannot convert {text!r} to {kind}") from None
    if not value.is_finite() or len(value.as_tuple().digits) > precision:
        raise BadValue(f"Cannot convert {text!r} to {kind}")
    return value


def day(text: str) -> date:
    matched = _DATE.fullmatch(text)
    try:
        return date.fromisoformat(matched[1] if matched else text)
    except ValueError:
        raise BadValue(f"Cannot convert {text!r} to date") from None


def moment(text: str) -> datetime:
    """Return a timestamp as java.sql.Timestamp writes it."""
    if not _TIMESTAMP.fullmatch(text):
        raise BadValue(f"Cannot convert {text!r} to timestamp")
    return _moment(text)


def instant(text: str) -> datetime:
    """Return a timestamp that may also be written by ISO 8601; in UTC if it has an offset."""
    if not (_TIMESTAMP.fullmatch(text) or _ISO.fullmatch(text)):
        raise BadValue(f"Cannot convert {text!r} to timestamp")
    found = _moment(text)
    return found if found.tzinfo is None else found.astimezone(UTC).replace(tzinfo=None)


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text))
    except ValueError:
        raise BadValue(f"Cannot convert {text!r} to timestamp") from None


def since_epoch(number: Decimal) -> datetime:
    """Return the timestamp of a number: seconds with a fraction, or milliseconds if it has 13 digits or more."""
    whole = number == number.to_integral_value()
    seconds = number / 1000 if whole and abs(number) >= 10**12 else number
    return datetime(1970, 1, 1) + timedelta(microseconds=int(seconds * 1_000_000))


def cut(text: str, kind: HiveType) -> str:
    """Return a text no longer than its type."""
    if kind.name == "char":
        raise LocalCloudError("NOT_SUPPORTED: char pads with spaces, which is not reproduced locally; use varchar")
    return text[: kind.arguments[0]] if kind.arguments else text


def bad_data(position: int, text: Any, error: BadValue) -> LocalCloudError:
    return LocalCloudError(f"HIVE_BAD_DATA: Error parsing field value {text!r} for field {position}: {error}")


# How a text becomes a value, by the name of a type.
FROM_TEXT: dict[str, Callable[[str, HiveType], Any]] = {
    **dict.fromkeys(_BITS, integer),
    **dict.fromkeys(("float", "real", "double"), lambda text, kind: floating(text)),
    "decimal": decimal,
    "boolean": lambda text, kind: text.lower() == "true",
    "date": lambda text, kind: day(text),
    "timestamp": lambda text, kind: moment(text),
    **dict.fromkeys(("string", "varchar", "char"), cut),
}
INTEGERS = frozenset(_BITS)
