from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.kinesis.models import Shard

from local_cloud.engines.kinesis.engine import KinesisEngine
from local_cloud.server.runtime import Runtime

REGION = "eu-west-1"


class UncopiedKeys(dict[int, Any]):
    """Records that count how often someone copies all of their keys."""

    copies = 0

    def keys(self) -> Any:
        self.copies += 1
        return super().keys()


@pytest.fixture
def patched(runtime: Runtime) -> Any:
    with KinesisEngine(runtime).patches():
        yield


def put_two(shard: Shard) -> UncopiedKeys:
    records = shard.records = UncopiedKeys()
    for data in (b"1", b"2"):
        shard.put_record("key", data, "")
    return records


def test_putting_a_record_does_not_copy_those_before_it(patched: None) -> None:
    shard = Shard("0", 0, 10)
    assert shard.get_max_sequence_number() == 0
    assert put_two(shard).copies == 0
    assert list(shard.records) == [1, 2]


def test_moto_still_needs_the_patch() -> None:
    assert put_two(Shard("0", 0, 10)).copies > 0


class SlowNumber(int):
    """A last number that gives other threads time to read it too."""

    def __add__(self, other: int) -> int:
        time.sleep(0.01)
        return SlowNumber(super().__add__(other))


def put_at_once(callers: int) -> int:
    shard = Shard("0", 0, 10)
    shard.records[SlowNumber(1)] = None
    threads = [threading.Thread(target=shard.put_record, args=("key", b"", "")) for _ in range(callers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(shard.records) - 1


def test_records_put_at_the_same_time_are_all_kept(patched: None) -> None:
    assert put_at_once(callers=4) == 4


def test_moto_still_loses_records_put_at_the_same_time() -> None:
    assert put_at_once(callers=4) < 4


def test_every_record_is_read_back_in_order(patched: None, runtime: Runtime) -> None:
    kinesis = runtime.client("kinesis", REGION)
    kinesis.create_stream(StreamName="events", ShardCount=1)
    for first in range(0, 2000, 500):
        records = [{"Data": str(number).encode(), "PartitionKey": "k"} for number in range(first, first + 500)]
        assert kinesis.put_records(StreamName="events", Records=records)["FailedRecordCount"] == 0
    shard = kinesis.describe_stream(StreamName="events")["StreamDescription"]["Shards"][0]["ShardId"]
    iterator = kinesis.get_shard_iterator(StreamName="events", ShardId=shard, ShardIteratorType="TRIM_HORIZON")[
        "ShardIterator"
    ]
    found: list[int] = []
    while len(found) < 2000:
        answer = kinesis.get_records(ShardIterator=iterator, Limit=1000)
        found += [int(record["Data"]) for record in answer["Records"]]
        iterator = answer["NextShardIterator"]
    assert found == list(range(2000))


@pytest.mark.parametrize("key", ["k", "ü"])
def test_a_record_and_its_key_have_one_mebibyte(patched: None, runtime: Runtime, key: str) -> None:
    kinesis = runtime.client("kinesis", REGION)
    kinesis.create_stream(StreamName=f"large-{len(key.encode())}", ShardCount=1)

    def put(size: int) -> None:
        stream = f"large-{len(key.encode())}"
        kinesis.put_record(StreamName=stream, Data=b"x" * size, PartitionKey=key)

    most = 1_048_576 - len(key.encode())
    put(most)
    with pytest.raises(ClientError, match=r"'data' failed .* less than or equal to 1048576"):
        put(most + 1)


def test_a_request_is_as_large_as_kinesis_takes(patched: None, runtime: Runtime) -> None:
    client = runtime.client("kinesis", REGION)
    client.create_stream(StreamName="requests", ShardCount=1)
    records = [{"PartitionKey": "k", "Data": bytes(1024 * 1024 - 1)} for _ in range(11)]
    assert len(client.put_records(StreamName="requests", Records=records[:10])["Records"]) == 10
    with pytest.raises(ClientError, match="Records size exceeds 10485760 bytes"):
        client.put_records(StreamName="requests", Records=records)
