"""From a record's text to typed values, as curation accepts them: None means that a value is not of its type.

`sql.py` says the same in Flink's SQL; tests hold both against each other, value by value.

Above 200 lines: each type, and each rule for a value, once.
"""

from __future__ import annotations

import json
import operator
import re
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Any

from lake_stream.plan import INTEGERS, NUMBERS, Field, Plan

# With (?a), as Java's, \d would be an ASCII digit; here it is spelt out, for both.
DATE = "(?!0000)[0-9]{4}-[0-9]{2}-[0-9]{2}"
_OFFSET = "Z|[+-](0[0-9]|1[0-7])(:?[0-5][0-9])?|[+-]18(:?00)?"
TIMESTAMP = f"{DATE}[T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{{1,9}})?)?({_OFFSET})?"
# A time as most producers spell it, in UTC and to the millisecond.
UTC_TIME = f"{DATE}[T ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{{1,3}})?Z?"
DECIMAL_TEXT = "[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,4})?"
BASE64 = "([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?"
FLOAT_MAX, DOUBLE_MAX = 3.4028234663852886e38, 1.7976931348623157e308
# The years 1 to 9999, which every engine knows.
EARLIEST, LATEST = -62_135_596_800_000, 253_402_300_799_999
_CYCLE_MS = 146_097 * 86_400_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NOT_UTF8, NOT_JSON = "is not UTF-8", "is not one JSON object"


class Row:
    """The values of a record by column, its event time in milliseconds since 1970, and why it is rejected, if it is."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.event_ms: int | None = None
        self.reason: str | None = None


def read(plan: Plan, text: str) -> Row:
    """Return the values of a record."""
    row = Row()
    document = None if "\ufffd" in text else _object(text)
    if document is None:
        row.reason = NOT_UTF8 if "\ufffd" in text else NOT_JSON
        return row
    reasons = []
    for column in plan.columns:
        found = document.get(column.source)
        value = converted(found, column)
        if column.name == plan.event_time:
            row.event_ms = None if value is None else event_ms(value)
            value = None if row.event_ms is None else value
        row.values[column.name] = value
        reasons.append(_broken(plan, column, found, value))
    row.reason = next((reason for reason in reasons if reason), None)
    return row


def converted(found: Any, column: Field) -> Any:
    """Convert a value of JSON to the column's type."""
    family = column.family
    if family in NUMBERS:
        return _number(found, column)
    if family == "boolean":
        return found if type(found) is bool else None
    if family == "string":
        return _text(found)
    pattern = {"binary": BASE64, "date": DATE, "timestamp": TIMESTAMP}[family]
    if type(found) is not str or not re.fullmatch(pattern, found):
        return None
    return found if family == "binary" or _day(found) is not None else None


def event_ms(value: str | int) -> int | None:
    """Return a time, ISO 8601 or milliseconds since 1970, as the latter; None if no engine knows its year."""
    found = value if isinstance(value, int) else _milliseconds(value)
    return found if EARLIEST <= found <= LATEST else None


def time_text(milliseconds: int) -> str:
    """Return a time as ISO 8601."""
    # A window may begin before the year 1 or end after 9999; 400 years later the calendar is the same.
    cycles, rest = divmod(milliseconds, _CYCLE_MS)
    moment = _EPOCH + timedelta(milliseconds=rest)
    year = moment.year + 400 * cycles
    return f"{'+' if year > 9999 else ''}{year:04}-{moment:%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"


def encode(row: dict[str, Any]) -> str:
    """Return a row as a JSON object without its nulls; decimals with all their digits."""
    items = (f"{encode_value(name)}:{encode_value(value)}" for name, value in row.items() if value is not None)
    return f"{{{','.join(items)}}}"


def _object(text: str) -> dict[str, Any] | None:
    try:
        found = json.loads(text, parse_float=Decimal, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _number(found: Any, column: Field) -> int | float | Decimal | None:
    if column.family == "decimal":
        return _decimal(found, *column.digits)
    if column.family in INTEGERS:
        beyond = INTEGERS[column.family]
        return found if type(found) is int and -beyond <= found < beyond else None
    most = FLOAT_MAX if column.family == "float" else DOUBLE_MAX
    return _double(found) if type(found) in (int, Decimal) and abs(_double(found)) <= most else None


def _double(found: int | Decimal) -> float:
    try:
        return float(found)
    except OverflowError:
        return float("inf")


def _decimal(found: Any, precision: int, scale: int) -> Decimal | None:
    if type(found) is str and not re.fullmatch(DECIMAL_TEXT, found):
        return None
    if type(found) not in (int, Decimal, str):
        return None
    number = Decimal(found)
    # Also of a number such as 1e9999, whose digits nobody should write out.
    if number and number.adjusted() >= precision - scale:
        return None
    with localcontext(prec=2 * 38 + scale):
        rounded = number.quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP)
    return rounded if abs(rounded) < Decimal(10) ** (precision - scale) else None


def _text(found: Any) -> str | None:
    if type(found) is bool:
        return json.dumps(found)
    if type(found) not in (str, int, Decimal):
        return None
    text = str(found)
    # Half of a pair, which no engine can write as UTF-8.
    return text if text.isascii() or text.encode("utf-8", "replace").decode() == text else None


def _day(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text[:10]).replace(tzinfo=UTC)
    except ValueError:
        return None


def _milliseconds(text: str) -> int:
    day = _day(text)
    parts = re.fullmatch(r".{11}(..):(..)(?::(..)(?:[.](\d+))?)?(?:Z|([+-])(..):?(..)?)?", text)
    if day is None or parts is None:
        raise ValueError(f"'{text}' was accepted as a time and is none")
    hours, minutes, seconds, fraction, sign, *offset = parts.groups(default="0")
    ahead = (int(offset[0]) * 60 + int(offset[1])) * (-1 if sign == "-" else 1)
    whole = (day - _EPOCH) // timedelta(seconds=1) + int(hours) * 3600 + (int(minutes) - ahead) * 60 + int(seconds)
    return whole * 1000 + int(fraction[:3].ljust(3, "0"))


def _broken(plan: Plan, column: Field, found: Any, value: Any) -> str | None:
    if found is None:
        if column.name == plan.event_time:
            return f"{column.name}: missing, but the event time"
        if column.name in plan.keys:
            return f"{column.name}: missing, but part of the key"
        return f"{column.name}: missing, but required" if column.required else None
    if value is None:
        return f"{column.name}: is not {article(column.type)}"
    for broken, sentence in _constraints(column, value):
        if broken:
            return f"{column.name}: {sentence}"
    return None


def article(name: str) -> str:
    """Return a type's name with its article."""
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def _constraints(column: Field, value: Any) -> list[tuple[bool, str]]:
    rules = []
    for bound, breaks, sentence in (
        (column.minimum, operator.lt, "is below the minimum"),
        (column.maximum, operator.gt, "is above the maximum"),
        (column.exclusive_minimum, operator.le, "is not above"),
        (column.exclusive_maximum, operator.ge, "is not below"),
    ):
        if bound is not None:
            rules.append((breaks(value, _bound(bound, column)), f"{sentence} {bound}"))
    if column.min_length is not None:
        rules.append((len(value) < column.min_length, f"is shorter than {column.min_length} characters"))
    if column.max_length is not None:
        rules.append((len(value) > column.max_length, f"is longer than {column.max_length} characters"))
    if column.enum is not None:
        allowed = ", ".join(str(item) for item in column.enum)
        rules.append((value not in [_bound(item, column) for item in column.enum], f"is not one of {allowed}"))
    return rules


def _bound(bound: Any, column: Field) -> Any:
    return Decimal(str(bound)) if column.family == "decimal" else bound


def encode_value(value: Any) -> str:
    """Return a value as JSON, a decimal with all its digits."""
    return f"{value:f}" if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False)
