"""The plan in plain Python: what it remembers, and for how long."""

from __future__ import annotations

import json
import math
import random
from types import SimpleNamespace
from typing import Any

import pytest

from tests.unit.processing.streaming.test_engines import PLAN


def _engine(stream: SimpleNamespace, state: Any = None, **change: Any) -> Any:
    return stream.engine.Engine(stream.plan.Plan.parse(json.dumps({**PLAN, **change})), state)


def _record(number: int, second: int = 0, **more: Any) -> str:
    time = f"2026-11-30T00:{second // 60:02}:{second % 60:02}Z"
    return json.dumps({"sensor": "a", "n": number, "at": time, **more})


def test_a_key_is_remembered_for_a_while_and_the_state_does_not_grow_beyond(stream: SimpleNamespace) -> None:
    engine = _engine(stream, remember_ms=60_000)

    again = [engine.process(_record(1), arrival) for arrival in (0, 59_999, 60_000)]

    assert [len(rows) for rows in again] == [1, 0, 1]
    for number in range(2, 1_002):
        engine.process(_record(number), 100_000 + number * 1_000)
    assert len(engine.state["seen"]) == 60
    assert engine.counts == {"received": 1_003, "duplicates": 1}


def test_a_window_leaves_the_state_when_it_is_closed_by_the_first_record_beyond(stream: SimpleNamespace) -> None:
    engine = _engine(stream)

    rows = [engine.process(_record(second, second), 0) for second in (0, 59, 69, 70)]

    closed = [[row for name, row in of if name == "minutes"] for of in rows]
    assert [len(each) for each in closed] == [0, 0, 0, 1], "at the end of the minute and ten seconds more"
    assert closed[3][0] == {
        "sensor": "a", "place": "hall 'ä' \"1\"",
        "window_start": "2026-11-30T00:00:00.000Z", "window_end": "2026-11-30T00:01:00.000Z",
        "readings": 2, "mean_c": None, "paid": None, "last": 59, "numbers": 59,
    }  # fmt: skip
    assert list(engine.state["windows"]["minutes"]) == ["1795996860000"]


def test_a_record_is_late_when_one_of_its_windows_is_closed_and_then_in_none(stream: SimpleNamespace) -> None:
    short = {"name": "short", "kind": "window", "window_ms": 10_000, "measures": {"n": {"measure": "count"}}}
    engine = _engine(stream, lateness_ms=0, outputs=[*PLAN["outputs"], short])

    names = [
        [name for name, _ in engine.process(_record(number, second), 0)]
        for number, second in enumerate((0, 9, 10, 9, 10))
    ]

    assert names == [["clean"], ["clean"], ["clean", "short"], ["late"], ["clean"]]


def test_a_rejected_record_moves_the_watermark_by_its_time_and_one_without_does_not(stream: SimpleNamespace) -> None:
    engine = _engine(stream)
    engine.process(_record(1, 0), 0)

    engine.process("broken", 0)
    assert engine.state["latest"] == 1_795_996_800_000
    ((name, _), (closed, _)) = engine.process(_record(2, 300, celsius=-200), 0)

    assert (name, closed) == ("rejected", "minutes")


def test_the_rejected_text_is_cut_where_no_stream_would_take_it(stream: SimpleNamespace) -> None:
    ((_, row),) = _engine(stream).process("x" * 1_000_000, 0)

    assert len(row["record"]) == 150_000


def test_decimals_keep_their_digits_in_windows_and_through_the_state(stream: SimpleNamespace) -> None:
    state = None
    for number in range(3):
        engine = _engine(stream, state)
        engine.process(_record(number, Price="0.10"), 0)
        state = json.loads(json.dumps(engine.state))

    ((_, row),) = _engine(stream, state).flush()

    assert '"paid":0.30' in stream.values.encode(row)


def test_sums_of_decimals_have_all_of_their_38_digits(stream: SimpleNamespace) -> None:
    columns = [{**one, "type": "decimal(38,2)"} if one["name"] == "price" else one for one in PLAN["columns"]]
    engine = _engine(stream, columns=columns)
    for number, price in enumerate(("123456789012345678901234567890.10", "0.02")):
        engine.process(_record(number, Price=price), 0)

    ((_, row),) = engine.flush()

    assert '"paid":123456789012345678901234567890.12' in stream.values.encode(row)


@pytest.mark.parametrize("shift", [0.0, 1e5])
def test_the_z_score_is_that_of_the_last_values(stream: SimpleNamespace, shift: float) -> None:
    detector = stream.plan.Detector(kind="zscore", threshold=3.0, rows=50, at_least=20)
    draw = random.Random(1)
    values = [shift + draw.gauss(0, 1) for _ in range(300)]
    values[200] += 9
    scorer = stream.scores.scorer(detector)

    found = {at: row for at, value in enumerate(values) if (row := scorer.update(value))}

    last = values[151:201]
    mean = math.fsum(last) / 50
    deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in last) / 50)
    assert found[200]["score"] == pytest.approx((values[200] - mean) / deviation, rel=1e-3)
    assert len(found) <= 3


def test_values_that_do_not_vary_have_no_score(stream: SimpleNamespace) -> None:
    scorer = stream.scores.scorer(stream.plan.Detector(kind="zscore", threshold=3.0, rows=50, at_least=2))

    assert [scorer.update(0.1) for _ in range(100)] == [None] * 100


def test_a_forest_finds_the_spikes_of_a_season_and_the_same_after_each_restart(stream: SimpleNamespace) -> None:
    detector = stream.plan.Detector(
        kind="random_cut_forest", threshold=2.5, at_least=256, trees=30, sample=128, shingle=4, seed=7
    )
    draw = random.Random(2)
    values = [10 * math.sin(at / 8) + draw.gauss(0, 0.3) for at in range(900)]
    spikes = {400: 25.0, 520: -30.0, 700: 40.0}
    for at, height in spikes.items():
        values[at] += height

    def run(*, restart: bool) -> dict[int, float]:
        scorer, found = stream.scores.scorer(detector), {}
        for at, value in enumerate(values):
            if restart and at % 100 == 0:
                scorer = stream.scores.scorer(detector, json.loads(json.dumps(scorer.state)))
            if row := scorer.update(value):
                found[at] = row["score"]
        return found

    once = run(restart=False)
    assert spikes.keys() <= once.keys()
    # A spike stays among the values that are looked at together.
    assert all(any(0 <= at - spike < 4 for spike in spikes) for at in once)
    assert run(restart=False) == once
    assert run(restart=True) == once
