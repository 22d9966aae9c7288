"""A watch on the places: how long after its commit an order is in each."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Self

from examples.demo.errors import DemoError

_POLL_SECONDS = 1.0


class Watch:
    """A thread that asks every place until the order is there.

    Parameters
    ----------
    arrived: mapping of str to callable
        Whether the order is there, by place.
    committed: datetime
        When it was written.
    """

    def __init__(self, arrived: Mapping[str, Callable[[], bool]], committed: datetime) -> None:
        self._arrived, self._committed = dict(arrived), committed
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._look, name="watch")
        self._failure: Exception | None = None
        self.seconds: dict[str, float] = {}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, failed: object, *_: object) -> None:
        """End once every place has been asked after all was done; refuse a place to which the order never came."""
        self._ends.set()
        self._thread.join()
        if self._failure:
            raise self._failure
        missing = self._arrived.keys() - self.seconds.keys()
        if missing and not failed:
            raise DemoError(f"an order has not arrived: {', '.join(sorted(missing))}")

    def _look(self) -> None:
        try:
            last = False
            while not last and self._arrived.keys() != self.seconds.keys():
                last = self._ends.is_set()
                for place, arrived in self._arrived.items():
                    if place not in self.seconds and arrived():
                        self.seconds[place] = (datetime.now(UTC) - self._committed).total_seconds()
                self._ends.wait(_POLL_SECONDS)
        except Exception as error:
            self._failure = error
