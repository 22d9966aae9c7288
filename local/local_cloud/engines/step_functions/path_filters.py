"""Filters of a JSONPath, such as `[?(@.price < 10 && @.genre == 'comedy')]`."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any

Predicate = Callable[[Any, Any], bool]
_Value = Callable[[Any, Any], Any]

_SPACE = re.compile(r"\s*")
_LITERAL = re.compile(
    r"'(?P<single>(?:[^'\\]|\\.)*)'|\"(?P<double>(?:[^\"\\]|\\.)*)\"|(?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)"
    r"|(?P<word>true|false|null)\b"
)
_REGEX = re.compile(r"/((?:[^/\\]|\\.)*)/(i?)")
_OPERATOR = re.compile(r"==|!=|<=|>=|<|>|=~|(?:in|nin)\b")
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_NOTHING = object()


def parse_filter(text: str, start: int, parse_path: Callable[[str, int], tuple[Any, int]]) -> tuple[Predicate, int]:
    """Parse the filter that begins there; return it and where it ends, which is before its bracket.

    Raises
    ------
    ValueError
        If it cannot be read.
    """
    parser = _Parser(text, start, parse_path)
    predicate = parser.either()
    parser.space()
    return predicate, parser.at


class _Parser:
    def __init__(self, text: str, at: int, parse_path: Callable[[str, int], tuple[Any, int]]) -> None:
        self.text = text
        self.at = at
        self._parse_path = parse_path

    def space(self) -> None:
        self.at = _SPACE.match(self.text, self.at).end()  # type: ignore[union-attr]

    def _take(self, token: str) -> bool:
        self.space()
        if self.text.startswith(token, self.at):
            self.at += len(token)
            return True
        return False

    def either(self) -> Predicate:
        left = self._both()
        while self._take("||"):
            left = _either(left, self._both())
        return left

    def _both(self) -> Predicate:
        left = self._single()
        while self._take("&&"):
            left = _both(left, self._single())
        return left

    def _single(self) -> Predicate:
        if self._take("!"):
            inner = self._single()
            return lambda item, document: not inner(item, document)
        if self._take("("):
            inner = self.either()
            if not self._take(")"):
                raise ValueError(f"a filter is not closed in the JSONPath {self.text!r}")
            return inner
        return self._comparison()

    def _comparison(self) -> Predicate:
        left = self._value()
        self.space()
        found = _OPERATOR.match(self.text, self.at)
        if not found:
            return lambda item, document: left(item, document) is not _NOTHING
        self.at = found.end()
        if found[0] == "=~":
            return self._matches(left)
        right = self._list() if found[0] in {"in", "nin"} else self._value()
        return lambda item, document: _compare(found[0], left(item, document), right(item, document))

    def _matches(self, left: _Value) -> Predicate:
        self.space()
        found = _REGEX.match(self.text, self.at)
        if not found:
            raise ValueError(f"a regular expression is missing in the JSONPath {self.text!r}")
        self.at = found.end()
        pattern = re.compile(found[1], re.IGNORECASE if found[2] else 0)

        def matches(item: Any, document: Any) -> bool:
            value = left(item, document)
            return isinstance(value, str) and pattern.fullmatch(value) is not None

        return matches

    def _list(self) -> _Value:
        if not self._take("["):
            return self._value()
        values = [self._value()]
        while self._take(","):
            values.append(self._value())
        if not self._take("]"):
            raise ValueError(f"a list is not closed in the JSONPath {self.text!r}")
        return lambda item, document: [value(item, document) for value in values]

    def _value(self) -> _Value:
        self.space()
        if self.text[self.at : self.at + 1] in {"@", "$"}:
            return self._path()
        found = _LITERAL.match(self.text, self.at)
        if not found:
            raise ValueError(f"the JSONPath {self.text!r} cannot be read from {self.text[self.at :]!r} on")
        self.at = found.end()
        value = _literal(found)
        return lambda _item, _document: value

    def _path(self) -> _Value:
        from_item = self.text[self.at] == "@"
        path, self.at = self._parse_path(self.text, self.at)
        steps = path.steps

        def value(item: Any, document: Any) -> Any:
            found = [item if from_item else document]
            for step in steps:
                found = [other for each in found for other in step.find(each, document)]
            if not path.is_definite:
                return found
            return found[0] if found else _NOTHING

        return value


def _either(left: Predicate, right: Predicate) -> Predicate:
    return lambda item, document: left(item, document) or right(item, document)


def _both(left: Predicate, right: Predicate) -> Predicate:
    return lambda item, document: left(item, document) and right(item, document)


def _literal(found: re.Match[str]) -> Any:
    if found["word"]:
        return {"true": True, "false": False, "null": None}[found["word"]]
    if found["number"]:
        return float(found["number"]) if re.search(r"[.eE]", found["number"]) else int(found["number"])
    text = found["single"] if found["single"] is not None else found["double"]
    return re.sub(r"\\(.)", r"\1", text)


def _compare(sign: str, left: Any, right: Any) -> bool:
    if sign in {"in", "nin"}:
        return (isinstance(right, list) and left in right) is (sign == "in")
    if sign in {"==", "!="}:
        equal = left == right and isinstance(left, bool) == isinstance(right, bool)
        return equal is (sign == "==")
    numbers = all(isinstance(side, (int, float)) and not isinstance(side, bool) for side in (left, right))
    texts = isinstance(left, str) and isinstance(right, str)
    return (numbers or texts) and _COMPARE[sign](left, right)
