"""Values of the rules' SQL, and how those of one type become those of another.

A decimal that is a whole number is an integer, as in version 2016-03-23 of the SQL.
https://docs.aws.amazon.com/iot/latest/developerguide/iot-sql-data-types.html
"""

from __future__ import annotations

import json
import re
from decimal import ROUND_FLOOR, Context, Decimal
from typing import Any

DECIMAL = re.compile(r"-?\d+(\.\d+)?((?i:E)-?\d+)?")
PRECISION = Context(prec=34)


class Undefined:
    """The absence of a value: what a message lacks, and what a function returns for arguments that do not fit."""

    def __repr__(self) -> str:
        return "Undefined"

    def __bool__(self) -> bool:
        return False


UNDEFINED = Undefined()


class NoValue(Exception):
    """A value cannot be converted, so that the whole expression is Undefined."""


def number(value: Any) -> int | Decimal:
    """Return a value as a number.

    Raises
    ------
    NoValue
        If it is none.
    """
    if isinstance(value, str) and DECIMAL.fullmatch(value):
        return whole(Decimal(value))
    if is_number(value):
        return value  # type: ignore[no-any-return]
    raise NoValue


def integer(value: Any) -> int:
    """Return a value as an integer, rounded down."""
    return int(Decimal(number(value)).to_integral_value(ROUND_FLOOR))


def text(value: Any) -> str:
    """Return a value as a text.

    Raises
    ------
    NoValue
        If it is Null or Undefined.
    """
    if value is None or value is UNDEFINED:
        raise NoValue
    return value if isinstance(value, str) else dumps(value)


def boolean(value: Any) -> bool:
    """Return a value as a truth value.

    Raises
    ------
    NoValue
        If it is neither one nor its name.
    """
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if isinstance(value, bool):
        return value
    raise NoValue


def is_number(value: Any) -> bool:
    return isinstance(value, (int, Decimal)) and not isinstance(value, bool)


def whole(value: Decimal) -> int | Decimal:
    """Return a decimal, or the integer that it is."""
    return int(value) if value.is_finite() and value == value.to_integral_value() and value.adjusted() < 34 else value


def loads(payload: bytes) -> Any:
    """Return what a message says; Undefined if it is no JSON."""
    try:
        return json.loads(payload, parse_float=lambda found: whole(Decimal(found)))
    except ValueError:
        return UNDEFINED


def dumps(value: Any) -> str:
    """Return a value as JSON, in which what is Undefined is left out."""
    match value:
        case dict():
            members = ((name, member) for name, member in value.items() if member is not UNDEFINED)
            return "{" + ",".join(f"{json.dumps(name)}:{dumps(member)}" for name, member in members) + "}"
        case list():
            return "[" + ",".join(dumps(item) for item in value if item is not UNDEFINED) + "]"
        case Decimal():
            return str(value)
    return json.dumps(value, ensure_ascii=False)
