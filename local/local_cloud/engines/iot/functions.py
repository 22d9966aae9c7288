"""Functions of the rules' SQL, each as its page documents it; every example of the page is a test.

https://docs.aws.amazon.com/iot/latest/developerguide/iot-sql-functions.html

Above 200 lines: a table of functions.
"""

from __future__ import annotations

import base64
import hashlib
import inspect
import math
import random
import re
import uuid
from collections.abc import Callable, Mapping
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import Any

from local_cloud.engines.iot.formats import formatted
from local_cloud.engines.iot.values import (
    UNDEFINED,
    NoValue,
    boolean,
    integer,
    is_number,
    loads,
    number,
    text,
    whole,
)

Function = Callable[..., Any]

REFUSED: Mapping[str, str] = {
    "aws_lambda": "it calls other services",
    "bitnot": "AWS documents bitnot(13) as 2, and not of how many bits",
    "get_dynamodb": "it calls other services",
    "get_mqtt_property": "messages of MQTT 5 have properties, and there is no MQTT here",
    "get_or_default": "AWS documents no example of it that is evaluated",
    "get_registry_data": "it calls other services",
    "get_secret": "it calls other services",
    "get_thing_shadow": "it calls other services",
    "get_user_properties": "messages of MQTT 5 have properties, and there is no MQTT here",
    "machinelearning_predict": "it calls other services",
    "md2": "no library here has it",
    "principal": "publishers are not told apart here",
    "sourceip": "publishers are not told apart here",
    "time_to_epoch": "its patterns are those of Java",
}
_FUNCTIONS: dict[str, Function] = {}
_LONGEST_PAD = 1000
_MOST_PLACES = 34
_NANVL = (UNDEFINED, None)


def _function(function: Function) -> Function:
    _FUNCTIONS[function.__name__.strip("_").replace("is_null", "isnull")] = function
    return function


def evaluate(name: str, arguments: list[Any]) -> Any:
    """Return what a function makes of its arguments; Undefined if they do not fit."""
    try:
        found = _FUNCTIONS[name](*arguments)
    except (NoValue, ArithmeticError, ValueError):
        return UNDEFINED
    return whole(found) if isinstance(found, Decimal) else found


def _of_double(function: Callable[..., float]) -> Function:
    """Return a function of doubles, whose imaginary results are Undefined."""

    def evaluated(*values: Any) -> Any:
        found = function(*(float(number(value)) for value in values))
        if not math.isfinite(found):
            raise NoValue
        return Decimal(repr(found))

    return evaluated


def _of_bits(function: Callable[[int, int], int]) -> Function:
    return lambda one, other: function(integer(one), integer(other))


def _hash(name: str) -> Function:
    return lambda value: hashlib.new(name, text(value).encode(), usedforsecurity=False).hexdigest()


_OF_MATH = ("acos", "asin", "atan", "atan2", "cos", "cosh", "exp", "sin", "sinh", "sqrt", "tan", "tanh")
_DOUBLES: Mapping[str, Callable[..., float]] = {
    **{name: getattr(math, name) for name in _OF_MATH},
    "ln": math.log,
    "log": math.log10,
    "power": math.pow,
}
_FUNCTIONS |= {name: _of_double(function) for name, function in _DOUBLES.items()}
_FUNCTIONS |= {
    "bitand": _of_bits(int.__and__),
    "bitor": _of_bits(int.__or__),
    "bitxor": _of_bits(int.__xor__),
}
_FUNCTIONS |= {name: _hash(name) for name in ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")}


@_function
def _abs(value: Any) -> Any:
    return abs(number(value))


@_function
def ceil(value: Any) -> Any:
    return Decimal(number(value)).to_integral_value(ROUND_CEILING)


@_function
def floor(value: Any) -> Any:
    return Decimal(number(value)).to_integral_value(ROUND_FLOOR)


@_function
def _round(value: Any) -> Any:
    return Decimal(number(value)).to_integral_value(ROUND_HALF_UP)


@_function
def sign(value: Any) -> Any:
    found = number(value)
    return (found > 0) - (found < 0)


@_function
def trunc(value: Any, places: Any) -> Any:
    digits = min(max(integer(places), 0), _MOST_PLACES)
    found = Decimal(number(value))
    if -found.as_tuple().exponent <= digits:  # type: ignore[operator]
        return found
    return found.quantize(Decimal(1).scaleb(-digits), ROUND_DOWN).normalize()


@_function
def mod(value: Any, by: Any) -> Any:
    # With the sign of the first, as Java's remainder has it; int's would have that of the second.
    return Decimal(number(value)) % Decimal(number(by))


_FUNCTIONS["remainder"] = mod


@_function
def nanvl(value: Any, otherwise: Any) -> Any:
    return otherwise if value in _NANVL else value


@_function
def rand() -> Any:
    return Decimal(repr(random.random()))


@_function
def _chr(value: Any) -> Any:
    code = integer(value)
    if not 0 <= code < 128:
        raise NoValue
    return chr(code)


@_function
def concat(*values: Any) -> Any:
    if not values:
        raise NoValue
    if any(isinstance(value, list) for value in values):
        return [item for value in values for item in (value if isinstance(value, list) else [value])]
    return "".join(map(text, values))


@_function
def decode(value: Any, scheme: Any) -> Any:
    _check_scheme(scheme)
    try:
        decoded = base64.b64decode(text(value), validate=True)
        found = loads(decoded)
        return decoded.decode() if found is UNDEFINED else found
    except ValueError:
        return None


@_function
def encode(value: Any, scheme: Any) -> Any:
    _check_scheme(scheme)
    return base64.b64encode(value if isinstance(value, bytes) else text(value).encode()).decode()


def _check_scheme(scheme: Any) -> None:
    if scheme != "base64":
        raise NoValue


@_function
def endswith(value: Any, end: Any) -> Any:
    return text(value).endswith(text(end))


@_function
def startswith(value: Any, start: Any) -> Any:
    return text(value).startswith(text(start))


@_function
def get(value: Any, key: Any) -> Any:
    if isinstance(value, dict):
        return value.get(key, UNDEFINED) if isinstance(key, str) else UNDEFINED
    if not isinstance(value, (list, str)):
        raise NoValue
    if isinstance(value, str):
        # The table of the page counts from 0, and its example, get("abc", 1) = "a", from 1.
        raise UndocumentedError("get() of a text, for which AWS's table and example differ")
    place = integer(key)
    return value[place] if 0 <= place < len(value) else UNDEFINED


class UndocumentedError(Exception):
    """An evaluation whose result AWS does not document."""


@_function
def indexof(value: Any, part: Any) -> Any:
    return text(value).find(text(part))


@_function
def is_null(value: Any) -> Any:
    return value is None


@_function
def isundefined(value: Any) -> Any:
    return value is UNDEFINED


@_function
def length(value: Any) -> Any:
    return len(text(value))


@_function
def lower(value: Any) -> Any:
    return text(value).lower()


@_function
def upper(value: Any) -> Any:
    return text(value).upper()


def _spaces(count: Any) -> str:
    return " " * min(max(integer(count), 0), _LONGEST_PAD)


@_function
def lpad(value: Any, count: Any) -> Any:
    return _spaces(count) + text(value)


@_function
def rpad(value: Any, count: Any) -> Any:
    return text(value) + _spaces(count)


@_function
def ltrim(value: Any) -> Any:
    return text(value).lstrip(" \t")


@_function
def rtrim(value: Any) -> Any:
    return text(value).rstrip(" \t")


@_function
def trim(value: Any) -> Any:
    return text(value).strip()


@_function
def newuuid() -> Any:
    return str(uuid.uuid4())


@_function
def numbytes(value: Any) -> Any:
    return len(text(value).encode())


@_function
def parse_time(pattern: Any, milliseconds: Any, zone: Any = "UTC") -> Any:
    return formatted(text(pattern), integer(milliseconds), text(zone))


@_function
def regexp_matches(value: Any, pattern: Any) -> Any:
    return _pattern(pattern).search(text(value)) is not None


@_function
def regexp_replace(value: Any, pattern: Any, by: Any) -> Any:
    # Java's $1 is Python's \g<1>.
    replacement = re.sub(r"\$(\d)", r"\\g<\1>", text(by).replace("\\", "\\\\"))
    return _pattern(pattern).sub(replacement, text(value))


@_function
def regexp_substr(value: Any, pattern: Any) -> Any:
    found = _pattern(pattern).search(text(value))
    return found[0] if found else UNDEFINED


def _pattern(value: Any) -> re.Pattern[str]:
    try:
        return re.compile(text(value))
    except re.error:
        raise NoValue from None


@_function
def replace(value: Any, part: Any, by: Any) -> Any:
    return text(value).replace(text(part), text(by))


@_function
def substring(value: Any, start: Any, end: Any = None) -> Any:
    found = text(value)
    first = max(integer(start), 0)
    return found[first:] if end is None else found[first : max(integer(end), 0)]


@_function
def transform(mode: Any, added: Any, items: Any) -> Any:
    fits = isinstance(added, dict) and isinstance(items, list) and all(isinstance(item, dict) for item in items)
    if mode != "enrichArray" or not fits:
        raise NoValue
    return [{**item, **added} for item in items]


def cast(kind: str, value: Any) -> Any:
    """Return a value as one of another type; numbers become truth values and the other way round."""
    try:
        if kind == "string":
            return text(value)
        if kind == "boolean":
            return value != 0 if is_number(value) else boolean(value)
        given = int(value) if isinstance(value, bool) else value
        return number(given) if kind == "decimal" else integer(given)
    except NoValue:
        return UNDEFINED


# What a message says of itself.
OF_MESSAGES = ("accountid", "clientid", "sql_version", "timestamp", "topic", "traceid")
ARGUMENTS: dict[str, tuple[int, float]] = {**dict.fromkeys(OF_MESSAGES, (0, 0)), "topic": (0, 1)}
"""Numbers of arguments that each function takes, the least and the most."""
for _name, _taken in _FUNCTIONS.items():
    if _name in _DOUBLES:
        ARGUMENTS[_name] = (2, 2) if _name in ("atan2", "power") else (1, 1)
        continue
    _parameters = inspect.signature(_taken).parameters.values()
    _needed = sum(one.default is one.empty and one.kind is not one.VAR_POSITIONAL for one in _parameters)
    _any_number = any(one.kind is one.VAR_POSITIONAL for one in _parameters)
    ARGUMENTS[_name] = (_needed, math.inf if _any_number else len(_parameters))
