"""The history of an execution: the most events that a definition can put into it.

A state adds an event when it is entered and one when it is left, and its work adds more:
https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html. An execution of type STANDARD
fails at 25,000 of them, and no Catch sees it: https://docs.aws.amazon.com/step-functions/latest/dg/bp-history-limit.html.

Above 200 lines: the worst case of one state machine, state by state.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

from template_checks.core.asl import State
from template_checks.core.counters import rounds_until_left
from template_checks.core.graphs import components, is_acyclic, longest_path
from template_checks.core.waits import seconds_of, waits_within

MOST_EVENTS: Final = 25_000

# ExecutionStarted, and ExecutionSucceeded or ExecutionFailed.
_EXECUTION: Final = 2
# Entered and exited; an execution that fails does not leave the state.
_ENTERED_AND_EXITED: Final = 2
_FAIL: Final = 1
# Scheduled, started, and succeeded, failed or timed out; submitted where Step Functions waits for more than the answer.
_ATTEMPT: Final = 3
_SUBMITTED: Final = 1
# Started, and succeeded or failed: a Parallel, a Map, and each of a Map's iterations.
_STARTED_AND_ENDED: Final = 2
# The run of a distributed Map, whose children have histories of their own.
_MAP_RUN: Final = 2
_DEFAULT_ATTEMPTS: Final = 3

_WAITS: Final = re.compile(r"\.(sync(:2)?|waitForTaskToken)$")


@dataclass(frozen=True, kw_only=True)
class Loop:
    """States that lead back to each other.

    Parameters
    ----------
    states: tuple of str
        Their names, in the order of the definition.
    rounds, events: int
        The most of them that an execution can go through.
    """

    states: tuple[str, ...]
    rounds: int
    events: int


@dataclass(frozen=True, kw_only=True)
class History:
    """The most events of an execution, and the loops among what adds them, the longest first."""

    events: int
    loops: tuple[Loop, ...]


def longest_history(definition: Mapping[str, Any], *, retries: bool, timed: bool) -> History:
    """Return the most events of an execution.

    Parameters
    ----------
    definition: mapping
        A state machine that starts at one of its states and leads nowhere else.
    retries: bool
        Whether every retrier is used up wherever it stands; else every call succeeds.
    timed: bool
        Whether loops that count no rounds go on as long as the `TimeoutSeconds` of the state machine let them wait;
        else they are gone through once. A loop that neither counts nor waits is gone through once in any case.
    """
    timeout = definition.get("TimeoutSeconds")
    seconds = float(timeout) if isinstance(timeout, int) else math.inf
    counted = _Machine(definition, "JSONPath", retries, timed, seconds)
    return History(
        events=_EXECUTION + counted.events,
        loops=tuple(sorted(counted.loops, key=lambda loop: -loop.events)),
    )


@dataclass(frozen=True)
class _Machine:
    """A state machine, or one inside of it, that has some seconds to run."""

    definition: Mapping[str, Any]
    language: str
    retries: bool
    timed: bool
    seconds: float

    @cached_property
    def events(self) -> int:
        costs = {at: self._cost(group) for at, group in enumerate(self._groups)}
        place = {name: at for at, group in enumerate(self._groups) for name in group}
        following = {
            at: {place[target] for name in group for target in self._following[name]} - {at}
            for at, group in enumerate(self._groups)
        }
        start = place.get(str(self.definition.get("StartAt")))
        return 0 if start is None else longest_path(following, costs, [start])

    @cached_property
    def loops(self) -> list[Loop]:
        inner = [
            replace(loop, events=loop.events * self._times(self._states[name]))
            for name, machines in self._inner.items()
            for one in machines
            for loop in one.loops
        ]
        own = [loop for group in self._groups if (loop := self._loop(group))]
        return [*own, *inner]

    @cached_property
    def _states(self) -> dict[str, State]:
        language = str(self.definition.get("QueryLanguage", self.language))
        states = _objects(self.definition.get("States"))
        return {
            name: State(name, fields, str(fields.get("QueryLanguage", language))) for name, fields in states.items()
        }

    @cached_property
    def _following(self) -> dict[str, set[str]]:
        return {name: set(state.next) & self._states.keys() for name, state in self._states.items()}

    @cached_property
    def _groups(self) -> list[list[str]]:
        return components(self._following)

    @cached_property
    def _single(self) -> dict[str, int]:
        """The events of each state, once entered."""
        return {name: self._events_of(state) for name, state in self._states.items()}

    def _cost(self, group: Sequence[str]) -> int:
        loop = self._loop(group)
        return loop.events if loop else sum(self._single[name] for name in group)

    def _loop(self, group: Sequence[str]) -> Loop | None:
        if len(group) == 1 and group[0] not in self._following[group[0]]:
            return None
        inside = {name: self._following[name] & set(group) for name in group}
        rounds, turns = self._rounds(inside)
        # Between two turns no state is entered twice.
        rest = {name: following - turns for name, following in inside.items() if name not in turns}
        between = longest_path(rest, self._single, rest) if is_acyclic(rest) else sum(self._single[n] for n in rest)
        once = between + max((self._single[name] for name in turns), default=0)
        return Loop(states=tuple(n for n in self._states if n in inside), rounds=rounds, events=(rounds + 1) * once)

    def _rounds(self, inside: Mapping[str, set[str]]) -> tuple[int, frozenset[str]]:
        """Return how often an execution can go round, and the states that it comes to once in each round."""
        bounds: list[tuple[int, frozenset[str]]] = []
        counted = rounds_until_left(self._states, inside)
        if counted is not None:
            bounds.append(counted)
        waits = frozenset(
            name for name in inside if self._states[name].kind == "Wait" and seconds_of(self._states[name].fields, 0)
        )
        if (counted or self.timed) and waits and self.seconds < math.inf and is_acyclic(inside, without=waits):
            often = [waits_within(self._states[name].fields, self.seconds) for name in waits]
            bounds.append((max(number for number in often if number is not None), waits))
        return min(bounds, key=lambda bound: bound[0], default=(0, frozenset()))

    def _events_of(self, state: State) -> int:
        fields, attempts = state.fields, self._attempts(state)
        match state.kind:
            case "Fail":
                return _FAIL
            case "Task":
                waits = isinstance(fields.get("Resource"), str) and _WAITS.search(fields["Resource"])
                return _ENTERED_AND_EXITED + attempts * (_ATTEMPT + (_SUBMITTED if waits else 0))
            case "Parallel":
                work = sum(branch.events for branch in self._inner[state.name])
                return _ENTERED_AND_EXITED + attempts * (_STARTED_AND_ENDED + work)
            case "Map" if _is_distributed(fields):
                return _ENTERED_AND_EXITED + attempts * (_STARTED_AND_ENDED + _MAP_RUN)
            case "Map":
                iteration = _STARTED_AND_ENDED + sum(one.events for one in self._inner[state.name])
                return _ENTERED_AND_EXITED + attempts * (_STARTED_AND_ENDED + self._items(state) * iteration)
            case _:
                return _ENTERED_AND_EXITED

    def _attempts(self, state: State) -> int:
        retriers = state.fields.get("Retry") if self.retries else None
        given = [one.get("MaxAttempts") for one in retriers if isinstance(one, dict)] if retriers else []
        return 1 + sum(most if isinstance(most, int) else _DEFAULT_ATTEMPTS for most in given)

    @cached_property
    def _inner(self) -> dict[str, list[_Machine]]:
        """The machines inside of each state that share its history."""
        return {name: self._inside(state) for name, state in self._states.items()}

    def _inside(self, state: State) -> list[_Machine]:
        fields = state.fields
        branches = fields.get("Branches")
        found = [one for one in branches if isinstance(one, dict)] if isinstance(branches, list) else []
        seconds = self.seconds
        if not _is_distributed(fields):
            found += [one for key in ("ItemProcessor", "Iterator") if isinstance(one := fields.get(key), dict)]
            if fields.get("MaxConcurrency") == 1:
                # One after the other they share the time, and polls that grow ask most often in equal shares of it.
                seconds /= max(self._items(state), 1)
        return [_Machine(one, state.language, self.retries, self.timed, seconds) for one in found]

    def _times(self, state: State) -> int:
        """Return how often the machines inside of a state run."""
        return self._attempts(state) * (self._items(state) if state.kind == "Map" else 1)

    def _items(self, state: State) -> int:
        """Return how many items a Map has, if the definition holds them; else one."""
        given = state.fields.get("Items")
        path = state.fields.get("ItemsPath")
        if isinstance(path, str):
            results = (one.fields for one in self._states.values() if one.kind == "Pass")
            given = next((one.get("Result") for one in results if one.get("ResultPath", "$") == path), None)
        return len(given) if isinstance(given, list) else 1


def executions_of(definition: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield a definition, and those of the children of its distributed Maps that have a history of this kind."""
    yield definition
    for state in _objects(definition.get("States")).values():
        branches = state.get("Branches")
        processors = [one for key in ("ItemProcessor", "Iterator") if isinstance(one := state.get(key), dict)]
        for one in [*(branches if isinstance(branches, list) else []), *processors]:
            if not isinstance(one, dict):
                continue
            itself, *children = executions_of(one)
            if _is_distributed(state) and one["ProcessorConfig"].get("ExecutionType") != "EXPRESS":
                yield itself
            yield from children


def _objects(states: object) -> dict[str, dict[str, Any]]:
    """Return the states that are known before the deployment."""
    return {name: one for name, one in states.items() if isinstance(one, dict)} if isinstance(states, dict) else {}


def _is_distributed(fields: Mapping[str, Any]) -> bool:
    processor = fields.get("ItemProcessor")
    config = processor.get("ProcessorConfig") if isinstance(processor, dict) else None
    return isinstance(config, dict) and config.get("Mode") == "DISTRIBUTED"


def named(loops: Iterable[Loop]) -> str:
    """Return loops in words: how many rounds and events, and of which states."""
    return ", ".join(f"{loop.events:,} in {loop.rounds:,} rounds of '{loop.states[0]}'" for loop in loops)
