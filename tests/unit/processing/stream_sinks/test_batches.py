"""Batches as rows of a dataset: which values a record may have, and where a batch begins again."""

from __future__ import annotations

import base64
import json
import logging
from decimal import Decimal
from typing import Any

import pytest
from lake_aggregation import aggregated
from lake_sinks.batches import read_batch
from lake_sinks.dataset import Dataset

TYPES = {
    "id": "bigint",
    "price": "decimal(10,2)",
    "speed": "double",
    "at": "timestamp",
    "day": "date",
    "late": "boolean",
    "name": "varchar(10)",
    "photo": "binary",
    "stops": "array<string>",
}
DATASET = Dataset(name="flights", types=TYPES, labels={}, required=("id",))


def event(*given: str | bytes) -> dict[str, Any]:
    return {
        "Records": [
            {
                "kinesis": {"sequenceNumber": str(number), "data": base64.b64encode(data).decode()},
                "eventSourceARN": "arn:aws:kinesis:us-east-1:123456789012:stream/flights",
            }
            for number, data in enumerate(one if isinstance(one, bytes) else one.encode() for one in given)
        ]
    }


def test_a_row_has_the_values_of_the_contracts_columns_alone() -> None:
    record = {
        "id": 7,
        "price": "12.10",
        "speed": 0.1,
        "at": "2026-01-01 12:00:00+02:00",
        "day": "2026-01-01",
        "late": False,
        "name": "",
        "photo": "AP8=",
        "stops": ["JFK", 1.5],
        "gate": "B",
    }
    (row,) = read_batch(event(json.dumps(record)), DATASET).rows
    assert row == {
        "id": 7,
        "price": Decimal("12.10"),
        "speed": Decimal("0.1"),
        "at": "2026-01-01T10:00:00.000000Z",
        "day": "2026-01-01",
        "late": False,
        "name": "",
        "photo": b"\x00\xff",
        "stops": ["JFK", Decimal("1.5")],
    }


def test_what_is_null_or_missing_is_no_value() -> None:
    assert DATASET.row({"id": 1, "name": None}) == {"id": 1}


@pytest.mark.parametrize(
    "moment",
    ["2026-01-01T10:00:00.25Z", "2026-01-01 10:00:00.25", "2026-01-01T12:00:00.250+02:00", "2026-01-01T10:00:00.25"],
)
def test_times_are_text_of_one_length_in_utc(moment: str) -> None:
    assert DATASET.row({"id": 1, "at": moment})["at"] == "2026-01-01T10:00:00.250000Z"


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ([1], "is no JSON object"),
        ({"name": "x"}, "has no value of id"),
        ({"id": 1.5}, "has a value of id that is no bigint"),
        ({"id": True}, "has a value of id that is no bigint"),
        ({"id": "1e4000"}, "has a value of id that is no bigint"),
        ({"id": 1, "speed": "NaN"}, "has a value of speed that is no double"),
        ({"id": 1, "speed": "1e4000"}, "has a value of speed that is no double"),
        ({"id": 1, "speed": "0e-4000"}, "has a value of speed that is no double"),
        ({"id": 1, "price": "cheap"}, "has a value of price that is no decimal"),
        ({"id": 1, "at": "yesterday"}, "has a value of at that is no timestamp"),
        ({"id": 1, "at": 1_767_261_600}, "has a value of at that is no timestamp"),
        ({"id": 1, "day": "2026-13-01"}, "has a value of day that is no date"),
        ({"id": 1, "late": "no"}, "has a value of late that is no boolean"),
        ({"id": 1, "name": 5}, "has a value of name that is no varchar"),
        ({"id": 1, "photo": "?"}, "has a value of photo that is no binary"),
    ],
)
def test_a_record_that_is_no_row_is_where_the_batch_begins_again(
    record: Any, message: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        batch = read_batch(event('{"id": 1}', json.dumps(record, default=str), '{"id": 3}'), DATASET)
    assert [row["id"] for row in batch.rows] == [1]
    assert batch.answer == {"batchItemFailures": [{"itemIdentifier": "1"}]}
    assert f"record 1 of arn:aws:kinesis:us-east-1:123456789012:stream/flights: {message}" in caplog.text


def test_the_log_has_no_values(caplog: pytest.LogCaptureFixture) -> None:
    read_batch(event('{"id": "secret"}', "not JSON: secret"), DATASET)
    read_batch(event("not JSON: secret"), DATASET)
    assert "is no JSON" in caplog.text
    assert "secret" not in caplog.text


def test_a_record_that_is_nested_too_deeply_to_be_read_fails_alone() -> None:
    batch = read_batch(event('{"id": 1}', "[" * 100_000), DATASET)
    assert (batch.rows, batch.failed) == ([{"id": 1}], "1")


def test_a_batch_without_a_failure_says_so() -> None:
    assert read_batch(event('{"id": 1}'), DATASET).answer == {"batchItemFailures": []}


def test_the_rows_that_a_producer_has_aggregated_are_taken_but_the_record_fails_with_one_that_is_none() -> None:
    ((_, good),) = aggregated(("k", b'{"id": %d}' % number) for number in (2, 3))
    ((_, bad),) = aggregated(("k", data) for data in (b'{"id": 4}', b'{"name": "x"}', b'{"id": 6}'))
    batch = read_batch(event('{"id": 1}', good, bad, '{"id": 7}'), DATASET)
    # Once the third is discarded, Lambda goes on with the fourth.
    assert [row["id"] for row in batch.rows] == [1, 2, 3, 4, 6]
    assert batch.answer == {"batchItemFailures": [{"itemIdentifier": "2"}]}
