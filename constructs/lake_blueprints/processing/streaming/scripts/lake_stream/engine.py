"""The plan in plain Python: records in, rows of outputs out, with a state that is plain data and bounded.

It gives what the plan's SQL gives in Flink at a parallelism of one; tests hold both against each other.
"""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Iterator
from decimal import Context, Decimal, localcontext
from typing import Any

from lake_stream import values
from lake_stream.plan import (
    ANOMALIES,
    CLEAN,
    LATE,
    LONGEST_TEXT,
    REASON,
    RECORD,
    REJECTED,
    WINDOW,
    WINDOW_END,
    WINDOW_START,
    Measure,
    Output,
    Plan,
)
from lake_stream.scores import Scorer, scorer

_COMBINE: dict[str, Callable[[Any, Any], Any]] = {"sum": operator.add, "min": min, "max": max}
# Decimal rounds sums to 28 digits by default, and Flink has 38 of them.
_EXACT = Context(prec=2 * 38)
# An output's name and a row of it.
Emitted = tuple[str, dict[str, Any]]


class Engine:
    """A run of the plan over the records of one shard, in their order.

    `state`, as the attribute of that name returned it, is what an earlier run ended with. It holds a key for each
    record that is remembered, a row of sums for each key of each open window, and for each key of anomalies the values
    that it is scored by; keys that have not been seen for as long as records are remembered leave it.
    """

    def __init__(self, plan: Plan, state: dict[str, Any] | None = None) -> None:
        self._plan = plan
        state = state or {}
        # The greatest event time that was seen.
        self._latest: int | None = state.get("latest")
        # By key, when it was first seen: in the order of arrival, so that the oldest are in front.
        self._seen: dict[str, int] = state.get("seen", {})
        # By output, start and key: a value for each measure.
        self._windows: dict[str, dict[str, dict[str, list[Any]]]] = {
            output.name: state.get("windows", {}).get(output.name, {}) for output in plan.of_kind(WINDOW)
        }
        # By output and key: when it was last seen, and its scorer; until the key comes again, the state of one.
        self._scores: dict[str, dict[str, list[Any]]] = {
            output.name: state.get("scores", {}).get(output.name, {}) for output in plan.of_kind(ANOMALIES)
        }
        self.counts = {"received": 0, "duplicates": 0}

    @property
    def state(self) -> dict[str, Any]:
        """All that a later run continues from, as JSON can hold it."""
        scores = {
            name: {key: [seen, getattr(held, "state", held)] for key, (seen, held) in keys.items()}
            for name, keys in self._scores.items()
        }
        return {"latest": self._latest, "seen": self._seen, "windows": self._windows, "scores": scores}

    def process(self, text: str, arrival_ms: int) -> list[Emitted]:
        """Take the next record and the time at which it arrived; return the rows that follow from it."""
        self.counts["received"] += 1
        self._forget(arrival_ms)
        row = values.read(self._plan, text)
        watermark = self._watermark
        emitted = list(self._judge(text, row, watermark, arrival_ms))
        if row.event_ms is not None:
            self._latest = max(row.event_ms, self._latest if self._latest is not None else row.event_ms)
        return [*emitted, *self._close(self._watermark)]

    def flush(self) -> list[Emitted]:
        """Close all windows, as the end of a stream does."""
        return list(self._close(None, everything=True))

    @property
    def _watermark(self) -> int | None:
        return None if self._latest is None else self._latest - self._plan.lateness_ms

    def _judge(self, text: str, row: values.Row, watermark: int | None, arrival_ms: int) -> Iterator[Emitted]:
        plan = self._plan
        if row.reason is not None or row.event_ms is None:
            yield from (
                (output.name, {RECORD: text[:LONGEST_TEXT], REASON: row.reason}) for output in plan.of_kind(REJECTED)
            )
            return
        if plan.keys:
            key = _key(row, plan.keys)
            if key in self._seen:
                self.counts["duplicates"] += 1
                return
            self._seen[key] = arrival_ms
        for reference in plan.references:
            row.values |= reference.of(row.values)
        starts = {output.name: row.event_ms // output.window_ms * output.window_ms for output in plan.of_kind(WINDOW)}
        ends = [starts[output.name] + output.window_ms for output in plan.of_kind(WINDOW)]
        # A window is closed by the watermark of its last millisecond.
        late = bool(ends) and watermark is not None and watermark >= min(ends) - 1
        record = {column.source: row.values[column.name] for column in plan.enriched}
        yield from ((output.name, record) for output in plan.of_kind(LATE if late else CLEAN))
        if late:
            return
        for output in plan.of_kind(WINDOW):
            window = self._windows[output.name].setdefault(str(starts[output.name]), {})
            sums = window.setdefault(_key(row, output.keys), [None] * len(output.measures))
            for at, measure in enumerate(output.measures.values()):
                sums[at] = _added(sums[at], measure, row)
        for output in plan.of_kind(ANOMALIES):
            yield from self._score(output, row, arrival_ms)

    def _score(self, output: Output, row: values.Row, arrival_ms: int) -> Iterator[Emitted]:
        assert output.column is not None and output.detector is not None
        value = row.values[output.column]
        if value is None:
            return
        key = _key(row, output.keys)
        held: Any = self._scores[output.name].pop(key, (None, None))[1]
        scores: Scorer = held if hasattr(held, "update") else scorer(output.detector, held)
        found = scores.update(float(value))
        # Put at the end: the keys longest unseen are in front.
        self._scores[output.name][key] = [arrival_ms, scores]
        if found:
            names = self._plan.of_anomaly(output)
            yield output.name, {**{name: row.values[name] for name in names}, **found}

    def _close(self, watermark: int | None, *, everything: bool = False) -> Iterator[Emitted]:
        for output in self._plan.of_kind(WINDOW):
            windows = self._windows[output.name]
            for start in sorted(map(int, windows)):
                end = start + output.window_ms
                if not everything and (watermark is None or watermark < end - 1):
                    break
                for key, sums in windows.pop(str(start)).items():
                    measured = zip(output.measures.items(), sums, strict=True)
                    yield (
                        output.name,
                        {
                            **dict(zip(output.keys, json.loads(key, parse_float=Decimal), strict=True)),
                            WINDOW_START: values.time_text(start),
                            WINDOW_END: values.time_text(end),
                            **{name: _result(measure, value, self._plan) for (name, measure), value in measured},
                        },
                    )

    def _forget(self, now_ms: int) -> None:
        if not self._plan.remember_ms:
            return
        oldest = now_ms - self._plan.remember_ms
        while self._seen and next(iter(self._seen.values())) <= oldest:
            self._seen.pop(next(iter(self._seen)))
        for scores in self._scores.values():
            while scores and next(iter(scores.values()))[0] <= oldest:
                scores.pop(next(iter(scores)))


def _key(row: values.Row, names: list[str]) -> str:
    return "[" + ",".join(values.encode_value(row.values[name]) for name in names) + "]"


def _added(total: Any, measure: Measure, row: values.Row) -> Any:
    """Return the state of a measure with one row more."""
    value = 1 if measure.column is None else row.values[measure.column]
    if value is None:
        return total
    if measure.measure == "count":
        return (total or 0) + 1
    if measure.measure == "mean":
        before, count = total or (0.0, 0)
        return [before + float(value), count + 1]
    # JSON would make a double of a decimal.
    exact = isinstance(value, Decimal)
    if total is not None:
        with localcontext(_EXACT):
            value = _COMBINE[measure.measure](Decimal(total) if exact else total, value)
    return str(value) if exact else value


def _result(measure: Measure, total: Any, plan: Plan) -> Any:
    if measure.measure == "count":
        return total or 0
    if total is None:
        return None
    if measure.measure == "mean":
        return total[0] / total[1]
    return Decimal(total) if plan.column(str(measure.column)).family == "decimal" else total
