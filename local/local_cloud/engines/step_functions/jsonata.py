"""JSONata as Step Functions speaks it: the language, and the functions that Step Functions adds."""

from __future__ import annotations

import hashlib
import json
import random
import uuid
from typing import Any

import jsonata

_HASHES = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}


def evaluate(expression: str) -> Any:
    """Evaluate a JSONata expression; return plain JSON."""
    program = jsonata.Jsonata(expression)
    for name, function in _FUNCTIONS.items():
        program.register_lambda(name, function)
    return json.loads(json.dumps(program.evaluate(None)))


def declare(bindings: dict[str, Any]) -> str:
    """Return the JSONata that binds each variable to its value."""
    return "".join(f"{name}:={json.dumps(value, default=str)};" for name, value in bindings.items())


def _partition(items: list[Any], size: float) -> list[list[Any]]:
    width = int(size)
    return [items[start : start + width] for start in range(0, len(items), width)]


def _range(first: float, last: float, step: float) -> list[float]:
    values, value = [], first
    while (value <= last) if step > 0 else (value >= last):
        values.append(value)
        value += step
    return values


def _hash(text: str, algorithm: str) -> str:
    return hashlib.new(_HASHES[algorithm], text.encode()).hexdigest()


# https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
_FUNCTIONS = {
    "partition": _partition,
    "range": _range,
    "hash": _hash,
    "random": lambda seed=None: random.Random(seed).random(),
    "uuid": lambda: str(uuid.uuid4()),
    "parse": json.loads,
}
