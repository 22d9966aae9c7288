"""The scope in which states run: the machine itself, a branch of a Parallel state, an iteration of a Map state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from local_cloud.engines.step_functions.halting import Halt
from local_cloud.engines.step_functions.history import History, Trail

if TYPE_CHECKING:
    from local_cloud.engines.step_functions.execution import Machine


class Variables:
    """Workflow variables: an inner scope reads those of outer ones, and assigns its own."""

    def __init__(self, outer: Variables | None = None) -> None:
        self._outer = outer
        self._own: dict[str, Any] = {}
        # What the last state has assigned.
        self.latest: dict[str, Any] = {}

    def assign(self, values: dict[str, Any]) -> None:
        self.latest = values
        self._own = {**self._own, **values}

    @property
    def visible(self) -> dict[str, Any]:
        return {**(self._outer.visible if self._outer else {}), **self._own}


@dataclass
class Scope:
    """The place of a path of execution.

    Parameters
    ----------
    machine: Machine
        Calls and identity that all paths of an execution share.
    history: History
        Events of the execution.
    trail: Trail
        The last event of this path.
    halt: Halt
        Ends this path.
    context: dict[str, Any]
        The Context object.
    variables: Variables
        Workflow variables.
    query_language: str
        That of the program, for states that name none.
    """

    machine: Machine
    history: History
    trail: Trail
    halt: Halt
    context: dict[str, Any]
    variables: Variables = field(default_factory=Variables)
    query_language: str = "JSONPath"
    waits: Counter[str] = field(default_factory=Counter)

    @contextmanager
    def inner(self, halt: Halt, context: dict[str, Any] | None = None) -> Iterator[Scope]:
        """Open the scope of a branch or an iteration, which ends with all others of `halt`."""
        scope = Scope(
            machine=self.machine,
            history=self.history,
            trail=self.trail.branch(),
            halt=Halt(halt),
            context={**self.context, **(context or {})},
            variables=Variables(self.variables),
            query_language=self.query_language,
        )
        try:
            yield scope
        finally:
            scope.halt.close()

    def event(self, kind: str, *, moves: bool = True, **details: Any) -> int:
        return self.history.add(self.trail, kind, moves=moves, **details)
