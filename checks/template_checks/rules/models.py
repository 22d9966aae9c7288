"""Limits of the services' own models where CloudFormation's schemas are silent."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from template_checks.core.rule import Violation, rule
from template_checks.core.tables import model_limits
from template_checks.core.template import Node, Resource

_SOURCE: Final = "https://github.com/boto/botocore/tree/develop/botocore/data"
_ON: Final = "AWS::*"


@rule(
    "LAKE-MODEL-001",
    _ON,
    title="A value is one of those that the service has",
    fix="write one of the allowed values",
    source=_SOURCE,
)
def enumeration(resource: Resource) -> Iterator[Violation]:
    """The service refuses other values when the resource is created."""
    for node, values in _limited(resource, "values"):
        known = {str(value).lower() for value in values}
        if _is_written(node) and node.rendered.lower() not in known:
            yield Violation(at=node, allowed=", ".join(values))


@rule(
    "LAKE-MODEL-002",
    _ON,
    title="Text has the form that the service takes",
    fix="write it as the regular expression says",
    source=_SOURCE,
)
def pattern(resource: Resource) -> Iterator[Violation]:
    """The service refuses text of another form when the resource is created."""
    for node, expression in _limited(resource, "pattern"):
        if _is_written(node) and not re.fullmatch(expression, node.rendered):
            yield Violation(at=node, allowed=f"text that matches {expression}")


@rule(
    "LAKE-MODEL-003",
    _ON,
    title="Text is as long as the service takes it",
    fix="write shorter or longer text",
    source=_SOURCE,
)
def length(resource: Resource) -> Iterator[Violation]:
    """The service refuses shorter and longer text when the resource is created."""
    for node, limits in _limited(resource, "length"):
        if _is_written(node) and not _lies_in(len(node.rendered), limits):
            yield Violation(at=node, allowed=f"{_span(limits)} characters")


@rule(
    "LAKE-MODEL-004",
    _ON,
    title="A number lies in the range of the service",
    fix="choose a number within the range",
    source=_SOURCE,
)
def number_range(resource: Resource) -> Iterator[Violation]:
    """The service refuses other numbers when the resource is created."""
    for node, limits in _limited(resource, "range"):
        if node.number is not None and not _lies_in(node.number, limits):
            yield Violation(at=node, allowed=_span(limits))


@rule(
    "LAKE-MODEL-005",
    _ON,
    title="A list has as many elements as the service takes",
    fix="add elements, or take some away",
    source=_SOURCE,
)
def elements(resource: Resource) -> Iterator[Violation]:
    """The service refuses shorter and longer lists when the resource is created."""
    for node, limits in _limited(resource, "items"):
        if isinstance(node.value, list) and not _lies_in(len(node.value), limits) and not _is_open(node):
            yield Violation(at=node, found=f"{len(node.value)} elements", allowed=f"{_span(limits)} elements")


@rule(
    "LAKE-MODEL-006",
    _ON,
    title="An object has the members that the service requires",
    fix="add the member, or leave out the whole object",
    source=_SOURCE,
)
def members(resource: Resource) -> Iterator[Violation]:
    """The service refuses the object without them when the resource is created."""
    for node, names in _limited(resource, "required"):
        if isinstance(node.value, dict) and node.known and not any(key.startswith("Fn::") for key in node.value):
            for name in names:
                if not node.at(name).present:
                    yield Violation(at=node.at(name), allowed=f"a value, as {node.path.rpartition('.')[2]} is set")


def _limited(resource: Resource, kind: str) -> Iterator[tuple[Node, Any]]:
    """Yield the values of a resource that a model limits in one way, each with its limit."""
    for path, limit in _limits(resource.kind, kind):
        for node in _at(resource.properties, path.split(".")):
            yield node, limit


@cache
def _limits(resource_kind: str, kind: str) -> list[tuple[str, Any]]:
    return [(path, limits[kind]) for path, limits in model_limits(resource_kind).items() if kind in limits]


def _at(node: Node, path: list[str]) -> Iterator[Node]:
    if not path:
        yield node
    elif path[0] == "*":
        for child in node.children() if isinstance(node.value, list) else ():
            yield from _at(child, path[1:])
    elif isinstance(node.value, dict) and node.known and path[0] in node.value:
        yield from _at(node.at(path[0]), path[1:])


def _is_written(node: Node) -> bool:
    """Whether the template tells the text: a dynamic reference is filled in at deployment."""
    return isinstance(node.value, str) and "{{resolve:" not in node.value


def _is_open(node: Node) -> bool:
    """Whether an element of a list may stand for several."""
    return any(not child.known for child in node.children())


def _lies_in(number: float, limits: list[float | None]) -> bool:
    least, most = limits
    return (least is None or number >= least) and (most is None or number <= most)


def _span(limits: list[float | None]) -> str:
    least, most = limits
    if least is None or most is None:
        return f"{least:g} or more" if most is None else f"{most} or fewer"
    return f"{least}" if least == most else f"{least} to {most}"
