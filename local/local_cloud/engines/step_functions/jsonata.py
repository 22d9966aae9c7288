"""JSONata as Step Functions speaks it: the language, the functions that Step Functions adds, and no `$eval`.

https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
"""

from __future__ import annotations

import hashlib
import json
import random
import re
import uuid
from typing import Any

import jsonata
from jsonata.utils import Utils

from local_cloud.engines.step_functions.json_text import kind_of

_HASHES = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}
_EXPRESSION = re.compile(r"\{%(.*)%\}", re.DOTALL)
# As many numbers as fit into a range of JSONata itself.
_MOST_ITEMS = 10_000_000
# JavaScript writes greater numbers with an exponent.
_GREATEST_WHOLE = 1e21


class QueryError(Exception):
    """An expression that cannot be evaluated, in JSONata's words."""


class UndefinedError(QueryError):
    """An expression whose value is nothing."""


def expression_of(text: str) -> str | None:
    """Return the JSONata of `{% … %}`, None for any other text."""
    found = _EXPRESSION.fullmatch(text)
    return found[1].strip() if found else None


def check(expression: str) -> None:
    """Raise a `QueryError` if that is no JSONata."""
    try:
        program = jsonata.Jsonata(expression)
    except Exception as error:
        raise QueryError(_words(error)) from None
    if program.get_errors():
        raise QueryError(str(program.get_errors()[0]))


def evaluate(expression: str, bindings: dict[str, Any]) -> Any:
    """Evaluate an expression.

    Parameters
    ----------
    expression: str
        JSONata, without its braces.
    bindings: dict[str, Any]
        Values by the names of their variables.

    Raises
    ------
    QueryError
        If it cannot be evaluated, or its value is not JSON.
    UndefinedError
        If it has no value.
    """
    try:
        program = jsonata.Jsonata(expression)
        program.set_output_convert_nulls(False)
        for name, function in _FUNCTIONS.items():
            program.register_lambda(name, function)
        # Step Functions has none: a variable without a value hides it.
        program.assign("eval", None)
        for name, value in bindings.items():
            if f"${name}" in expression:
                program.assign(name, _with_nulls(value))
        value = program.evaluate(None)
    except Exception as error:
        raise QueryError(f"threw an error during evaluation. {_words(error)}") from None
    if value is None:
        raise UndefinedError("returned nothing (undefined).")
    return _plain(value)


def _words(error: Exception) -> str:
    code = getattr(error, "error", None)
    return f"{code}: {error}" if code else f"{type(error).__name__}: {error}"


def _with_nulls(value: Any) -> Any:
    """Return a copy in which null is JSONata's, for whose library None is nothing."""
    if value is None:
        return Utils.NULL_VALUE
    if isinstance(value, dict):
        return {key: _with_nulls(each) for key, each in value.items()}
    return [_with_nulls(each) for each in value] if isinstance(value, list) else value


def _plain(value: Any) -> Any:
    if value is Utils.NULL_VALUE:
        return None
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items() if each is not None}
    if isinstance(value, (list, tuple, range)) or type(value).__name__ == "RangeList":
        return [_plain(each) for each in value if each is not None]
    if isinstance(value, float) and value.is_integer() and abs(value) < _GREATEST_WHOLE:
        return int(value)
    if isinstance(value, (str, bool, int, float)):
        return value
    raise QueryError("returned an unsupported result type.")


def _numbers(*values: Any) -> None:
    for value in values:
        if kind_of(_plain(value)) != "number":
            raise TypeError(f"a number is needed, got {value}")


def _partition(items: Any, size: float) -> list[Any]:
    _numbers(size)
    width = int(size)
    if not isinstance(items, list) or width < 1:
        raise TypeError("$partition needs an array and a positive size")
    return [items[start : start + width] for start in range(0, len(items), width)]


def _range(first: float, last: float, step: float) -> list[float]:
    _numbers(first, last, step)
    if not step or abs((last - first) / step) > _MOST_ITEMS:
        raise ValueError(f"$range needs a step, with at most {_MOST_ITEMS} numbers")
    count = int((last - first) / step) + 1
    return [first + step * at for at in range(max(count, 0) if (last - first) / step >= 0 else 0)]


def _hash(text: str, algorithm: str) -> str:
    if not isinstance(text, str) or algorithm not in _HASHES:
        raise TypeError(f"$hash needs a string and one of {', '.join(_HASHES)}")
    return hashlib.new(_HASHES[algorithm], text.encode()).hexdigest()


def _random(*seed: float) -> float:
    _numbers(*seed)
    return random.Random(*seed).random()


_FUNCTIONS = {
    "partition": _partition,
    "range": _range,
    "hash": _hash,
    "random": _random,
    "uuid": lambda: str(uuid.uuid4()),
    "parse": lambda text: _with_nulls(json.loads(text)),
}
