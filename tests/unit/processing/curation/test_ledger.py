"""The ledger in S3: no run writes over what another has noted."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest

from tests.unit.processing.curation.test_curate import part


def state(lake: Any) -> Any:
    return part("storage").Location(f"s3://lake/{lake.name}/state/")


@pytest.mark.parametrize("known", [False, True])
def test_the_second_of_two_runs_that_loaded_a_ledger_cannot_save_it(lake: Any, *, known: bool) -> None:
    ledger = part("ledger").Ledger
    if known:
        ledger(watermark="0").save(state(lake))
    one, other = ledger.load(state(lake)), ledger.load(state(lake))
    one.watermark, other.watermark = "1", "2"
    one.save(state(lake))
    one.save(state(lake))
    with pytest.raises(part("errors").CurateError, match=r"another run of this job has written .*ledger\.json"):
        other.save(state(lake))
    assert ledger.load(state(lake)).watermark == "1"


def test_a_ledger_whose_answer_was_lost_is_saved(lake: Any) -> None:
    ledger = part("ledger").Ledger(watermark="1")
    ledger.save(state(lake))
    # As after the first of two requests for the same.
    ledger.etag = None
    ledger.save(state(lake))
    ledger.watermark = "2"
    ledger.save(state(lake))
    assert part("ledger").Ledger.load(state(lake)).watermark == "2"


def test_what_replaces_an_object_of_a_killed_batch_does_not_hide_older_ones(script: ModuleType) -> None:
    def item(key: str, day: int, etag: str = "first") -> Any:
        return part("storage").SourceObject(key=key, etag=etag, size=1, modified=f"2026-01-{day:02}T00:00:00+00:00")

    ledger, waiting = part("ledger").Ledger(), [item("b", 2), item("c", 3)]
    ledger.begin(ledger.next_batch([item("a", 1)]))
    listed = [item("a", 20, "second"), *waiting]
    batch = ledger.next_batch(listed)
    assert batch.redone
    assert batch.objects == []
    ledger.finish(batch.objects)
    assert ledger.next_batch(listed).objects == [*waiting, listed[0]]


def test_a_batch_that_an_earlier_version_has_noted_is_repeated(script: ModuleType) -> None:
    found = part("storage").SourceObject(key="a", etag="a", size=1, modified="2026-01-01T00:00:00+00:00")
    ledger = part("ledger").Ledger(pending={"batch": "b", "keys": ["a"]})
    assert ledger.next_batch([found]).objects == [found]
