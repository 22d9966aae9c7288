"""Executions of Step Functions: the history that ends them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from template_checks.core.asl import MACHINE, definition_of, readable_machines, text_of
from template_checks.core.history import MOST_EVENTS, History, executions_of, longest_history, named
from template_checks.core.rule import Severity, Violation, rule
from template_checks.core.template import Resource

_GUIDE: Final = "https://docs.aws.amazon.com/step-functions/latest/dg"
_ALLOWED: Final = f"{MOST_EVENTS:,} events in a history"


@rule(
    "LAKE-STEPS-016",
    MACHINE,
    title="The rounds that loops count fit into the history of an execution",
    fix="wait longer in each round, count fewer rounds, or start an execution of another state machine for a part",
    source=f"{_GUIDE}/bp-history-limit.html",
)
def counted_rounds(resource: Resource) -> Iterator[Violation]:
    """The execution fails at 25,000 events, before the loop comes to its limit, and no Catch sees it."""
    for definition in _standard(resource):
        history = longest_history(definition, retries=False, timed=False)
        if history.events > MOST_EVENTS:
            yield Violation(at=text_of(resource), found=_found(history), allowed=_ALLOWED)


@rule(
    "LAKE-STEPS-017",
    MACHINE,
    title="Loops that wait fit into the history until the state machine times out",
    fix="wait longer in each round, lower TimeoutSeconds of the state machine, or wait in an execution of another one",
    source=f"{_GUIDE}/bp-history-limit.html",
    severity=Severity.WARNING,
)
def timed_rounds(resource: Resource) -> Iterator[Violation]:
    """The execution fails at 25,000 events, long before the time that it is given, and no Catch sees it."""
    for definition in _standard(resource):
        history = longest_history(definition, retries=False, timed=True)
        if history.events > MOST_EVENTS >= longest_history(definition, retries=False, timed=False).events:
            yield Violation(at=text_of(resource), found=_found(history), allowed=_ALLOWED)


def _standard(resource: Resource) -> Iterator[Mapping[str, Any]]:
    """Yield the definitions whose executions have a history of 25,000 events."""
    kind = resource.at("StateMachineType")
    if readable_machines(resource) and (not kind.present or kind.text == "STANDARD"):
        yield from executions_of(definition_of(resource) or {})


def _found(history: History) -> str:
    loops = named(history.loops[:3])
    return f"a history of up to {history.events:,} events{f', of them {loops}' if loops else ''}"
