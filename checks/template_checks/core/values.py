"""What rules ask of single values; a value that only CloudFormation knows passes."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator

from template_checks.core.limit import Limit
from template_checks.core.rule import Fault
from template_checks.core.template import Node


def between(node: Node, least: float, most: float, unit: str = "") -> Iterator[Fault]:
    """Refuse numbers outside a range."""
    if node.number is not None and not least <= node.number <= most:
        yield Fault(at=node, allowed=f"{_plain(least)} to {_plain(most)}{unit and ' '}{unit}")


def within(node: Node, limit: Limit) -> Iterator[Fault]:
    """Refuse numbers that a limit does not allow."""
    if node.number is not None and node.number not in limit:
        yield Fault(at=node, allowed=str(limit))


def at_least(node: Node, least: float, unit: str = "") -> Iterator[Fault]:
    """Refuse numbers below a limit."""
    if node.number is not None and node.number < least:
        yield Fault(at=node, allowed=f"{_plain(least)} or more{unit and ' '}{unit}")


def one_of(node: Node, allowed: Collection[str]) -> Iterator[Fault]:
    """Refuse text that is not in a list."""
    if node.text is not None and node.text not in allowed:
        yield Fault(at=node, allowed=", ".join(allowed))


def matching(node: Node, pattern: str, allowed: str) -> Iterator[Fault]:
    """Refuse text that does not match an expression as a whole."""
    if node.text is not None and not re.fullmatch(pattern, node.text):
        yield Fault(at=node, allowed=allowed)


def required(node: Node, allowed: str) -> Iterator[Fault]:
    """Refuse that a value is absent."""
    if not node.present:
        yield Fault(at=node, allowed=allowed)


def absent(node: Node, because: str) -> Iterator[Fault]:
    """Refuse that a value is there."""
    if node.present:
        yield Fault(at=node, allowed=f"nothing {because}")


def only_one(*nodes: Node) -> Iterator[Fault]:
    """Refuse more than one of several values."""
    given = [node for node in nodes if node.present]
    for node in given[1:]:
        first = given[0].path.removeprefix("Properties.")
        yield Fault(at=node, found="set", allowed=f"nothing beside {first}")


def _plain(number: float) -> str:
    """Return a number without an exponent."""
    return str(int(number)) if number == int(number) else str(number)


def parsed(text: str) -> object | None:
    """Return JSON, or None if it is none."""
    try:
        parsed: object = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return parsed
