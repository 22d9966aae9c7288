"""Bad records are bad in the way they should be, and always the same."""

from __future__ import annotations

import json

import pytest

from examples.flights import corruption
from examples.flights.records import as_json, dataset

FLIGHTS = dataset("flights")
GOOD = [
    as_json({"year": 2013, "month": 1, "day": day, "carrier": "UA", "flight": day, "time_hour": "2013-01-01T10:00:00Z"})
    for day in range(1, 9)
]


def _bad(count: int) -> list[bytes]:
    """Return the lines that were added, in order."""
    left = list(corruption.corrupt(GOOD, FLIGHTS, count))
    for line in GOOD:
        left.remove(line)
    return left


def test_every_kind_is_injected_in_turn() -> None:
    broken, mistyped, keyless, repeated = _bad(4)
    with pytest.raises(json.JSONDecodeError):
        json.loads(broken)
    assert json.loads(mistyped)["day"] == "many"
    assert "time_hour" not in json.loads(keyless)
    assert repeated in GOOD


def test_bad_records_are_spread_evenly() -> None:
    lines = list(corruption.corrupt(GOOD, FLIGHTS, 2))
    assert [position for position, line in enumerate(lines) if line not in GOOD] == [4, 9]


def test_two_runs_inject_the_same() -> None:
    assert list(corruption.corrupt(GOOD, FLIGHTS, 4)) == list(corruption.corrupt(GOOD, FLIGHTS, 4))


def test_nothing_is_injected_unless_asked_for() -> None:
    assert list(corruption.corrupt(GOOD, FLIGHTS, 0)) == GOOD


def test_more_bad_records_than_good_ones_are_all_injected() -> None:
    assert len(_bad(19)) == 19


def test_says_how_many_there_are_of_each_kind() -> None:
    assert corruption.expected(10) == {"broken JSON": 3, "wrong type": 3, "missing key": 2, "duplicate": 2}
