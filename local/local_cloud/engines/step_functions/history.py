"""The event history of an execution."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from local_cloud.engines.step_functions import limits
from local_cloud.engines.step_functions.errors import RUNTIME, StateError

_FULL = f"The execution reached the maximum number of history events ({limits.MOST_EVENTS})."
_ENDS = frozenset({"ExecutionSucceeded", "ExecutionFailed", "ExecutionAborted", "ExecutionTimedOut"})


class HistoryFullError(StateError):
    """The history has no room for another event but the last."""

    def __init__(self) -> None:
        super().__init__(RUNTIME, _FULL)
        self.located = True


@dataclass
class Trail:
    """The events of one path of execution, each of which follows from the one before."""

    last: int = 0

    def branch(self) -> Trail:
        return Trail(self.last)


class History:
    """Events in the order in which they happened, of all branches.

    Parameters
    ----------
    limited: bool
        Whether it has room for 25,000 events only, as that of a standard workflow.
    """

    def __init__(self, *, limited: bool) -> None:
        self._limited = limited
        self._events: list[dict[str, Any]] = []
        self._lock = threading.Lock()

    def add(self, trail: Trail, kind: str, *, moves: bool = True, **details: Any) -> int:
        """Add an event; return its id.

        Parameters
        ----------
        trail: Trail
            Where it happened.
        kind: str
            Type of the event.
        moves: bool, default True
            Whether later events follow from this one.
        details: Any
            Members of the event, such as `stateEnteredEventDetails`.

        Raises
        ------
        HistoryFullError
            If there is no room for it.
        """
        with self._lock:
            number = len(self._events) + 1
            if self._limited and number >= limits.MOST_EVENTS and kind not in _ENDS:
                raise HistoryFullError
            self._events.append(
                {
                    "id": number,
                    "previousEventId": trail.last,
                    "timestamp": datetime.now(UTC),
                    "type": kind,
                    **{key: value for key, value in details.items() if value is not None},
                }
            )
        if moves:
            trail.last = number
        return number

    @property
    def events(self) -> list[dict[str, Any]]:
        with self._lock:
            return list(self._events)
