"""Scores of values against those before them, per key; the state of each is plain data."""

from __future__ import annotations

import math
from typing import Any

from lake_stream.plan import Detector


class ZScore:
    """The distance of a value from the mean of the last ones, itself included, in standard deviations.

    The sums are kept as Flink keeps those of an OVER window, so that both engines round alike.
    """

    def __init__(self, detector: Detector, state: Any = None) -> None:
        self._detector = detector
        self._values, self._sum, self._squares = state or ([], 0.0, 0.0)

    @property
    def state(self) -> Any:
        """What a later process continues from."""
        return [self._values, self._sum, self._squares]

    def update(self, value: float) -> dict[str, float] | None:
        """Take the next value; return its score and what it was measured by, if it is an anomaly."""
        if len(self._values) == self._detector.rows:
            oldest = self._values.pop(0)
            self._sum -= oldest
            self._squares -= oldest * oldest
        self._values.append(value)
        self._sum += value
        self._squares += value * value
        count = len(self._values)
        mean = self._sum / count
        variance = (self._squares - self._sum * self._sum / count) / count
        if count < self._detector.at_least or not variance > 0:
            return None
        deviation = math.sqrt(variance)
        if not abs(value - mean) > self._detector.threshold * deviation:
            return None
        return {"mean": mean, "deviation": deviation, "score": (value - mean) / deviation}
