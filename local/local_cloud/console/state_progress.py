"""Progress of an execution: the status of each state, from the execution's history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

_OF_MANY_STATES = ("Map", "Parallel")
_ENTERED_AROUND = ("MapStateEntered", "ParallelStateEntered")
_FAILED_AROUND = ("MapStateFailed", "ParallelStateFailed")


@dataclass
class Progress:
    """Status of one state, and how often it was entered and left: more than once in a Map or a loop."""

    entered: int = 0
    left: int = 0
    failing: bool = False
    caught: bool = False

    def status(self, execution: str) -> str:
        """Return `running`, `succeeded`, `caught`, `failed` or `aborted`, given the status of the execution."""
        if self.entered == self.left:
            return "caught" if self.caught else "succeeded"
        if self.failing:
            return "failed"
        # Left open by the failure of another state.
        return "running" if execution == "RUNNING" else "aborted"


def progress(history: Iterable[Mapping[str, Any]]) -> dict[str, Progress]:
    """Return the progress of each state that was entered, by its name, which is unique in a state machine."""
    found: dict[str, Progress] = {}
    states: dict[int, str | None] = {}
    events: dict[int, Mapping[str, Any]] = {}
    for event in history:
        kind = event["type"]
        state = states.get(event.get("previousEventId", 0))
        if entered := event.get("stateEnteredEventDetails"):
            state = entered["name"]
            one = found.setdefault(state, Progress())
            one.entered += 1
            one.failing = False
        elif left := event.get("stateExitedEventDetails"):
            # Its own iterations and branches come before the exit of a Map or Parallel.
            state = left["name"]
            one = found.setdefault(state, Progress())
            one.left += 1
            one.caught = one.failing
        elif state in found and kind.endswith(("Failed", "TimedOut")) and not kind.startswith(_OF_MANY_STATES):
            found[state].failing = True
        elif kind in _FAILED_AROUND:
            state = _around(event, events, found)
            if state:
                found[state].failing = True
        elif state in found and kind.endswith(("Scheduled", "StateStarted")):
            # A retry.
            found[state].failing = False
        states[event["id"]], events[event["id"]] = state, event
    return found


def _around(
    event: Mapping[str, Any], events: Mapping[int, Mapping[str, Any]], found: Mapping[str, Progress]
) -> str | None:
    """Return the innermost Map or Parallel around an event that is not failing yet."""
    before: Mapping[str, Any] | None = event
    while before:
        if before["type"] in _ENTERED_AROUND and not found[before["stateEnteredEventDetails"]["name"]].failing:
            return str(before["stateEnteredEventDetails"]["name"])
        before = events.get(before.get("previousEventId", 0))
    return None
