"""A stream as Flink's connector hands it on, without Flink."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from local_cloud.engines.flink.sources import _ARRIVING_SECONDS, Source
from local_cloud.engines.kinesis.engine import KinesisEngine
from local_cloud.server.runtime import Runtime
from tests.unit.ingestion.kinesis.recorded import WITHOUT_HASH_KEYS


@pytest.fixture
def patched(runtime: Runtime) -> Iterator[None]:
    with KinesisEngine(runtime).patches():
        yield


def test_a_record_that_a_producer_has_aggregated_comes_as_it_is(
    patched: None, runtime: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As by the connector since 5.0, whose only version takes `stream.arn`."""
    monkeypatch.setattr("local_cloud.engines.flink.sources._ARRIVING_SECONDS", -_ARRIVING_SECONDS)
    kinesis = runtime.client("kinesis", "eu-west-1")
    kinesis.create_stream(StreamName="aggregated", ShardCount=1)
    kinesis.put_record(StreamName="aggregated", PartitionKey="a", Data=WITHOUT_HASH_KEYS)
    arn = kinesis.describe_stream_summary(StreamName="aggregated")["StreamDescriptionSummary"]["StreamARN"]
    given = {"stream.arn": arn, "source.init.position": "TRIM_HORIZON"}
    source = Source(kinesis, "records", given, "line", tmp_path)
    source.prepare(b"")
    source.begin(readers=1)
    source.read()
    stored = [line for file in sorted((tmp_path / "records" / "store").glob("*.jsonl")) for line in file.open()]
    assert [json.loads(line) for line in stored] == [{"line": WITHOUT_HASH_KEYS.decode(errors="replace")}]
