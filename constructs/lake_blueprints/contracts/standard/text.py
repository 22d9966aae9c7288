"""A contract's text into plain data, with bounds: a stranger's file costs little time and memory, and runs nothing.

Above 200 lines: one parser with all of its bounds.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from attrs import define

from lake_blueprints.contracts.errors import ContractError

# A contract of 10,000 lines has some 300 KB, 60,000 values and, ten objects inside one another, 25 levels.
MAX_BYTES = 4 * 2**20
MAX_VALUES = 250_000
MAX_DEPTH = 64

_YAML = "tag:yaml.org,2002:"
_PLAIN_TAGS = frozenset({f"{_YAML}str", f"{_YAML}map", f"{_YAML}seq"})

if TYPE_CHECKING:
    from yaml import SafeLoader
else:
    # libyaml's takes a tenth of the time, where PyYAML was built with it.
    SafeLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_text(path: Path) -> str:
    """Return the text of a file.

    Raises
    ------
    ContractError
        If it cannot be read, is longer than 4 MB or is not UTF-8.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
            size = os.fstat(file.fileno()).st_size
    except OSError as error:
        raise ContractError(f"cannot be read: {error.strerror}") from None
    if len(data) > MAX_BYTES:
        raise ContractError(_too_long(max(size, len(data))))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ContractError("is not UTF-8 text; save it as UTF-8") from None


def load(text: str) -> dict[str, Any]:
    """Return the mapping that YAML (or JSON) text holds; its keys are text, as in JSON.

    Raises
    ------
    ContractError
        If the text is not YAML, is too long or too deep, or holds what a contract cannot: a tag, a key twice, a
        second document, a number that is none.
    """
    if len(text) > MAX_BYTES:
        raise ContractError(_too_long(len(text)))
    try:
        _check_bounds(_events(text.removeprefix("\ufeff")))
        document = yaml.load(text, _Loader)
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise ContractError(f"{line}not valid YAML: {error.problem}{_hint(error, text)}") from None
    except (yaml.YAMLError, UnicodeError) as error:
        raise ContractError(f"not valid YAML: {str(error).splitlines()[0]}") from None
    if document is None:
        raise ContractError("the contract is empty; it needs at least version, apiVersion, kind, id and schema")
    if not isinstance(document, dict):
        raise ContractError(f"a contract is a mapping of keys to values, got {_words(document)}")
    return document


@define
class _Node:
    """A list or mapping, how many values it stands for, and how deep it is."""

    anchor: str | None
    values: int = 1
    height: int = 1


_SCALAR = _Node(None)


def _check_bounds(events: Iterator[yaml.Event]) -> None:
    """Refuse what would cost much to build, before it is built; an alias costs what it stands for."""
    open_nodes = [_Node(None)]
    anchored: dict[str, _Node] = {}
    documents = 0
    for event in events:
        line = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, yaml.ScalarEvent):
            _check_tag(event.tag, line)
            if event.anchor:
                anchored[event.anchor] = _SCALAR
            _add(open_nodes, _SCALAR, line)
        elif isinstance(event, yaml.CollectionEndEvent):
            closed = open_nodes.pop()
            if closed.anchor:
                anchored[closed.anchor] = closed
            _add(open_nodes, closed, line)
        elif isinstance(event, yaml.CollectionStartEvent):
            _check_tag(event.tag, line)
            open_nodes.append(_Node(event.anchor))
            _check_depth(len(open_nodes) - 1, line)
        elif isinstance(event, yaml.AliasEvent):
            if any(node.anchor == event.anchor for node in open_nodes):
                raise ContractError(f"line {line}: alias '*{event.anchor}' stands inside what it names")
            if event.anchor not in anchored:
                raise ContractError(f"line {line}: alias '*{event.anchor}' names nothing")
            _add(open_nodes, anchored[event.anchor], line)
        elif isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise ContractError(f"line {line}: a second document starts; a file holds one contract")


def _add(open_nodes: list[_Node], node: _Node, line: int) -> None:
    parent = open_nodes[-1]
    parent.values += node.values
    parent.height = max(parent.height, node.height + 1)
    _check_depth(len(open_nodes) - 1 + node.height, line)
    if parent.values > MAX_VALUES:
        raise ContractError(
            f"line {line}: the contract has more than {MAX_VALUES} values, those that aliases repeat included; split it"
        )


def _check_depth(depth: int, line: int) -> None:
    if depth > MAX_DEPTH:
        raise ContractError(f"line {line}: is nested more than {MAX_DEPTH} levels deep; flatten it")


def _check_tag(tag: str | None, line: int) -> None:
    if tag is not None and tag not in _PLAIN_TAGS:
        name = tag.replace(_YAML, "!!")
        raise ContractError(f"line {line}: the YAML tag '{name}' is not allowed, a contract is plain data; remove it")


def _events(text: str) -> Iterator[yaml.Event]:
    events: Iterator[yaml.Event] = yaml.parse(text, _Loader)
    return events


class _Loader(SafeLoader):
    """YAML as JSON means it: keys are text and come once, numbers are finite, a time of day is no number."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                raise ContractError(f"line {line}: a key must be text, got {_words(key.value)}")
            if key.value in seen:
                raise ContractError(f"line {line}: key '{key.value}' is given twice")
            seen.add(key.value)
        self.flatten_mapping(node)
        return {key.value: self.construct_object(value, deep=deep) for key, value in node.value}

    def construct_number(self, node: yaml.ScalarNode) -> float | str:
        text = str(node.value)
        if ":" in text:
            return text
        try:
            integer = node.tag == f"{_YAML}int"
            value: float = self.construct_yaml_int(node) if integer else self.construct_yaml_float(node)
        except ValueError:
            value = math.inf
        if not math.isfinite(value):
            line = node.start_mark.line + 1
            raise ContractError(f"line {line}: '{text[:40]}' is not a number that values can be compared with")
        return value


_Loader.add_constructor(f"{_YAML}int", _Loader.construct_number)
_Loader.add_constructor(f"{_YAML}float", _Loader.construct_number)
# YAML turns an unquoted 2013-01-01 into a date; the standard means text.
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != f"{_YAML}timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _hint(error: yaml.MarkedYAMLError, text: str) -> str:
    mark = error.problem_mark
    lines = text.splitlines()
    if mark and mark.line < len(lines) and lines[mark.line][mark.column : mark.column + 1] == "\t":
        return " (a tab: YAML is indented with spaces)"
    return ""


def _too_long(size: int) -> str:
    return f"is {size / 2**20:.1f} MB long; a contract has at most {MAX_BYTES // 2**20} MB"


def _words(value: object) -> str:
    return "a list" if isinstance(value, list) else f"'{str(value)[:40]}'"
