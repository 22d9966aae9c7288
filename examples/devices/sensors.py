"""Messages of five sensors, drawn with a seed, so that all that is wrong with them is known."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

DEVICES = tuple(f"sensor-{number}" for number in range(1, 6))
READINGS = 1_977
"""Readings of each sensor, before some are sent twice."""
LAST = READINGS - 1
EVERY = timedelta(seconds=10)
_BEGAN = datetime(2026, 3, 1, tzinfo=UTC)
_PAUSE = timedelta(hours=1)
_DAY = 8_640
# Shares of the readings.
_TWICE, _LATE, _MALFORMED, _BROKEN, _TESTS = 0.012, 0.006, 0.006, 0.002, 0.004
# Readings by which a late one is delayed: twenty minutes.
_DELAY = 120
# Before the detector has seen enough.
_WARM_UP = 300
_ANOMALIES = 8
_APART = 150


class Fate(StrEnum):
    """The end that a message must come to."""

    CLEAN = "clean"
    REJECTED = "rejected"
    FILTERED = "filtered"
    DUPLICATE = "duplicates"
    LATE = "late"


@dataclass(frozen=True, kw_only=True)
class Message:
    """A message of a device, and what must become of it.

    `celsius` and `number` are those of the reading; `anomalous` says whether it was drawn as an anomaly.
    """

    device: str
    number: int
    payload: bytes
    measured_at: datetime
    celsius: float
    fate: Fate
    anomalous: bool = False

    @property
    def id(self) -> str:
        """The number of the reading, by which it is known again."""
        return f"{self.device}-{self.number}"


def messages(seed: int = 1) -> list[Message]:
    """Return the messages of all sensors in the order in which they are sent."""
    chance = random.Random(seed)
    sent: list[tuple[int, Message]] = []
    for device in DEVICES:
        sent += _of_device(device, chance)
    # Each reading when it was measured, late ones when they come at last; sensors take turns.
    return [message for _, message in sorted(sent, key=lambda one: one[0])]


def _of_device(device: str, chance: random.Random) -> Iterator[tuple[int, Message]]:
    anomalies = _anomalies(chance)
    base, phase = chance.uniform(17, 23), chance.uniform(0, 2 * math.pi)
    for number in range(READINGS):
        celsius = base + 4 * math.sin(phase + 2 * math.pi * number / _DAY * 4) + chance.gauss(0, 0.25)
        celsius = round(celsius + anomalies.get(number, 0.0), 2)
        fate, anomalous = Fate.CLEAN, number in anomalies
        drawn = chance.random()
        at = number
        measured_at = _BEGAN + number * EVERY
        if number == LAST:
            # An hour later, and after all others, so that the windows before it are closed.
            measured_at, at = measured_at + _PAUSE, number + _DELAY
        content: dict[str, object] = {
            "id": f"{device}-{number}",
            "celsius": celsius,
            "measured_at": measured_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "mode": "normal",
        }
        payload: bytes | None = None
        if not anomalous and _DELAY < number < READINGS - 2 * _DELAY:
            if drawn < _LATE:
                fate, at = Fate.LATE, number + _DELAY
            elif (drawn := drawn - _LATE) < _MALFORMED:
                fate = Fate.REJECTED
                content.update(chance.choice(({"celsius": "warm"}, {"measured_at": "yesterday"}, {"celsius": None})))
            elif (drawn := drawn - _MALFORMED) < _BROKEN:
                fate = Fate.FILTERED
                payload = json.dumps(content).encode()[: chance.randrange(5, 20)]
            elif drawn - _BROKEN < _TESTS:
                fate = Fate.FILTERED
                content["mode"] = "test"
        made = Message(
            device=device,
            number=number,
            payload=payload or json.dumps(content).encode(),
            measured_at=measured_at,
            celsius=celsius,
            fate=fate,
            anomalous=anomalous,
        )
        yield at, made
        if fate is Fate.CLEAN and chance.random() < _TWICE:
            yield at + chance.randrange(1, 4), _again(made)


def _again(message: Message) -> Message:
    """Return a message that was sent twice, as a device does that has not seen the acknowledgement."""
    return Message(
        device=message.device,
        number=message.number,
        payload=message.payload,
        measured_at=message.measured_at,
        celsius=message.celsius,
        fate=Fate.DUPLICATE,
    )


def _anomalies(chance: random.Random) -> dict[int, float]:
    """Return the readings of a sensor that are off, and by how many degrees."""
    places = range(_WARM_UP, READINGS - _APART, (READINGS - _APART - _WARM_UP) // _ANOMALIES)
    return {
        place + chance.randrange(_APART // 2): chance.choice((-1, 1)) * chance.uniform(3.5, 7)
        for place in places[:_ANOMALIES]
    }
