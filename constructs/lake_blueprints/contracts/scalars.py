"""Physical types without parts: what a word means for a system, and with how many digits or characters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lake_blueprints.contracts.type_text import Written
from lake_blueprints.contracts.type_words import (
    DIGITS,
    NANOSECONDS,
    SYSTEMS,
    TOO_MANY_DIGITS,
    UNKNOWN_DIGITS,
    WORDS,
    Meaning,
)
from lake_blueprints.contracts.types import DECIMAL_DIGITS_MAX, ScalarType

_MICROSECONDS = 6
# Digits after the point where there are more than 38 in all.
_MOST_SCALE = 18
# Of SQL's FLOAT(p), in bits.
_FOUR_BYTES = 24
_UUIDS = frozenset({"uuid", "uniqueidentifier", "guid"})
_UUID_LENGTH = 36

Scalar = tuple[ScalarType, tuple[str, ...]]


def meaning_of(stored: Written, system: str) -> Meaning | None:
    """Return what a physical type means for a system, None if nobody knows its name."""
    if stored.name == "bit":
        single = system == "sqlserver" or stored.numbers in ((), (1,))
        return Meaning("boolean") if single else Meaning("string", "kept as text of zeros and ones")
    if stored.name == "float" and stored.numbers and system not in ("mysql", "oracle"):
        return Meaning("float" if stored.numbers[0] <= _FOUR_BYTES else "double")
    for words in (SYSTEMS.get(system, {}), WORDS):
        # Kafka and Protobuf write the whole name of a class.
        for name in (stored.name, stored.name.rpartition(".")[2]):
            if name in words:
                return words[name]
    return None


def scalar(meaning: Meaning, stored: Written, system: str, prop: Mapping[str, Any]) -> Scalar:
    """Return the lake's type of a meaning, sized by the type as written and by the property, and its notes."""
    notes = (meaning.note,) if meaning.note else ()
    name, _, digits = meaning.type.partition("(")
    if digits:
        precision, scale = (int(part) for part in digits.rstrip(")").split(","))
        return ScalarType("decimal", precision=precision, scale=scale), notes
    if name == "decimal":
        return _decimal(stored, system, prop)
    if name == "string":
        longest = (prop.get("logicalTypeOptions") or {}).get("maxLength")
        return ScalarType("string", length=longest or _length(stored)), notes
    if name == "timestamp" and stored.numbers and stored.numbers[0] > _MICROSECONDS:
        notes = (NANOSECONDS,)
    return ScalarType(name), notes


def _decimal(stored: Written, system: str, prop: Mapping[str, Any]) -> Scalar:
    numbers = stored.numbers or _custom_digits(prop)
    if numbers:
        precision, scale = numbers[0], numbers[1] if len(numbers) > 1 else 0
    elif prop.get("logicalType") == "integer":
        precision, scale = DECIMAL_DIGITS_MAX, 0
    elif stored.name in ("bignumeric", "bigdecimal"):
        precision, scale = 76, 38
    elif system in DIGITS:
        precision, scale = DIGITS[system]
    else:
        return ScalarType("decimal", precision=DECIMAL_DIGITS_MAX, scale=_MOST_SCALE), (UNKNOWN_DIGITS,)
    # Oracle and PostgreSQL round NUMBER(5,-2) to hundreds, and hold 0.00012 in NUMBER(2,5).
    precision = max(precision - min(scale, 0), scale, 1)
    scale = max(scale, 0)
    if precision <= DECIMAL_DIGITS_MAX:
        return ScalarType("decimal", precision=precision, scale=scale), ()
    scale = min(scale, _MOST_SCALE)
    return ScalarType("decimal", precision=DECIMAL_DIGITS_MAX, scale=scale), (TOO_MANY_DIGITS,)


def _custom_digits(prop: Mapping[str, Any]) -> tuple[int, ...]:
    """Return precision and scale of the custom properties as which some tools write them."""
    given = {entry.get("property"): entry.get("value") for entry in prop.get("customProperties") or []}
    digits = [str(given.get("precision")), str(given.get("scale") or 0)]
    return tuple(map(int, digits)) if all(re.fullmatch(r"\d{1,3}", digit) for digit in digits) else ()


def _length(stored: Written) -> int | None:
    if stored.name in _UUIDS:
        return _UUID_LENGTH
    return stored.numbers[0] if stored.numbers and stored.numbers[0] > 0 else None
