"""JSON values as values of a Glue table's column types, by the rules of Firehose's two JSON deserializers.

OpenX turns text into numbers and single values into arrays; Hive refuses both. A value that does not fit
raises ValueError, and then its whole record has failed.

Above 200 lines: a conversion for each pair of JSON and Hive type.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from functools import partial
from typing import Any

import pyarrow as pa

from local_cloud.errors import LocalCloudError

Convert = Callable[[Any], Any]

_EPOCH = datetime(1970, 1, 1)  # like the column, without a time zone
_INTEGERS = {"tinyint": 8, "smallint": 16, "int": 32, "integer": 32, "bigint": 64}
# Of the 38 digits that a decimal may have, the usual context would refuse the last ten.
_DIGITS = Context(prec=76, rounding=ROUND_HALF_UP)
# Numbers above this are epoch milliseconds, others epoch seconds.
_MOST_SECONDS = 10_000_000_000
_TIMESTAMP = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})([T ])(\d{1,2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(Z?)")


@dataclass(frozen=True, kw_only=True)
class Rules:
    """Rules by which a deserializer reads values and finds keys."""

    lenient: bool
    ignores_case: bool
    dots_to_underscores: bool = False
    timestamp_formats: tuple[str, ...] = ()

    def key(self, name: str) -> str:
        name = name.replace(".", "_") if self.dots_to_underscores else name
        return name.lower() if self.ignores_case else name


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column's Arrow type, and how a JSON value becomes a value of it."""

    type: pa.DataType
    convert: Convert


def column(hive_type: str, rules: Rules) -> Column:
    """Return the column for a Hive type such as `array<struct<a:int,b:decimal(9,2)>>`.

    Raises
    ------
    LocalCloudError
        If Firehose does not convert to that type.
    """
    name, _, inner = hive_type.strip().lower().partition("<")
    inner = inner.removesuffix(">")
    if name == "array":
        element = column(inner, rules)
        return Column(type=pa.list_(element.type), convert=_nullable(partial(_array, element.convert, rules)))
    if name == "map":
        key, value = (column(part, rules) for part in split_types(inner))
        return Column(type=pa.map_(key.type, value.type), convert=_nullable(partial(_map, value.convert, rules)))
    if name == "struct":
        fields = {field: column(kind, rules) for field, _, kind in (p.partition(":") for p in split_types(inner))}
        arrow = pa.struct([(field, found.type) for field, found in fields.items()])
        return Column(type=arrow, convert=_nullable(partial(_struct, fields, rules)))
    return _scalar(name, rules)


def split_types(text: str) -> list[str]:
    """Split a list of types at the commas that are not inside of one."""
    parts, depth = [""], 0
    for character in text:
        depth += (character in "<(") - (character in ">)")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts]


def _scalar(name: str, rules: Rules) -> Column:
    kind, _, arguments = name.partition("(")
    if kind in _INTEGERS:
        bits = _INTEGERS[kind]
        return Column(type=getattr(pa, f"int{bits}")(), convert=_nullable(partial(_integer, bits, rules)))
    if kind == "decimal":
        precision, scale = (int(part) for part in (arguments.removesuffix(")") or "10,0").split(","))
        return Column(
            type=pa.decimal128(precision, scale), convert=_nullable(partial(_decimal, precision, scale, rules))
        )
    scalars: Mapping[str, tuple[pa.DataType, Convert]] = {
        "string": (pa.string(), partial(_text, rules)),
        "char": (pa.string(), partial(_text, rules)),
        "varchar": (pa.string(), partial(_text, rules)),
        "float": (pa.float32(), partial(_float, rules)),
        "double": (pa.float64(), partial(_float, rules)),
        "boolean": (pa.bool_(), partial(_boolean, rules)),
        "date": (pa.date32(), _date),
        "timestamp": (pa.timestamp("us"), partial(_timestamp, rules)),
    }
    if kind not in scalars:
        raise LocalCloudError(f"column type {name!r} cannot be converted by Firehose")
    arrow, read = scalars[kind]
    return Column(type=arrow, convert=_nullable(read))


def _nullable(convert: Convert) -> Convert:
    return lambda value: None if value is None else convert(value)


def _number(value: Any, rules: Rules) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        raise ValueError(f"{value!r} is not a number")
    if isinstance(value, str) and not rules.lenient:
        raise ValueError(f"the text {value!r} is not a number")
    return value


def _integer(bits: int, rules: Rules, value: Any) -> int:
    number = int(_number(value, rules))
    if not -(2 ** (bits - 1)) <= number < 2 ** (bits - 1):
        raise ValueError(f"{number} does not fit into {bits} bits")
    return number


def _float(rules: Rules, value: Any) -> float:
    return float(_number(value, rules))


def _decimal(precision: int, scale: int, rules: Rules, value: Any) -> Decimal:
    try:
        number = Decimal(str(_number(value, rules))).quantize(Decimal(1).scaleb(-scale), context=_DIGITS)
    except InvalidOperation:
        raise ValueError(f"{value!r} is not a decimal") from None
    if len(number.as_tuple().digits) > precision:
        raise ValueError(f"{value} does not fit into decimal({precision},{scale})")
    return number


def _boolean(rules: Rules, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if rules.lenient and isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise ValueError(f"{value!r} is not a boolean")


def _text(rules: Rules, value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, dict | list) and not rules.lenient:
        raise ValueError("an object or array is not text")
    # A fraction is a decimal here where the table has decimals.
    if isinstance(value, Decimal):
        return str(value)
    return json.dumps(_lowered(value, rules), separators=(",", ":"), default=float)


def _lowered(value: Any, rules: Rules) -> Any:
    if isinstance(value, dict):
        return {rules.key(name): _lowered(inner, rules) for name, inner in value.items()}
    return [_lowered(inner, rules) for inner in value] if isinstance(value, list) else value


def _date(value: Any) -> date:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not a date")
    return date.fromisoformat(value)


def _timestamp(rules: Rules, value: Any) -> datetime:
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        if not rules.lenient and "millis" not in rules.timestamp_formats:
            raise ValueError(f"the number {value} is not a timestamp without the format 'millis'")
        number = float(value)
        seconds = number if rules.lenient and abs(number) < _MOST_SECONDS else number / 1000
        return _EPOCH + timedelta(seconds=seconds)
    found = _TIMESTAMP.fullmatch(value) if isinstance(value, str) else None
    # Of the two, only OpenX reads the ISO form, and only with Z: an offset is refused.
    if found is None or (found[4] == "T") != (found[9] == "Z") or (found[4] == "T" and not rules.lenient):
        raise ValueError(f"{value!r} is not a timestamp")
    microseconds = int((found[8] or "").ljust(6, "0")[:6])
    year, month, day, hour, minute, second = (int(found[group]) for group in (1, 2, 3, 5, 6, 7))
    return datetime(year, month, day, hour, minute, second, microseconds)


def _array(convert: Convert, rules: Rules, value: Any) -> list[Any]:
    if not isinstance(value, list):
        if not rules.lenient:
            raise ValueError("start of array expected")
        value = [value]
    return [convert(element) for element in value]


def _map(convert: Convert, rules: Rules, value: Any) -> list[tuple[str, Any]]:
    if not isinstance(value, dict):
        raise ValueError(f"{value!r} is not an object")
    return [(rules.key(name), convert(inner)) for name, inner in value.items()]


def _struct(fields: Mapping[str, Column], rules: Rules, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{value!r} is not an object")
    found = {rules.key(name): inner for name, inner in value.items()}
    return {name: field.convert(found.get(name)) for name, field in fields.items()}
