"""Transitions of a definition: the states that others lead to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from local_cloud.engines.step_functions.definition import Checker


def check_transitions(checker: Checker, program: dict[str, Any], at: str) -> None:
    states = {name: body for name, body in program["States"].items() if isinstance(body, dict)}
    start = program["StartAt"]
    reached, todo = set(), [("StartAt", start, f"{at}/StartAt")]
    while todo:
        field, name, where = todo.pop()
        if name not in states:
            checker.wrong(f"Missing '{field}' target: {name}", where, "MISSING_TRANSITION_TARGET")
        elif name not in reached:
            reached.add(name)
            todo += _targets(states[name], f"{at}/States/{name}")
    for name in states:
        # Whether Step Functions looks for this in branches as well is not known.
        if name not in reached and not at:
            checker.wrong(f'State "{name}" is not reachable.', f"{at}/States/{name}", "MISSING_TRANSITION_TARGET")


def _targets(body: dict[str, Any], at: str) -> Iterator[tuple[str, str, str]]:
    """Yield where a state leads to, and which field says so."""
    for field in ("Next", "Default"):
        if isinstance(body.get(field), str):
            yield field, body[field], f"{at}/{field}"
    for field in ("Choices", "Catch"):
        rules = body.get(field)
        for index, rule in enumerate(rules if isinstance(rules, list) else []):
            if isinstance(rule, dict) and isinstance(rule.get("Next"), str):
                yield "Next", rule["Next"], f"{at}/{field}[{index}]/Next"
