"""Threads of a cloud: work that an API has begun, and loops that go on until the cloud is stopped."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

_POLL_SECONDS = 0.02


class Work:
    """Everything that runs behind the APIs."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._threads: list[tuple[threading.Thread, bool]] = []

    def begin(self, work: Callable[[], None], name: str, *, lasting: bool) -> threading.Thread:
        """Run something in a daemon thread; `lasting` is what goes on until the cloud is stopped."""
        thread = threading.Thread(target=work, name=name, daemon=True)
        with self._lock:
            self._threads = [*self._alive(), (thread, lasting)]
            thread.start()
        return thread

    @property
    def running(self) -> list[str]:
        """Names of the work that has begun and not ended."""
        with self._lock:
            return [thread.name for thread, lasting in self._alive() if not lasting]

    def wait_for_loops(self) -> None:
        """Wait until the loops have ended, which they do after what they are at."""
        while loops := self._loops():
            loops[0].join()

    def wait(self, seconds: float) -> list[str]:
        """Wait until the work has ended; return the names of what has not by then."""
        deadline = time.monotonic() + seconds
        while (running := self.running) and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
        return running

    def _loops(self) -> list[threading.Thread]:
        with self._lock:
            return [thread for thread, lasting in self._alive() if lasting]

    def _alive(self) -> Iterator[tuple[threading.Thread, bool]]:
        return (each for each in self._threads if each[0].is_alive())
