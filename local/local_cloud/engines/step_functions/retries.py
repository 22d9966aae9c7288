"""Retriers: how often and after what time a failed state is tried again.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html#error-handling-retrying-after-an-error
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from local_cloud.engines.step_functions.errors import StateError


class Retries:
    """The attempts of a state, each of whose Retriers counts its own."""

    def __init__(self, retriers: list[dict[str, Any]]) -> None:
        self._retriers = retriers
        self._used = [0] * len(retriers)

    @property
    def count(self) -> int:
        return sum(self._used)

    def delay(self, error: StateError) -> float | None:
        """Return the seconds before the next attempt, None if there is none: the first Retrier that matches decides."""
        for at, retrier in enumerate(self._retriers):
            if error.is_among(retrier["ErrorEquals"]):
                if self._used[at] >= retrier.get("MaxAttempts", 3):
                    return None
                self._used[at] += 1
                return delay_of(retrier, self._used[at])
        return None


def delay_of(retrier: dict[str, Any], attempt: int, draw: Callable[[], float] = random.random) -> float:
    """Return the seconds before an attempt, of which the first retry is number 1."""
    seconds = float(retrier.get("IntervalSeconds", 1))
    # Beyond this many doublings every interval is longer than any execution.
    seconds *= float(retrier.get("BackoffRate", 2.0)) ** min(attempt - 1, 1_000)
    seconds = min(seconds, float(retrier.get("MaxDelaySeconds", seconds)))
    return seconds * draw() if retrier.get("JitterStrategy") == "FULL" else seconds
