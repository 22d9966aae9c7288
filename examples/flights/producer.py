"""Producer: puts records into the stream and files into the raw zone."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from examples.demo.errors import DemoError
from examples.flights import source
from examples.flights.records import as_csv, records
from lake_blueprints.contracts import Dataset

REFERENCES = ("airlines", "airports", "planes")
# The most that PutRecords takes: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html
BATCH = 500
ATTEMPTS = 8


def stream(kinesis: Any, name: str, lines: Iterable[bytes], on_progress: Callable[[int], None]) -> int:
    """Put one record for each line and return how many the stream has accepted."""
    entries = ({"Data": line, "PartitionKey": str(number)} for number, line in enumerate(lines))
    accepted = 0
    for batch in _batches(entries):
        _put(kinesis, name, batch)
        accepted += len(batch)
        on_progress(len(batch))
    return accepted


def _batches(entries: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    while batch := list(islice(entries, BATCH)):
        yield batch


def _put(kinesis: Any, name: str, batch: list[dict[str, Any]]) -> None:
    """Put a batch; what is refused, because a shard is busy, is put again."""
    why = ""
    for attempt in range(ATTEMPTS):
        reply = kinesis.put_records(StreamName=name, Records=batch)
        if not reply["FailedRecordCount"]:
            return
        answers = list(zip(batch, reply["Records"], strict=True))
        why = next(answer["ErrorCode"] for _, answer in answers if "ErrorCode" in answer)
        batch = [entry for entry, answer in answers if "ErrorCode" in answer]
        time.sleep(0.1 * 2**attempt)
    raise DemoError(f"the stream refused {len(batch)} records {ATTEMPTS} times: {why}")


def land_references(s3: Any, bucket: str, on_progress: Callable[[int], None]) -> int:
    """Land the tables that have no contract; return how many rows they have."""
    landed = 0
    for name in REFERENCES:
        landed += _land(s3, bucket, f"reference/{name}/{name}.csv", source.rows(name))
        on_progress(1)
    return landed


def land(s3: Any, bucket: str, dataset: Dataset, months: int) -> int:
    """Land a dataset as one CSV file and return how many rows it has."""
    return _land(s3, bucket, f"{dataset.name}/{dataset.name}.csv", records(dataset, months))


def _land(s3: Any, bucket: str, key: str, rows: Iterable[dict[str, Any]]) -> int:
    body, count = as_csv(rows)
    s3.put_object(Bucket=bucket, Key=key, Body=body)
    return count
