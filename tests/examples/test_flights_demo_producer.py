"""The producer loses no record, however busy the stream is."""

from __future__ import annotations

from typing import Any

import pytest

from examples.demo.errors import DemoError
from examples.flights import producer


class BusyStream:
    """A stream that refuses the last record of each of its first calls, as a busy shard does."""

    def __init__(self, refusals: int) -> None:
        self.refusals = refusals
        self.taken: list[bytes] = []
        self.sizes: list[int] = []

    def put_records(self, *, StreamName: str, Records: list[dict[str, Any]]) -> dict[str, Any]:
        self.sizes.append(len(Records))
        refused = 1 if self.refusals else 0
        self.refusals -= refused
        self.taken += [record["Data"] for record in Records[: len(Records) - refused]]
        answers: list[dict[str, str]] = [{"SequenceNumber": "1"}] * (len(Records) - refused)
        answers += [{"ErrorCode": "ProvisionedThroughputExceededException"}] * refused
        return {"FailedRecordCount": refused, "Records": answers}


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("examples.flights.producer.time.sleep", lambda seconds: None)


def _put(stream: BusyStream, lines: list[bytes]) -> int:
    return producer.stream(stream, "flights", lines, lambda count: None)


def test_puts_as_many_records_in_a_call_as_kinesis_takes() -> None:
    stream = BusyStream(refusals=0)
    assert _put(stream, [b"x"] * 1_001) == 1_001
    assert stream.sizes == [500, 500, 1]


def test_puts_refused_records_again_and_no_other() -> None:
    stream = BusyStream(refusals=2)
    lines = [b"1", b"2", b"3"]
    assert _put(stream, lines) == 3
    assert sorted(stream.taken) == lines
    assert stream.sizes == [3, 1, 1]


def test_gives_up_on_a_stream_that_never_accepts() -> None:
    with pytest.raises(DemoError, match="refused 1 records 8 times: ProvisionedThroughputExceededException"):
        _put(BusyStream(refusals=100), [b"1", b"2"])
