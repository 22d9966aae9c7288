"""The ledger in S3: no run writes over what another has noted."""

from __future__ import annotations

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
