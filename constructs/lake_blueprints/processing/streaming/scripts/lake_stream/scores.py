"""Scores of values against those before them, per key; the state of each is plain data."""

from __future__ import annotations

import math
from typing import Any, Protocol

from lake_stream.plan import FOREST, Detector


class Scorer(Protocol):
    """A scorer of the values of one key."""

    @property
    def state(self) -> Any:
        """All that a later process continues from."""

    def update(self, value: float) -> dict[str, float] | None:
        """Take the next value; return its score and what it was measured by, if it is an anomaly."""


class ZScore:
    """The distance of a value from the mean of the last ones, itself included, in standard deviations.

    The sums are kept as Flink keeps those of an OVER window, so that both engines round alike.
    """

    def __init__(self, detector: Detector, state: Any = None) -> None:
        self._detector = detector
        self._values: list[float]
        self._sum: float
        self._squares: float
        self._values, self._sum, self._squares = state or ([], 0.0, 0.0)

    @property
    def state(self) -> Any:
        """All that a later process continues from."""
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


class RandomCutForest:
    """The score of the last values among those that the trees remember: 1 is the usual."""

    def __init__(self, detector: Detector, state: Any = None) -> None:
        # Only here: a package with native code, which plans without a forest do without.
        from krcf import RandomCutForest as Forest  # noqa: PLC0415

        self._detector = detector
        self._seen: int
        self._seen, kept = state or (0, None)
        self._forest = (
            Forest.from_json(kept)
            if kept
            else Forest(
                {
                    "dimensions": 1,
                    "shingle_size": detector.shingle,
                    "num_trees": detector.trees,
                    "sample_size": detector.sample,
                    "random_seed": detector.seed,
                    "output_after": detector.at_least,
                    "parallel_execution_enabled": False,
                }
            )
        )

    @property
    def state(self) -> Any:
        """All that a later process continues from."""
        return [self._seen, self._forest.to_json()]

    def update(self, value: float) -> dict[str, float] | None:
        """Take the next value; return its score, if it is an anomaly."""
        # Before the trees have it: later it would be one of theirs.
        score = self._forest.score([value]) if self._seen >= self._detector.at_least else 0.0
        self._forest.update([value])
        self._seen += 1
        return {"score": score} if score > self._detector.threshold else None


def scorer(detector: Detector, state: Any = None) -> Scorer:
    """Return the scorer of a detector."""
    return RandomCutForest(detector, state) if detector.kind == FOREST else ZScore(detector, state)
