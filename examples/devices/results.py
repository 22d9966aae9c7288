"""Results of a run, of which the summary and the report are made."""

from __future__ import annotations

import statistics
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from examples.demo.errors import DemoError
from examples.devices.sensors import Fate, Message

Reading = tuple[datetime, float]
_DEVIATIONS = 3


@dataclass(frozen=True, kw_only=True)
class Detection:
    """Quality of a detection of anomalies; they are known by sensor and number of the reading."""

    known: frozenset[str]
    found: frozenset[str]

    @property
    def precision(self) -> float:
        """Share of what was found that is anomalous."""
        return len(self.known & self.found) / len(self.found) if self.found else 1.0

    @property
    def recall(self) -> float:
        """Share of what is anomalous that was found."""
        return len(self.known & self.found) / len(self.known)


@dataclass(kw_only=True)
class Results:
    """Results of a run."""

    sent: list[Message] = field(default_factory=list)
    seconds: float = 0.0
    # Messages by what became of them: as drawn, and as the lake has them.
    drawn: dict[Fate, int] = field(default_factory=dict)
    account: dict[Fate, int] = field(default_factory=dict)
    # Windows that were closed, by sensor and beginning: those of the processor, and of a query of the lake.
    windows: dict[tuple[str, str], int] = field(default_factory=dict)
    counted: dict[tuple[str, str], int] = field(default_factory=dict)
    # The newest reading of each sensor, by place.
    newest: dict[str, dict[str, Reading]] = field(default_factory=dict)
    detections: dict[str, Detection] = field(default_factory=dict)
    alerts: int = 0
    restarts: int = 0

    def check(self) -> None:
        """Refuse an account that does not balance, and places that disagree.

        Raises
        ------
        DemoError
            With the first that differs.
        """
        _same("messages", self.account, self.drawn)
        if sum(self.account.values()) != len(self.sent):
            raise DemoError(f"{sum(self.account.values())} messages are accounted for, and {len(self.sent)} were sent")
        _same("windows", self.windows, self.counted)
        first, *others = self.newest.items()
        for place, found in others:
            _same(f"newest readings in {place} and {first[0]}", found, first[1])


def _same(what: str, found: Mapping[Any, object], right: Mapping[Any, object]) -> None:
    for name in found.keys() | right.keys():
        if found.get(name) != right.get(name):
            raise DemoError(f"{what} differ: {name} is {found.get(name)}, and should be {right.get(name)}")


def threshold(sent: Collection[Message]) -> frozenset[str]:
    """Return what fixed thresholds find: readings three deviations from the mean of all of the sensor's."""
    found: set[str] = set()
    for device in {message.device for message in sent}:
        of_device = [one for one in sent if one.device == device and one.fate is Fate.CLEAN]
        values = [one.celsius for one in of_device]
        mean, deviation = statistics.fmean(values), statistics.pstdev(values)
        found |= {one.id for one in of_device if abs(one.celsius - mean) > _DEVIATIONS * deviation}
    return frozenset(found)
