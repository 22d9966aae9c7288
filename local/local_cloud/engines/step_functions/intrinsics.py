"""Intrinsic functions of the States Language: what they calculate.

https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html

Above 200 lines: a function for each intrinsic function, with its refusals.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import math
import random
import re
import uuid
from collections.abc import Callable
from typing import Any

from local_cloud.engines.step_functions.errors import INTRINSIC_FAILURE, StateError
from local_cloud.engines.step_functions.intrinsic_calls import CLOSE, OPEN, Call, Literal
from local_cloud.engines.step_functions.json_text import compact, kind_of
from local_cloud.engines.step_functions.paths import Path

_MOST_CHARACTERS = 10_000
_MOST_ITEMS = 1_000
_HASHES = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}


def evaluate(call: Call, find: Callable[[Path], Any]) -> Any:
    """Return the value of a call.

    Parameters
    ----------
    call: Call
        What `parse` returned.
    find: Callable[[Path], Any]
        Returns the value to which a path of the arguments leads.

    Raises
    ------
    StateError
        `States.IntrinsicFailure`.
    """

    def value_of(argument: Call | Path | Literal) -> Any:
        if isinstance(argument, Call):
            return evaluate(argument, find)
        return find(argument) if isinstance(argument, Path) else argument.value

    values = [value_of(argument) for argument in call.arguments]
    if call.name != "Format":
        values = [_unmark(value) for value in values]
    function, fewest, most = _FUNCTIONS[call.name]
    if not fewest <= len(values) <= most:
        raise StateError(INTRINSIC_FAILURE, f"Invalid number of arguments for States.{call.name}: {len(values)}")
    try:
        return function(*values)
    except (TypeError, ValueError, IndexError) as error:
        raise StateError(INTRINSIC_FAILURE, f"Invalid arguments in States.{call.name}: {error}") from None


def _unmark(value: Any) -> Any:
    return value.replace(OPEN, "{").replace(CLOSE, "}") if isinstance(value, str) else value


def _format(template: Any, *values: Any) -> str:
    parts = _text(template).split("{}")
    if len(parts) != len(values) + 1:
        raise ValueError(f"{len(parts) - 1} places for {len(values)} values")
    shown = [_shown(value) for value in values]
    texts = [part + value for part, value in zip(parts, [*shown, ""], strict=True)]
    return str(_unmark("".join(texts)))


def _shown(value: Any) -> str:
    """Return a value as Step Functions formats it: an array or object as Java does, without quotation marks."""
    if isinstance(value, str):
        return str(_unmark(value))
    if isinstance(value, list):
        return f"[{', '.join(map(_shown, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}={_shown(each)}' for key, each in value.items())}}}"
    return compact(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"a string is needed, got {kind_of(value)}")
    return value


def _short(value: Any) -> str:
    if len(_text(value)) > _MOST_CHARACTERS:
        raise ValueError(f"a string may have {_MOST_CHARACTERS} characters, got {len(value)}")
    return str(value)


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError(f"an array is needed, got {kind_of(value)}")
    return value


def _integer(value: Any) -> int:
    """Return the nearest integer."""
    if kind_of(value) != "number":
        raise TypeError(f"a number is needed, got {kind_of(value)}")
    nearest: int = math.floor(value + 0.5)
    return nearest


def _partition(items: Any, size: Any) -> list[list[Any]]:
    width = _integer(size)
    if width < 1:
        raise ValueError(f"the size of a chunk must be positive, got {size}")
    return [_list(items)[start : start + width] for start in range(0, len(_list(items)), width)]


def _range(first: Any, last: Any, step: Any) -> list[int]:
    width = _integer(step)
    values = range(_integer(first), _integer(last) + (1 if width > 0 else -1), width)
    if len(values) > _MOST_ITEMS:
        raise ValueError(f"a range may have {_MOST_ITEMS} items, got {len(values)}")
    return list(values)


def _get_item(items: Any, index: Any) -> Any:
    at = _integer(index)
    if not 0 <= at < len(_list(items)):
        raise IndexError(f"there is no index {at} in an array of {len(items)}")
    return items[at]


def same(one: Any, other: Any) -> bool:
    """Tell whether two values are the same JSON; in Python, `True` is also 1."""
    if isinstance(one, bool) != isinstance(other, bool):
        return False
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(same(a, b) for a, b in zip(one, other, strict=True))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return bool(one == other)


def _unique(items: Any) -> list[Any]:
    found: list[Any] = []
    for item in _list(items):
        if not any(same(item, other) for other in found):
            found.append(item)
    return found


def _decode(text: Any) -> str:
    try:
        return base64.b64decode(_short(text), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise ValueError(str(error)) from None


def _hash(data: Any, algorithm: Any) -> str:
    if algorithm not in _HASHES:
        raise ValueError(f"the algorithm must be one of {', '.join(_HASHES)}, got {algorithm}")
    text = data if isinstance(data, str) else compact(data)
    return hashlib.new(_HASHES[algorithm], _short(text).encode()).hexdigest()


def _merge(one: Any, other: Any, deep: Any) -> dict[str, Any]:
    if deep is not False:
        raise ValueError("only the shallow merge exists: the third argument must be false")
    if not isinstance(one, dict) or not isinstance(other, dict):
        raise TypeError("two objects are needed")
    return {**one, **other}


def _random(first: Any, end: Any, *seed: Any) -> int:
    start, stop = _integer(first), _integer(end)
    source = random.Random(_integer(seed[0])) if seed else random.Random()
    return int(source.randrange(start, stop))


def _split(text: Any, delimiters: Any) -> list[str]:
    if not _text(delimiters):
        return [_text(text)] if text else []
    return [part for part in re.split(f"[{re.escape(delimiters)}]", _text(text)) if part]


_ANY = 1_000
_FUNCTIONS: dict[str, tuple[Callable[..., Any], int, int]] = {
    "Array": (lambda *items: list(items), 0, _ANY),
    "ArrayContains": (lambda items, value: any(same(item, value) for item in _list(items)), 2, 2),
    "ArrayGetItem": (_get_item, 2, 2),
    "ArrayLength": (lambda items: len(_list(items)), 1, 1),
    "ArrayPartition": (_partition, 2, 2),
    "ArrayRange": (_range, 3, 3),
    "ArrayUnique": (_unique, 1, 1),
    "Base64Decode": (_decode, 1, 1),
    "Base64Encode": (lambda text: base64.b64encode(_short(text).encode()).decode(), 1, 1),
    "Format": (_format, 1, _ANY),
    "Hash": (_hash, 2, 2),
    "JsonMerge": (_merge, 3, 3),
    "JsonToString": (compact, 1, 1),
    "MathAdd": (lambda one, other: _integer(one) + _integer(other), 2, 2),
    "MathRandom": (_random, 2, 3),
    "StringSplit": (_split, 2, 2),
    # As recorded, nothing is null.
    "StringToJson": (lambda text: json.loads(text) if _text(text).strip() else None, 1, 1),
    "UUID": (lambda: str(uuid.uuid4()), 0, 0),
}
