"""Checks of single values; a value known only to CloudFormation passes."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator

from template_checks.core.limit import Limit
from template_checks.core.rule import Violation
from template_checks.core.template import Node


def between(node: Node, least: float, most: float, unit: str = "") -> Iterator[Violation]:
    """Refuse numbers outside a range."""
    if node.number is not None and not least <= node.number <= most:
        yield Violation(at=node, allowed=f"{_plain(least)} to {_plain(most)}{unit and ' '}{unit}")


def within(node: Node, limit: Limit) -> Iterator[Violation]:
    """Refuse numbers that a limit does not allow."""
    if node.number is not None and node.number not in limit:
        yield Violation(at=node, allowed=str(limit))


def at_least(node: Node, least: float, unit: str = "") -> Iterator[Violation]:
    """Refuse numbers below a limit."""
    if node.number is not None and node.number < least:
        yield Violation(at=node, allowed=f"{_plain(least)} or more{unit and ' '}{unit}")


def one_of(node: Node, allowed: Collection[str]) -> Iterator[Violation]:
    """Refuse text that is not in a list."""
    if node.text is not None and node.text not in allowed:
        yield Violation(at=node, allowed=", ".join(allowed))


def matching(node: Node, pattern: str, allowed: str) -> Iterator[Violation]:
    """Refuse text that does not match an expression as a whole."""
    if node.text is not None and not re.fullmatch(pattern, node.text):
        yield Violation(at=node, allowed=allowed)


def required(node: Node, allowed: str) -> Iterator[Violation]:
    """Refuse that a value is absent."""
    if not node.present:
        yield Violation(at=node, allowed=allowed)


def absent(node: Node, because: str) -> Iterator[Violation]:
    """Refuse that a value is there."""
    if node.given:
        yield Violation(at=node, allowed=f"nothing {because}")


def only_one(*nodes: Node) -> Iterator[Violation]:
    """Refuse more than one of several values."""
    given = [node for node in nodes if node.given]
    for node in given[1:]:
        first = given[0].path.removeprefix("Properties.")
        yield Violation(at=node, found="set", allowed=f"nothing beside {first}")


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
