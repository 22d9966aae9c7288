"""Loops of a state machine that count their rounds, and a Choice that leaves them at a limit."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Any, Final

from template_checks.core.asl import State
from template_checks.core.graphs import is_acyclic

_MATH_ADD: Final = re.compile(r"States\.MathAdd\(\s*(\$[\w$.]+)\s*,\s*(\d+)\s*\)")
_PLUS: Final = re.compile(r"\{%\s*(\$[\w$.]+)\s*\+\s*(\d+)\s*%\}")
_CONDITION: Final = re.compile(r"\{%\s*(\$[\w$.]+)\s*(>=|>|<=|<|=)\s*(\d+)\s*%\}")
_OPERATORS: Final = {
    "NumericGreaterThanEquals": ">=",
    "NumericGreaterThan": ">",
    "NumericLessThanEquals": "<=",
    "NumericLessThan": "<",
    "NumericEquals": "=",
}
# Operators that hold from the limit on, and those that hold up to it.
_FROM: Final = (">=", ">", "=")
_UP_TO: Final = ("<", "<=")


@dataclass(frozen=True)
class _Comparison:
    """A choice that compares a counter with a number."""

    counter: str
    operator: str
    number: int

    def rounds(self, start: int, step: int) -> int:
        """Return how often a counter is added to until an upper limit is reached."""
        beyond = self.operator in {">", "<="}
        return max(math.ceil((self.number + (1 if beyond else 0) - start) / step), 0)


def rounds_until_left(states: Mapping[str, State], inside: Mapping[str, Set[str]]) -> tuple[int, frozenset[str]] | None:
    """Return after how many rounds a Choice leaves a loop, and the states that count them; none if they do not.

    Parameters
    ----------
    states: mapping of str to State
        The states of the machine.
    inside: mapping of str to set of str
        The states of the loop, with those of them that follow each.
    """
    found = [
        (comparison.rounds(_start(states, inside, comparison.counter), step), frozenset(counting))
        for name in inside
        if states[name].kind == "Choice" and is_acyclic(inside, without=[name])
        for comparison in _leaving(states[name], inside)
        for step, counting in _counting(states, inside, comparison.counter)
        if is_acyclic(inside, without=counting)
    ]
    return min(found, default=None, key=lambda one: one[0])


def _leaving(choice: State, inside: Mapping[str, Set[str]]) -> Iterator[_Comparison]:
    """Yield the comparisons that end a loop when a counter comes to a limit, whatever else holds."""
    given = choice.fields.get("Choices")
    rules = [one for one in given if isinstance(one, dict)] if isinstance(given, list) else []
    for at, one in enumerate(rules):
        comparison = _comparison(one)
        others = [*(str(rule.get("Next")) for rule in rules[at + 1 :]), str(choice.fields.get("Default"))]
        if str(one.get("Next")) not in inside:
            if comparison and comparison.operator in _FROM:
                yield comparison
        else:
            if comparison and comparison.operator in _UP_TO and not any(other in inside for other in others):
                yield comparison
            return


def _comparison(rule: Mapping[str, Any]) -> _Comparison | None:
    if found := _CONDITION.fullmatch(str(rule.get("Condition"))):
        return _Comparison(found[1], found[2], int(found[3]))
    for name, operator in _OPERATORS.items():
        if isinstance(rule.get(name), int) and isinstance(rule.get("Variable"), str):
            return _Comparison(rule["Variable"], operator, rule[name])
    return None


def _counting(
    states: Mapping[str, State], inside: Mapping[str, Set[str]], counter: str
) -> Iterator[tuple[int, set[str]]]:
    """Yield by how much states add to a counter, and their names."""
    steps = {name: step for name in inside for path, step in _added(states[name]) if path == counter and step}
    if steps:
        yield min(steps.values()), set(steps)


def _added(state: State) -> Iterator[tuple[str, int]]:
    """Yield the paths that a state adds a number to."""
    for path, value in _written(state):
        found = _MATH_ADD.fullmatch(str(value)) or _PLUS.fullmatch(str(value))
        if found and found[1] == path:
            yield path, int(found[2])


def _start(states: Mapping[str, State], inside: Mapping[str, Set[str]], counter: str) -> int:
    """Return what a counter begins with, as a state before the loop says; else 0."""
    given = (
        value
        for name, state in states.items()
        if name not in inside
        for path, value in _written(state)
        if path == counter
    )
    return next((value for value in given if isinstance(value, int)), 0)


def _written(state: State) -> Iterator[tuple[str, Any]]:
    """Yield the paths that a state writes to, with the value or expression."""
    fields = state.fields
    if isinstance(fields.get("Assign"), dict):
        yield from _leaves("", fields["Assign"], root="$")
    if state.language == "JSONata":
        yield from _leaves("$states.input", fields.get("Output"))
        return
    place = fields.get("ResultPath", "$")
    if isinstance(place, str):
        for name in ("Result", "Parameters") if state.kind == "Pass" else ("ResultSelector",):
            yield from _leaves(place, fields.get(name))


def _leaves(path: str, value: Any, *, root: str = "") -> Iterator[tuple[str, Any]]:
    if not isinstance(value, dict):
        yield path, value
        return
    for key, item in value.items():
        name = str(key).removesuffix(".$")
        yield from _leaves(f"{path}.{name}" if path else f"{root}{name}", item)
