"""put_all: every record arrives in a real stream of the local cloud, though the stream refuses some at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import lake_producer
import pytest

from local_cloud.cloud import LocalCloud

MEGABYTE = 1024 * 1024
SLOW = "ProvisionedThroughputExceededException"


class Throttled:
    """The client of a stream that refuses records of each request, which the local cloud's takes without end.

    Parameters
    ----------
    client:
        The local cloud's.
    refuses: callable
        Tells of the number of a request and of a record in it whether it is refused.
    """

    def __init__(self, client: Any, refuses: Callable[[int, int], bool]) -> None:
        self._client, self._refuses = client, refuses
        self.requests: list[list[dict[str, Any]]] = []

    def put_records(self, *, StreamARN: str, Records: list[dict[str, Any]]) -> dict[str, Any]:
        number = len(self.requests)
        self.requests.append(Records)
        refused = {place for place in range(len(Records)) if self._refuses(number, place)}
        taken = [record for place, record in enumerate(Records) if place not in refused]
        answers = iter(self._client.put_records(StreamARN=StreamARN, Records=taken)["Records"] if taken else [])
        return {
            "FailedRecordCount": len(refused),
            "Records": [
                {"ErrorCode": SLOW, "ErrorMessage": "Rate exceeded"} if place in refused else next(answers)
                for place in range(len(Records))
            ],
        }


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with LocalCloud(workdir=tmp_path_factory.mktemp("cloud")) as running:
        yield running


@pytest.fixture(scope="module")
def kinesis(cloud: LocalCloud) -> Any:
    return cloud.client("kinesis")


@pytest.fixture
def stream(kinesis: Any, request: pytest.FixtureRequest) -> str:
    """ARN of a new stream of one shard."""
    name = f"stream-{abs(hash(request.node.name))}"
    kinesis.create_stream(StreamName=name, ShardCount=1)
    return str(kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"])


@pytest.fixture
def producer(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module as a Lambda layer puts it on the path, which does not wait."""
    monkeypatch.setattr("lake_producer.time.sleep", lambda _: None)
    return lake_producer


def arrived(kinesis: Any, stream: str) -> list[tuple[str, bytes]]:
    """Return what is in the only shard of a stream, in its order."""
    (shard,) = kinesis.list_shards(StreamARN=stream)["Shards"]
    asked = {"StreamARN": stream, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
    iterator, found = kinesis.get_shard_iterator(**asked)["ShardIterator"], list[tuple[str, bytes]]()
    while True:
        answer = kinesis.get_records(ShardIterator=iterator)
        found += [(record["PartitionKey"], record["Data"]) for record in answer["Records"]]
        if not answer["Records"]:
            return found
        iterator = answer["NextShardIterator"]


def records(count: int, keys: int = 7) -> list[tuple[str, bytes]]:
    return [(f"k{n % keys}", str(n).encode()) for n in range(count)]


def test_puts_again_only_what_was_refused(kinesis: Any, stream: str, producer: Any) -> None:
    client = Throttled(kinesis, lambda request, place: request < 3 and place % 3 == 0)
    assert producer.put_all(client, stream, iter(records(1_200))) == 1_200
    found = arrived(kinesis, stream)
    assert len(found) == 1_200
    assert sorted(found) == sorted(records(1_200))
    assert all(len(one) <= 500 for one in client.requests)


def test_keeps_the_order_of_each_key_if_asked(kinesis: Any, stream: str, producer: Any) -> None:
    client = Throttled(kinesis, lambda request, place: (request + place) % 4 == 0)
    given = records(300)
    assert producer.put_all(client, stream, given, in_order=True) == 300
    found = arrived(kinesis, stream)
    assert {key: [one for one in found if one[0] == key] for key, _ in given} == {
        key: [one for one in given if one[0] == key] for key, _ in given
    }
    assert all(len({one["PartitionKey"] for one in sent}) == len(sent) for sent in client.requests)


def test_loses_the_order_otherwise(kinesis: Any, stream: str, producer: Any) -> None:
    client = Throttled(kinesis, lambda request, place: request == 0 and place == 0)
    producer.put_all(client, stream, records(10, keys=1))
    assert [data for _, data in arrived(kinesis, stream)] == [b"%d" % n for n in (*range(1, 10), 0)]


def test_a_request_has_no_more_than_ten_megabytes_with_its_keys(kinesis: Any, stream: str, producer: Any) -> None:
    # Ten of a megabyte with their keys are more than a request takes.
    given = [(f"k{n}", bytes(MEGABYTE - 3)) for n in range(11)]
    client = Throttled(kinesis, lambda *_: False)
    assert producer.put_all(client, stream, given) == 11
    assert [len(sent) for sent in client.requests] == [10, 1]


def test_gives_up_with_what_is_not_in_the_stream(kinesis: Any, stream: str, producer: Any) -> None:
    client = Throttled(kinesis, lambda request, place: request > 0 or place > 2)
    with pytest.raises(producer.RecordsNotPut, match=f"5 records are not in the stream; .* 5 of {SLOW}") as caught:
        producer.put_all(client, stream, records(8), attempts=4)
    assert caught.value.records == records(8)[3:]
    assert caught.value.reasons == {SLOW: 5}
    assert len(client.requests) == 5
    assert arrived(kinesis, stream) == records(3)


@pytest.mark.parametrize("record", [("", b"a"), ("k", bytes(10 * MEGABYTE))])
def test_refuses_a_record_that_no_request_takes(
    kinesis: Any, stream: str, producer: Any, record: tuple[str, bytes]
) -> None:
    with pytest.raises(ValueError, match="must have a partition key and at most 10,485,760 bytes with it"):
        producer.put_all(kinesis, stream, [record])


def test_nothing_is_put_without_records(kinesis: Any, stream: str, producer: Any) -> None:
    assert producer.put_all(kinesis, stream, []) == 0


def test_leaves_a_request_that_fails_as_a_whole_to_boto3(
    cloud: LocalCloud, kinesis: Any, stream: str, producer: Any
) -> None:
    with cloud.inject("kinesis", "PutRecords", "ResourceNotFoundException") as fault:
        with pytest.raises(kinesis.exceptions.ResourceNotFoundException):
            producer.put_all(kinesis, stream, records(3))
        assert fault.struck == 1
    assert arrived(kinesis, stream) == []
