"""Calls of intrinsic functions: their grammar.

https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from local_cloud.engines.step_functions.paths import Path, parse_at

FUNCTIONS = frozenset(
    {
        "Array",
        "ArrayContains",
        "ArrayGetItem",
        "ArrayLength",
        "ArrayPartition",
        "ArrayRange",
        "ArrayUnique",
        "Base64Decode",
        "Base64Encode",
        "Format",
        "Hash",
        "JsonMerge",
        "JsonToString",
        "MathAdd",
        "MathRandom",
        "StringSplit",
        "StringToJson",
        "UUID",
    }
)
# Escaped braces of a text, which are no places of States.Format.
OPEN, CLOSE = "\ue000", "\ue001"
_ESCAPES = {"'": "'", "\\": "\\", "{": OPEN, "}": CLOSE}
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_CALL = re.compile(r"States\.([A-Za-z0-9]+)\(")
_SPACE = re.compile(r"\s*")
_WORDS = {"true": True, "false": False, "null": None}
_MOST_NESTED = 10


@dataclass(frozen=True)
class Call:
    """A call of an intrinsic function."""

    name: str
    arguments: tuple[Call | Path | Literal, ...]


@dataclass(frozen=True)
class Literal:
    """A literal argument."""

    value: Any


def is_call(text: str) -> bool:
    return text.startswith("States.")


@lru_cache(maxsize=4096)
def parse(text: str) -> Call:
    """Parse a call.

    Raises
    ------
    ValueError
        If it is none, or of a function that does not exist.
    """
    parser = _Parser(text)
    call = parser.call(1)
    if parser.at != len(text):
        raise ValueError(f"{text!r} goes on after its call")
    return call


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self.at = 0

    def call(self, depth: int) -> Call:
        found = _CALL.match(self._text, self.at)
        if not found or found[1] not in FUNCTIONS:
            raise ValueError(f"{self._text!r} calls no intrinsic function")
        if depth > _MOST_NESTED:
            raise ValueError(f"{self._text!r} nests more than {_MOST_NESTED} intrinsic functions")
        self.at = found.end()
        arguments: list[Call | Path | Literal] = []
        if not self._take(")"):
            arguments.append(self._argument(depth))
            while self._take(","):
                arguments.append(self._argument(depth))
            if not self._take(")"):
                raise ValueError(f"{self._text!r} does not close a call")
        return Call(found[1], tuple(arguments))

    def _take(self, token: str) -> bool:
        self._space()
        if self._text.startswith(token, self.at):
            self.at += len(token)
            return True
        return False

    def _space(self) -> None:
        self.at = _SPACE.match(self._text, self.at).end()  # type: ignore[union-attr]

    def _argument(self, depth: int) -> Call | Path | Literal:
        self._space()
        rest = self._text[self.at :]
        if rest.startswith("$"):
            path, self.at = parse_at(self._text, self.at)
            return path
        if rest.startswith("States."):
            return self.call(depth + 1)
        if rest.startswith("'"):
            return Literal(self._quoted())
        for word, value in _WORDS.items():
            if rest.startswith(word):
                self.at += len(word)
                return Literal(value)
        number = _NUMBER.match(self._text, self.at)
        if not number:
            raise ValueError(f"{self._text!r} has no argument at {rest!r}")
        self.at = number.end()
        return Literal(float(number[0]) if re.search(r"[.eE]", number[0]) else int(number[0]))

    def _quoted(self) -> str:
        characters: list[str] = []
        self.at += 1
        while self.at < len(self._text):
            character = self._text[self.at]
            self.at += 1
            if character == "'":
                return "".join(characters)
            if character == "\\":
                escaped = self._text[self.at : self.at + 1]
                if escaped not in _ESCAPES:
                    raise ValueError(f"{self._text!r} escapes {escaped!r}")
                character = _ESCAPES[escaped]
                self.at += 1
            characters.append(character)
        raise ValueError(f"{self._text!r} does not close a text")
