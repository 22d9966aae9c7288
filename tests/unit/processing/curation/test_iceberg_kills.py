"""A thousand changes in 50 batches, with kills and second runs at random moments: table, copy and account agree."""

from __future__ import annotations

import random
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from tests.unit.processing.curation.test_curate import part
from tests.unit.processing.curation.test_iceberg import name, sql
from tests.unit.processing.curation.test_iceberg_copy import HASHED_KEY, NEWEST, Masked, lakes, passenger

__all__ = ("lakes",)

BATCHES, CHANGES, KILLS = 50, 20, 20


class Moments:
    """Moments of a run: before each step of a draft and each note in the ledger, and after it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._passed = 0
        self._at: int | None = None
        self._act: Callable[[], object] = lambda: None
        draft, ledger = part("iceberg_table").Draft, part("ledger").Ledger
        steps = [(draft, step) for step in ("begin", "merge", "overwrite", "publish")]
        for owner, step in [*steps, (ledger, "save")]:
            monkeypatch.setattr(owner, step, self._watched(getattr(owner, step)))

    def once(self, at: int, act: Callable[[], object]) -> None:
        """Act at the nth moment from now, if the run has so many."""
        self._passed, self._at, self._act = 0, at, act

    def disarm(self) -> None:
        """Let further runs pass."""
        self._at = None

    def _watched(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*arguments: Any) -> Any:
            self._pass()
            found = original(*arguments)
            self._pass()
            return found

        return watched

    def _pass(self) -> None:
        self._passed += 1
        if self._passed == self._at:
            self._at = None
            self._act()


def kill() -> None:
    raise KeyboardInterrupt


def test_a_thousand_changes_leave_what_a_dictionary_holds_whatever_is_killed(
    lakes: Callable[..., Masked], script: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = lakes(HASHED_KEY, **NEWEST)
    copying = lake.lake.more
    chance, version = random.Random(20), 0
    expected: dict[int, int] = {}
    killed = beside = 0
    moments = Moments(monkeypatch)
    disturbed = {batch: chance.randrange(1, 17) for batch in chance.sample(range(BATCHES), KILLS)}
    for batch in range(BATCHES):
        changes = []
        for _ in range(CHANGES):
            version += 1
            key, deleted = chance.randrange(200), chance.random() < 0.3
            if deleted:
                expected.pop(key, None)
            else:
                expected[key] = version
            changes.append(passenger(key, version, op="D" if deleted else "U"))
        chance.shuffle(changes)
        lake.lake.put(f"{batch}.json", *changes)
        # Other batches leave the copy behind, so that one follows several commits of the table.
        copied = batch in disturbed or batch % 5 == 0
        lake.lake.more = copying if copied else []
        if batch in disturbed:
            # In every fourth batch, another run begins at that moment and ends before this one goes on.
            second = batch % 4 == 0
            moments.once(disturbed[batch], lake.lake.run if second else kill)
            try:
                lake.lake.run()
            except KeyboardInterrupt:
                killed += 1
            except Exception as error:
                assert "another run of this job has written to the table" in str(error) or second, error
                beside += 1
            moments.disarm()
        lake.lake.run()
        found = sql(f"SELECT id, version FROM {name(lake.lake)}")
        assert dict(found) == expected
        assert len(found) == len(expected)
        if copied:
            lake.check()
        reports = lake.lake.reports()
        assert sum(report["read"] for report in reports) == (batch + 1) * CHANGES
        assert all(report["read"] == report["curated"] + report["duplicates"] for report in reports)
    lake.lake.more = copying
    lake.lake.run()
    lake.check()
    assert killed >= KILLS // 2
    assert beside
