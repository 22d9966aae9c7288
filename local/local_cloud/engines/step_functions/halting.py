"""Halts: what ends the work of an execution, or of one of its branches, from outside."""

from __future__ import annotations

import threading
from collections.abc import Callable

from local_cloud.engines.step_functions.errors import HaltedError


class Halt:
    """Ends a path of execution and all that it has started.

    Parameters
    ----------
    parent: Halt, optional
        That of the path by which this one was started.
    """

    def __init__(self, parent: Halt | None = None) -> None:
        self._lock = threading.Lock()
        self._halted = False
        self._listeners: list[Callable[[], None]] = []
        self._parent = parent
        if parent:
            parent.listen(self.halt)

    def close(self) -> None:
        """Forget a path that has come to its end."""
        if self._parent:
            self._parent.forget(self.halt)

    def halt(self) -> None:
        with self._lock:
            if self._halted:
                return
            self._halted = True
            listeners = list(self._listeners)
        for listener in listeners:
            listener()

    @property
    def halted(self) -> bool:
        return self._halted

    def listen(self, listener: Callable[[], None]) -> None:
        """Call `listener` at the halt, at once if it has been."""
        with self._lock:
            self._listeners.append(listener)
            halted = self._halted
        if halted:
            listener()

    def forget(self, listener: Callable[[], None]) -> None:
        with self._lock:
            if listener in self._listeners:
                self._listeners.remove(listener)

    def check(self) -> None:
        """Raise `HaltedError` if the path has been halted."""
        if self._halted:
            raise HaltedError

    def wait(self, seconds: float) -> None:
        """Wait for so long; raise `HaltedError` at a halt."""
        event = threading.Event()
        self.listen(event.set)
        try:
            event.wait(min(seconds, threading.TIMEOUT_MAX))
        finally:
            self.forget(event.set)
        self.check()
