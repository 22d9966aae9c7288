"""JSONPath as Step Functions speaks it: paths that find values, and Reference Paths that put them.

A path of names and single indexes leads to one value, or to none, which is an error; any other leads to a list.
https://docs.aws.amazon.com/step-functions/latest/dg/amazon-states-language-paths.html

Above 200 lines: the grammar of paths in one piece.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from local_cloud.engines.step_functions.path_filters import parse_filter

_NAME = re.compile(r"[^\s.\[\]()'\",?*&|=<>!~]+")
_ROOT = re.compile(r"\$\$|\$(?P<variable>[A-Za-z_][A-Za-z0-9_]*)|[$@]")
_QUOTED = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"")
_SLICE = re.compile(r"(-?\d+)?\s*:\s*(-?\d+)?(?:\s*:\s*(-?\d+)?)?")
_INDEXES = re.compile(r"-?\d+(?:\s*,\s*-?\d+)*")

Find = Callable[[Any, Any], Iterator[Any]]


class NothingFoundError(Exception):
    """A path leads nowhere."""


@dataclass(frozen=True)
class Step:
    """One step of a path: what it finds below a value, and whether that is one value at most."""

    text: str
    find: Find
    key: str | int | None = None


@dataclass(frozen=True)
class Path:
    """A JSONPath."""

    text: str
    root: str
    variable: str | None
    steps: tuple[Step, ...]

    @property
    def is_definite(self) -> bool:
        return all(step.key is not None for step in self.steps)

    @property
    def is_reference(self) -> bool:
        """Whether it can say where a value is put."""
        return self.is_definite and all(isinstance(step.key, str) or step.key >= 0 for step in self.steps)  # type: ignore[operator]

    def find(self, document: Any) -> Any:
        """Return the value to which it leads in `document`, or the list of all values if there may be several.

        Raises
        ------
        NothingFoundError
            With the reason, if it leads to no value.
        """
        found = [document]
        for at, step in enumerate(self.steps):
            found = [other for value in found for other in step.find(value, document)]
            if not found and self.is_definite:
                way = "$" + "".join(part.text for part in self.steps[: at + 1])
                last = at == len(self.steps) - 1
                raise NothingFoundError(f"No results for path: {way}" if last else f"Missing property in path {way}")
        return found[0] if self.is_definite else found


def put(document: Any, path: Path, value: Any) -> Any:
    """Return `document` with `value` at a Reference Path; objects on the way there are made.

    Raises
    ------
    NothingFoundError
        If something on the way is no object, or an array has no such index.
    """
    return _put(document, [step.key for step in path.steps], value)


def _put(document: Any, keys: list[Any], value: Any) -> Any:
    if not keys:
        return value
    key, rest = keys[0], keys[1:]
    if isinstance(key, int):
        if not isinstance(document, list) or key >= len(document):
            raise NothingFoundError(f"there is no index {key}")
        return [*document[:key], _put(document[key], rest, value), *document[key + 1 :]]
    if not isinstance(document, dict):
        raise NothingFoundError(f"{key!r} is not in an object")
    return {**document, key: _put(document.get(key, {}), rest, value)}


@lru_cache(maxsize=4096)
def parse(text: str) -> Path:
    """Parse a JSONPath.

    Raises
    ------
    ValueError
        If it is none, or uses what is not supported.
    """
    path, end = parse_at(text, 0)
    if end != len(text):
        raise ValueError(f"the JSONPath {text!r} cannot be read from {text[end:]!r} on")
    return path


def parse_at(text: str, start: int) -> tuple[Path, int]:
    """Parse the path that begins there; return it and where it ends."""
    root = _ROOT.match(text, start)
    if not root:
        raise ValueError(f"a JSONPath begins with $, got {text[start:]!r}")
    at, steps = root.end(), []
    while at < len(text) and text[at] in ".[":
        step, at = _step(text, at)
        steps.append(step)
    if text[at : at + 1] == "(":
        raise ValueError(f"functions in a JSONPath are not supported: {text!r}")
    kind = "variable" if root["variable"] else root[0]
    return Path(text[start:at], kind, root["variable"], tuple(steps)), at


def _step(text: str, at: int) -> tuple[Step, int]:
    if text.startswith("..", at):
        return _deep_step(text, at)
    if text[at] == ".":
        if text.startswith("*", at + 1):
            return Step(".*", _every), at + 2
        name = _NAME.match(text, at + 1)
        if not name:
            raise ValueError(f"a name is missing in the JSONPath {text!r}")
        return _named([name[0]]), name.end()
    return _bracket(text, at)


def _deep_step(text: str, at: int) -> tuple[Step, int]:
    follows = text[at + 2 : at + 3]
    inner, end = _step(text, at + 2) if follows == "[" else _step(text, at + 1)

    def find(value: Any, document: Any) -> Iterator[Any]:
        yield from inner.find(value, document)
        for child in _every(value, document):
            yield from find(child, document)

    return Step(f"..{inner.text}", find), end


def _bracket(text: str, at: int) -> tuple[Step, int]:
    inner = at + 1
    if text.startswith("*", inner):
        return Step("[*]", _every), _closed(text, inner + 1)
    if text.startswith("?(", inner):
        predicate, end = parse_filter(text, inner + 2, parse_at)

        def chosen(value: Any, document: Any) -> Iterator[Any]:
            candidates = value if isinstance(value, list) else [value]
            return (each for each in candidates if predicate(each, document))

        if text[end : end + 1] != ")":
            raise ValueError(f"a filter is not closed in the JSONPath {text!r}")
        return Step(text[at : end + 2], chosen), _closed(text, end + 1)
    if quoted := _QUOTED.match(text, inner):
        names, end = [], inner
        while quoted:
            names.append(re.sub(r"\\(['\\])", r"\1", quoted[1] if quoted[1] is not None else quoted[2]))
            end = quoted.end()
            comma = re.compile(r"\s*,\s*").match(text, end)
            quoted = _QUOTED.match(text, comma.end()) if comma else None
        return _named(names), _closed(text, end)
    if sliced := _SLICE.match(text, inner):
        bounds = slice(*(int(part) if part else None for part in sliced.groups()))
        return Step(f"[{sliced[0]}]", lambda value, _: iter(_list(value)[bounds])), _closed(text, sliced.end())
    if indexes := _INDEXES.match(text, inner):
        return _indexed([int(part) for part in indexes[0].split(",")]), _closed(text, indexes.end())
    raise ValueError(f"the JSONPath {text!r} cannot be read from {text[at:]!r} on")


def _closed(text: str, at: int) -> int:
    if text[at : at + 1] != "]":
        raise ValueError(f"a bracket is not closed in the JSONPath {text!r}")
    return at + 1


def _named(names: list[str]) -> Step:
    def find(value: Any, _: Any) -> Iterator[Any]:
        return (value[name] for name in names if isinstance(value, dict) and name in value)

    text = "".join(f"['{name}']" for name in names)
    return Step(text, find, names[0] if len(names) == 1 else None)


def _indexed(indexes: list[int]) -> Step:
    def find(value: Any, _: Any) -> Iterator[Any]:
        items = _list(value)
        return (items[index] for index in indexes if -len(items) <= index < len(items))

    return Step(f"{indexes}", find, indexes[0] if len(indexes) == 1 else None)


def _every(value: Any, _: Any) -> Iterator[Any]:
    return iter(value.values() if isinstance(value, dict) else _list(value))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
