"""The grammar of types as databases write them; what the words mean is not known here."""

from __future__ import annotations

import re
from dataclasses import dataclass

# `"`, backticks and SQL Server's brackets quote a name; empty brackets, or brackets with a number, make an array.
_TOKEN = re.compile(
    r"""'(?:[^']|'')*' | \[\s*\d*\s*\] | "[^"]*" | `[^`]*` | \[[^\]]*\] | [^\s'"`\[\]<>(),:]+ | [<>(),:]""", re.VERBOSE
)
# What follows a type in a column's definition and says nothing about its values.
_TAIL = (
    *("not", "comment", "default", "collate", "options", "encode", "primary", "references", "identity"),
    *("auto_increment", "generated", "check", "unique", "constraint", "zerofill", "charset"),
)
ARRAYS = frozenset({"array", "list"})
ROWS = frozenset({"struct", "row", "object", "record", "tuple"})
# ClickHouse's, which change nothing about the values.
WRAPPERS = frozenset({"nullable", "lowcardinality"})
_CONTAINERS = ARRAYS | ROWS | WRAPPERS | {"map", "range", "vector"}
# Deeper types are not read: no engine of a lake would either.
DEEPEST = 50


@dataclass(frozen=True, kw_only=True)
class Written:
    """A type as it is written.

    Parameters
    ----------
    name: str
        Its words in lower case, for instance `timestamp with time zone`.
    arguments: tuple of str
        What stands in parentheses, for instance `10` and `2`.
    parts: tuple of (str, Written)
        What the type is made of: an array's element, a map's key and value, a row's fields with their names.
    """

    name: str
    arguments: tuple[str, ...] = ()
    parts: tuple[tuple[str, Written], ...] = ()

    @property
    def numbers(self) -> tuple[int, ...]:
        """The arguments that are whole numbers, up to the first that is not."""
        found = (re.match(r"[+-]?\d{1,9}(?=\D|$)", argument) for argument in self.arguments)
        numbers: list[int] = []
        for match in found:
            if match is None:
                break
            numbers.append(int(match[0]))
        return tuple(numbers)


class _NotWritten(Exception):
    """The text does not follow the grammar."""


def read(text: str) -> Written | None:
    """Return the type that a text writes, None if it is in no form that is known."""
    reader = _Reader(_TOKEN.findall(text))
    try:
        written = reader.type(0)
    except _NotWritten:
        return None
    return written if reader.finished else None


class _Reader:
    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._next = 0

    @property
    def finished(self) -> bool:
        return self._next == len(self._tokens)

    def type(self, depth: int) -> Written:
        if depth > DEEPEST:
            raise _NotWritten
        words: list[str] = []
        arguments: tuple[str, ...] = ()
        parts: tuple[tuple[str, Written], ...] = ()
        dimensions = 0
        while (token := self._peek()) not in ("", ",", ")", ">", ":"):
            if token.lower() in _TAIL or (token.lower() == "null" and words):
                self._skip_tail()
            elif token == "<" or (token == "(" and " ".join(words) in _CONTAINERS and not parts):
                parts = self._parts(" ".join(words), depth)
            elif token == "(":
                # In `interval day(2) to second(6)` only the last ones count.
                arguments = self._arguments()
            elif re.fullmatch(r"\[\s*\d*\s*\]", token):
                self._next += 1
                dimensions += 1
            elif token.lower() == "array" and words:
                # Standard SQL's `integer array`.
                self._next += 1
                dimensions += 1
            else:
                self._next += 1
                words.append(_unquoted(token).lower())
        if not words or depth + dimensions > DEEPEST:
            raise _NotWritten
        written = Written(name=" ".join(words), arguments=arguments, parts=parts)
        for _ in range(dimensions):
            written = Written(name="array", parts=(("", written),))
        return written

    def _parts(self, name: str, depth: int) -> tuple[tuple[str, Written], ...]:
        closing = ">" if self._take() == "<" else ")"
        found: list[tuple[str, Written]] = []
        while self._peek() != closing:
            label = self._label() if name in ROWS else ""
            if name == "vector" and self._peek().isdigit():
                self._take()
            else:
                found.append((label or (f"field{len(found) + 1}" if name in ROWS else ""), self.type(depth + 1)))
            if self._peek() == ",":
                self._take()
            elif self._peek() != closing:
                raise _NotWritten
        self._take()
        return tuple(found)

    def _label(self) -> str:
        """Take a field's name, if it has one: BigQuery's `STRUCT<INT64>` and Trino's `row(int)` need none."""
        following = self._tokens[self._next + 1 : self._next + 2]
        if not following or following[0] in (",", ")", ">", "(", "<"):
            return ""
        label = _unquoted(self._take())
        if self._peek() == ":":
            self._take()
        return label

    def _arguments(self) -> tuple[str, ...]:
        self._take()
        found = [""]
        while (token := self._take()) != ")":
            if token == ",":
                found.append("")
            else:
                found[-1] = f"{found[-1]} {token}".strip()
        return tuple(argument for argument in found if argument)

    def _skip_tail(self) -> None:
        depth = 0
        while (token := self._peek()) and (depth or token not in (",", ")", ">")):
            depth += (token in "(<") - (token in ")>")
            self._next += 1

    def _peek(self) -> str:
        return self._tokens[self._next] if self._next < len(self._tokens) else ""

    def _take(self) -> str:
        token = self._peek()
        if not token:
            raise _NotWritten
        self._next += 1
        return token


def _unquoted(token: str) -> str:
    return token[1:-1] if token[0] in '"`[' else token
