"""Both engines of a plan, real Flink and plain Python, beside a batch query over the same records."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import pytest

from tests.unit.processing.streaming.conftest import Outputs

START = datetime(2026, 11, 30, tzinfo=UTC)
PLAN: dict[str, Any] = {
    "dataset": "readings",
    "columns": [
        {"name": "sensor", "source": "sensor", "type": "string", "required": True},
        {"name": "number", "source": "n", "type": "int", "required": True},
        {"name": "celsius", "source": "celsius", "type": "double", "minimum": -100},
        {"name": "price", "source": "Price", "type": "decimal(10,2)"},
        {"name": "at", "source": "at", "type": "timestamp"},
    ],
    "event_time": "at",
    "lateness_ms": 10_000,
    "keys": ["sensor", "number"],
    "remember_ms": 3_600_000,
    "references": [
        {
            "keys": ["sensor"],
            "columns": [
                {"name": "place", "source": "place", "type": "string"},
                {"name": "rent", "source": "rent", "type": "decimal(10,2)"},
            ],
            "rows": [["a", "hall 'ä' \"1\"", "7.50"], ["c", "yard", "1.00"]],
            "otherwise": ["unknown", None],
        },
        {
            "keys": ["sensor", "number"],
            "columns": [
                {"name": "weight", "source": "weight", "type": "double"},
                {"name": "checked", "source": "checked", "type": "boolean"},
                {"name": "note", "source": "note", "type": "string"},
                {"name": "level", "source": "level", "type": "int"},
            ],
            "rows": [
                ["a", n, n / 7, n % 4 == 0, "" if n % 6 else None, n if n % 3 else None] for n in range(0, 400, 2)
            ],
            "otherwise": [None] * 4,
        },
    ],
    "outputs": [
        {"name": "clean", "kind": "clean"},
        {"name": "late", "kind": "late"},
        {"name": "rejected", "kind": "rejected"},
        {
            "name": "minutes",
            "kind": "window",
            "window_ms": 60_000,
            "keys": ["sensor", "place"],
            "measures": {
                "readings": {"measure": "count"},
                "mean_c": {"measure": "mean", "column": "celsius"},
                "paid": {"measure": "sum", "column": "price"},
                "last": {"measure": "max", "column": "number"},
                "numbers": {"measure": "sum", "column": "number"},
            },
        },
        {
            "name": "odd",
            "kind": "anomalies",
            "keys": ["sensor"],
            "column": "celsius",
            "detector": {"kind": "zscore", "rows": 20, "at_least": 18, "threshold": 3.5},
        },
    ],
}
BROKEN = (
    "broken",
    '{"sensor":"a"}',
    "{} {}",
    '{"sensor":"a","n":"5","at":"2026-11-30T00:00:00Z"}',
    '{"sensor":"a","n":1.5,"at":"2026-11-30T00:00:00Z"}',
    '{"sensor":"a","n":5,"celsius":-200,"at":"2026-11-30T00:00:00Z"}',
)


def sent() -> list[str]:
    """Records in the order of their arrival: some of them late, some twice, some broken.

    Their times are of whole seconds: Flink passes a watermark on at once if it has moved by a fifth of one.
    """
    draw = random.Random(3)
    records: list[str] = []
    for number in range(400):
        behind = draw.choice([0, 0, 0, 5, 9, 90 if number > 100 else 0])
        time = START + timedelta(seconds=number * 3 - behind)
        record = {
            "sensor": draw.choice("ab"),
            "n": number,
            "celsius": 90.0 if number % 97 == 50 else round(draw.gauss(20, 1), 3),
            "Price": draw.choice([None, "12.345", 7, 1.5]),
            "at": time.strftime(draw.choice(["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S.000+00"])),
        }
        records.append(json.dumps(record))
        if number % 50 == 7:
            records.append(records[-1])
        if number % 40 == 9:
            records.append(draw.choice(BROKEN))
    # A key that looks like the beginning of a row.
    records.append(json.dumps({"sensor": "a\thall 'ä' \"1\"", "n": 400, "at": f"{time:%Y-%m-%dT%H:%M:%SZ}"}))
    return records


def test_both_engines_give_the_same_rows_and_account_for_every_record(in_flink: Outputs, in_python: Outputs) -> None:
    records = sent()

    ours, flinks = in_python(PLAN, records), in_flink(PLAN, records)

    for name in ("clean", "late", "rejected"):
        assert sorted(map(json.dumps, flinks[name])) == sorted(map(json.dumps, ours[name])), name
    for name, order in (("minutes", ("window_start", "sensor")), ("odd", ("at", "sensor"))):
        found, wanted = (sorted(rows[name], key=lambda row: [row[part] for part in order]) for rows in (flinks, ours))
        # Sums of doubles, added up in another order.
        assert found == [pytest.approx(row) for row in wanted], name
    for row in (*ours["clean"], *ours["late"], *ours["odd"]):
        assert row["place"] == ("hall 'ä' \"1\"" if row["sensor"] == "a" else "unknown")
    weighed = {row["n"]: row.get("weight") for row in ours["clean"] if row["sensor"] == "a"}
    assert weighed == {number: None if number % 2 else number / 7 for number in weighed}
    good = [record for record in records if record not in BROKEN]
    duplicates = len(good) - len(set(good))
    assert all(len(ours[name]) > 3 for name in ("late", "rejected", "odd")), "the records are too good"
    assert duplicates == 8
    assert len(records) == duplicates + sum(len(ours[name]) for name in ("clean", "late", "rejected"))


def test_windows_count_what_a_batch_query_counts_over_the_clean_records(in_python: Outputs) -> None:
    rows = in_python(PLAN, sent())
    clean = [json.dumps(row) for row in rows["clean"]]

    counted = duckdb.sql(
        """
        SELECT r->>'sensor', strftime(time_bucket(INTERVAL 1 MINUTE, CAST(r->>'at' AS TIMESTAMPTZ) AT TIME ZONE 'UTC'),
               '%Y-%m-%dT%H:%M:%S.000Z') AS start, count(*), max((r->>'n')::INT), sum((r->>'Price')::DECIMAL(10, 2))
        FROM (SELECT unnest($clean)::JSON AS r) GROUP BY ALL ORDER BY start, 1
        """,
        params={"clean": clean},
    ).fetchall()

    windows = sorted(rows["minutes"], key=lambda row: (row["window_start"], row["sensor"]))
    found = [(row["sensor"], row["window_start"], row["readings"], row["last"], row.get("paid")) for row in windows]
    assert found == [(*row[:4], None if row[4] is None else pytest.approx(float(row[4]))) for row in counted]
    assert sum(row["readings"] for row in windows) == len(clean)
