"""Detectors of anomalies in a column of numbers."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from lake_blueprints.foundation.arguments import checked


@checked
@dataclass(frozen=True, kw_only=True)
class ZScore:
    """The distance from the mean of the last values of a key, in their standard deviations.

    Parameters
    ----------
    rows: int
        Values that a value is measured by, itself included, 2 to 10,000. By default 100.
    at_least: int
        Values without which none is an anomaly, 2 to `rows`. By default 50.
    threshold: float
        Distance beyond which a value is one. By default 5.

    Raises
    ------
    ValueError
        If a number is out of range, or the threshold is out of reach: of n values none is further than
        (n - 1) / sqrt(n) deviations from their mean.

    Example
    -------
        >>> ZScore(rows=60, at_least=30, threshold=4)
    """

    kind: ClassVar[str] = "zscore"
    columns: ClassVar[tuple[str, ...]] = ("mean", "deviation", "score")

    rows: int = 100
    at_least: int = 50
    threshold: float = 5

    def __post_init__(self) -> None:
        if not 2 <= self.rows <= 10_000:
            raise ValueError(f"'rows' must be 2 to 10,000, got {self.rows}")
        if not 2 <= self.at_least <= self.rows:
            raise ValueError(f"'at_least' must be 2 to 'rows', {self.rows}, got {self.at_least}")
        reach = (self.at_least - 1) / math.sqrt(self.at_least)
        if not 0 < self.threshold < reach:
            raise ValueError(
                f"'threshold' must be above 0 and below {reach:.2f}, which none of {self.at_least} values can pass, "
                f"got {self.threshold}; raise 'at_least'"
            )

    def as_dict(self) -> dict[str, Any]:
        """Return the detector as the plan has it."""
        return {"kind": self.kind, **asdict(self), "threshold": float(self.threshold)}


@checked
@dataclass(frozen=True, kw_only=True)
class RandomCutForest:
    """The isolation of the last values of a key among those before, by trees of random cuts; a `StreamFunction` has it.

    Parameters
    ----------
    threshold: float
        Score beyond which a value is an anomaly, above 1: the usual value scores 1 or less. By default 2.5.
    at_least: int
        Values without which none is an anomaly. By default 256.
    trees: int
        Number of trees, 1 to 100. By default 50.
    sample: int
        Values that each tree remembers, 2 to 1,024. By default 256.
    shingle: int
        Values in a row that are looked at together, 1 to 30. By default 4.
    seed: int
        Start of the random cuts: the same records have the same scores. By default 0.

    Raises
    ------
    ValueError
        If a number is out of range.

    Notes
    -----
    A key's state has about `trees` times `sample` times `shingle` times 30 bytes.

    Example
    -------
        >>> RandomCutForest(trees=30, sample=128, at_least=128)
    """

    kind: ClassVar[str] = "random_cut_forest"
    columns: ClassVar[tuple[str, ...]] = ("score",)

    threshold: float = 2.5
    at_least: int = 256
    trees: int = 50
    sample: int = 256
    shingle: int = 4
    seed: int = 0

    def __post_init__(self) -> None:
        for name, least, most in (("trees", 1, 100), ("sample", 2, 1_024), ("shingle", 1, 30), ("seed", 0, 2**32 - 1)):
            if not least <= getattr(self, name) <= most:
                raise ValueError(f"'{name}' must be {least} to {most:,}, got {getattr(self, name)}")
        if self.at_least < self.shingle:
            raise ValueError(f"'at_least' must be at least 'shingle', {self.shingle}, got {self.at_least}")
        if not self.threshold > 1:
            raise ValueError(f"'threshold' must be above 1, got {self.threshold}")

    def as_dict(self) -> dict[str, Any]:
        """Return the detector as the plan has it."""
        return {"kind": self.kind, **asdict(self), "threshold": float(self.threshold)}
