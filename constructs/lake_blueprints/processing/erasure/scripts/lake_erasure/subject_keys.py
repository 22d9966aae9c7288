"""The keys of the persons who are erased, as text in the spelling of each type."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

# Sign and digits of a whole number; Python reads no more than 4,300 digits, and no key has as many.
_INTEGER = re.compile(r"([+-]?)0*(\d{1,1000})")


def canonical(value: Any, kind: str) -> str | None:
    """Return a value as the text of its type, None if it is no value of it.

    Numbers are compared as numbers, so that `"007"` of a record that was refused is the 7 of a bigint; text is compared
    as it is.
    """
    if value is None or isinstance(value, dict | list | tuple):
        return None
    if isinstance(value, bool):
        value = json.dumps(value)
    if kind == "string":
        return str(value)
    # Raw Parquet may have whole numbers as fractions.
    found = _INTEGER.fullmatch((str(int(value)) if _is_whole(value) else str(value)).strip())
    return str(int("".join(found.groups()))) if found else None


def _is_whole(value: Any) -> bool:
    if isinstance(value, Decimal):
        return bool(value == value.to_integral_value())
    return isinstance(value, float) and value.is_integer()


@dataclass(frozen=True, kw_only=True)
class SubjectKeys:
    """Keys, as texts.

    Parameters
    ----------
    texts: frozenset of str
        The keys in the spelling of their type.
    kind: str
        The type: string, or that of a whole number.
    """

    texts: frozenset[str]
    kind: str

    @classmethod
    def of(cls, given: Iterable[Any], kind: str) -> SubjectKeys:
        """Return keys as values of a type; what is no value of it is in no column of it."""
        return cls(texts=frozenset(text for key in given if (text := canonical(key, kind)) is not None), kind=kind)

    def __repr__(self) -> str:
        # Whatever shows it, a log or a traceback, shows no key.
        return f"SubjectKeys({len(self.texts)} of type {self.kind})"

    def __contains__(self, value: Any) -> bool:
        return canonical(value, self.kind) in self.texts

    def anywhere(self, text: str) -> bool:
        """Tell whether a key stands in a text, not as a part of a longer word or number."""
        return bool(self.texts) and bool(self._pattern.search(text))

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        spelled = {form for text in self.texts for form in (text, json.dumps(text)[1:-1])}
        longest_first = sorted(spelled, key=lambda form: (-len(form), form))
        return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)")
