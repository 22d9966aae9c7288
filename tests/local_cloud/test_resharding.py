"""Shards that split and merge, by the pages of GetRecords, ListShards, SplitShard, MergeShards and UpdateShardCount."""

from __future__ import annotations

import io
import itertools
import json
import time
import uuid
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_cloud.engines.kinesis.engine import KinesisEngine
from local_cloud.engines.lambda_functions.engine import LambdaEngine
from local_cloud.server.runtime import Runtime

REGION = "eu-west-1"
LAST_KEY = 2**128 - 1
FIRST, SECOND, THIRD = (f"shardId-{number:012}" for number in range(3))


@pytest.fixture(scope="module")
def runtime_with_engines(runtime: Runtime) -> Iterator[Runtime]:
    with KinesisEngine(runtime).patches(), LambdaEngine(runtime).patches():
        yield runtime


@pytest.fixture
def kinesis(runtime_with_engines: Runtime) -> Any:
    return runtime_with_engines.client("kinesis", REGION)


@pytest.fixture
def stream(kinesis: Any) -> Stream:
    return Stream(kinesis)


class Stream:
    """A stream of one shard."""

    def __init__(self, kinesis: Any, shards: int = 1) -> None:
        self.kinesis = kinesis
        self.name = f"s-{uuid.uuid4().hex[:8]}"
        kinesis.create_stream(StreamName=self.name, ShardCount=shards)
        self.arn: str = kinesis.describe_stream_summary(StreamName=self.name)["StreamDescriptionSummary"]["StreamARN"]

    def put(self, data: str, key: int | None = None) -> str:
        at = {} if key is None else {"ExplicitHashKey": str(key)}
        answer = self.kinesis.put_record(StreamName=self.name, Data=data.encode(), PartitionKey=data, **at)
        return str(answer["ShardId"])

    def split(self, shard: str = FIRST, at: int = 2**127) -> None:
        self.kinesis.split_shard(StreamName=self.name, ShardToSplit=shard, NewStartingHashKey=str(at))

    def merge(self, shard: str, adjacent: str) -> None:
        self.kinesis.merge_shards(StreamName=self.name, ShardToMerge=shard, AdjacentShardToMerge=adjacent)

    def scale(self, target: int) -> Any:
        return self.kinesis.update_shard_count(
            StreamName=self.name, TargetShardCount=target, ScalingType="UNIFORM_SCALING"
        )

    def iterator(self, shard: str, kind: str = "TRIM_HORIZON", **more: Any) -> str:
        answer = self.kinesis.get_shard_iterator(StreamName=self.name, ShardId=shard, ShardIteratorType=kind, **more)
        return str(answer["ShardIterator"])

    def read(self, shard: str, kind: str = "TRIM_HORIZON", **more: Any) -> Any:
        return self.kinesis.get_records(ShardIterator=self.iterator(shard, kind, **more))

    def data(self, shard: str, kind: str = "TRIM_HORIZON", **more: Any) -> list[str]:
        return [record["Data"].decode() for record in self.read(shard, kind, **more)["Records"]]

    def shards(self, kind: str | None = None, **more: Any) -> list[str]:
        given = {"ShardFilter": {"Type": kind, **more}} if kind else {}
        return [shard["ShardId"] for shard in self.kinesis.list_shards(StreamName=self.name, **given)["Shards"]]

    def open_ranges(self) -> list[tuple[int, int]]:
        found = self.kinesis.list_shards(StreamName=self.name, ShardFilter={"Type": "AT_LATEST"})["Shards"]
        ranges = [shard["HashKeyRange"] for shard in found]
        return sorted((int(one["StartingHashKey"]), int(one["EndingHashKey"])) for one in ranges)


def test_children_take_the_records_that_are_put_after_a_split(stream: Stream) -> None:
    stream.put("before")
    stream.split()
    assert {key: stream.put(str(key), key) for key in (0, 2**127 - 1, 2**127, LAST_KEY)} == {
        0: SECOND,
        2**127 - 1: SECOND,
        2**127: THIRD,
        LAST_KEY: THIRD,
    }
    assert stream.data(FIRST) == ["before"]


def test_a_closed_shard_ends_once_it_is_read(stream: Stream) -> None:
    stream.put("1")
    stream.put("2")
    stream.split()
    first = stream.kinesis.get_records(ShardIterator=stream.iterator(FIRST), Limit=1)
    assert "ChildShards" not in first
    last = stream.kinesis.get_records(ShardIterator=first["NextShardIterator"], Limit=1)
    assert [record["Data"] for record in last["Records"]] == [b"2"]
    assert "NextShardIterator" not in last
    assert last["ChildShards"] == [
        {
            "ShardId": child,
            "ParentShards": [FIRST],
            "HashKeyRange": {"StartingHashKey": str(start), "EndingHashKey": str(end)},
        }
        for child, start, end in ((SECOND, 0, 2**127 - 1), (THIRD, 2**127, LAST_KEY))
    ]
    assert "NextShardIterator" not in stream.read(FIRST, "LATEST")


def test_an_open_shard_never_ends(stream: Stream) -> None:
    answer = stream.read(FIRST)
    assert answer["Records"] == []
    stream.put("later")
    assert len(stream.kinesis.get_records(ShardIterator=answer["NextShardIterator"])["Records"]) == 1


@pytest.mark.parametrize("order", [(FIRST, SECOND), (SECOND, FIRST)])
def test_two_shards_merge_in_either_order(kinesis: Any, order: tuple[str, str]) -> None:
    stream = Stream(kinesis, shards=2)
    stream.put("low", 0)
    stream.put("high", LAST_KEY)
    stream.merge(*order)
    (child,) = [shard for shard in kinesis.list_shards(StreamName=stream.name)["Shards"] if shard["ShardId"] == THIRD]
    assert (child["ParentShardId"], child["AdjacentParentShardId"]) == order
    assert stream.open_ranges() == [(0, LAST_KEY)]
    assert stream.put("after") == THIRD
    assert [stream.data(shard) for shard in (FIRST, SECOND, THIRD)] == [["low"], ["high"], ["after"]]
    assert sorted(stream.read(FIRST)["ChildShards"][0]["ParentShards"]) == [FIRST, SECOND]


def test_what_is_closed_or_not_adjacent_is_neither_split_nor_merged(kinesis: Any) -> None:
    stream = Stream(kinesis, shards=3)
    with pytest.raises(ClientError, match=r"InvalidArgumentException.*not an adjacent pair"):
        stream.merge(FIRST, THIRD)
    stream.merge(FIRST, SECOND)
    with pytest.raises(ClientError, match=r"InvalidArgumentException.*already been merged or split"):
        stream.split(FIRST, 5)
    with pytest.raises(ClientError, match=r"InvalidArgumentException.*already been merged or split"):
        stream.merge(SECOND, THIRD)


@pytest.mark.parametrize("at", [0, LAST_KEY, LAST_KEY + 1])
def test_a_shard_is_split_within_its_hash_keys(stream: Stream, at: int) -> None:
    with pytest.raises(ClientError, match=r"InvalidArgumentException.*is not both greater than one plus"):
        stream.split(at=at)


@pytest.mark.parametrize(("before", "after"), [(1, 2), (2, 3), (3, 6), (4, 3), (5, 4), (6, 3), (2, 1)])
def test_an_updated_count_gives_shards_of_one_size(kinesis: Any, before: int, after: int) -> None:
    stream = Stream(kinesis, shards=before)
    answer = stream.scale(after)
    assert (answer["CurrentShardCount"], answer["TargetShardCount"]) == (before, after)
    assert answer["StreamARN"] == stream.arn
    ranges = stream.open_ranges()
    assert (ranges[0][0], ranges[-1][1], len(ranges)) == (0, LAST_KEY, after)
    assert all(one[1] + 1 == other[0] for one, other in itertools.pairwise(ranges))
    assert max(end - start for start, end in ranges) - min(end - start for start, end in ranges) < 2**16
    summary = kinesis.describe_stream_summary(StreamName=stream.name)["StreamDescriptionSummary"]
    assert summary["OpenShardCount"] == after
    assert {stream.put(str(number)) for number in range(100)} == set(stream.shards("AT_LATEST"))


@pytest.mark.parametrize("target", [3, 9])
def test_a_count_can_at_most_double_and_halve(kinesis: Any, target: int) -> None:
    stream = Stream(kinesis, shards=4 if target == 9 else 8)
    with pytest.raises(ClientError, match="LimitExceededException"):
        stream.scale(target)


def test_the_number_of_open_shards_follows_splits(stream: Stream) -> None:
    stream.split()
    summary = stream.kinesis.describe_stream_summary(StreamName=stream.name)["StreamDescriptionSummary"]
    assert summary["OpenShardCount"] == 2


def test_filters_choose_the_shards_of_a_moment(stream: Stream) -> None:
    time.sleep(0.01)
    before = datetime.now(UTC)
    time.sleep(0.01)
    stream.split()
    time.sleep(0.01)
    after = datetime.now(UTC)
    assert stream.shards() == stream.shards("FROM_TRIM_HORIZON") == [FIRST, SECOND, THIRD]
    assert stream.shards("AT_TRIM_HORIZON") == [FIRST]
    assert stream.shards("AT_LATEST") == [SECOND, THIRD]
    assert stream.shards("AT_TIMESTAMP", Timestamp=before) == [FIRST]
    assert stream.shards("AT_TIMESTAMP", Timestamp=after) == [SECOND, THIRD]
    assert stream.shards("FROM_TIMESTAMP", Timestamp=before) == [FIRST, SECOND, THIRD]
    assert stream.shards("FROM_TIMESTAMP", Timestamp=after) == [SECOND, THIRD]
    assert stream.shards("AFTER_SHARD_ID", ShardId=FIRST) == [SECOND, THIRD]


@pytest.mark.parametrize("given", [{"Type": "AFTER_SHARD_ID"}, {"Type": "AT_TIMESTAMP"}, {"Type": "EVER"}])
def test_a_filter_that_lacks_its_shard_or_moment_is_refused(stream: Stream, given: Any) -> None:
    with pytest.raises(ClientError, match="InvalidArgumentException"):
        stream.kinesis.list_shards(StreamName=stream.name, ShardFilter=given)


def test_shards_come_in_pages_that_keep_their_filter(stream: Stream) -> None:
    stream.split()
    first = stream.kinesis.list_shards(StreamName=stream.name, MaxResults=1, ShardFilter={"Type": "AT_LATEST"})
    rest = stream.kinesis.list_shards(NextToken=first["NextToken"])
    assert [shard["ShardId"] for shard in first["Shards"] + rest["Shards"]] == [SECOND, THIRD]
    assert "NextToken" not in rest
    with pytest.raises(ClientError, match="NextToken and StreamName cannot be provided together"):
        stream.kinesis.list_shards(StreamName=stream.name, NextToken=first["NextToken"])
    with pytest.raises(ClientError, match="InvalidArgumentException"):
        stream.kinesis.list_shards(NextToken="none")
    pages = stream.kinesis.get_paginator("describe_stream").paginate(
        StreamName=stream.name, PaginationConfig={"PageSize": 2}
    )
    found = [[shard["ShardId"] for shard in page["StreamDescription"]["Shards"]] for page in pages]
    assert found == [[FIRST, SECOND], [THIRD]]


def test_iterators_begin_where_they_say(stream: Stream) -> None:
    stream.put("1")
    time.sleep(0.01)
    between = datetime.now(UTC)
    time.sleep(0.01)
    stream.put("2")
    number = stream.read(FIRST)["Records"][1]["SequenceNumber"]
    assert stream.data(FIRST, "AT_SEQUENCE_NUMBER", StartingSequenceNumber=number) == ["2"]
    assert stream.data(FIRST, "AFTER_SEQUENCE_NUMBER", StartingSequenceNumber=number) == []
    assert stream.data(FIRST, "AT_TIMESTAMP", Timestamp=between) == ["2"]
    by_arn = stream.kinesis.get_shard_iterator(StreamARN=stream.arn, ShardId=FIRST, ShardIteratorType="TRIM_HORIZON")
    assert len(stream.kinesis.get_records(ShardIterator=by_arn["ShardIterator"])["Records"]) == 2
    for kind in ("AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER", "AT_TIMESTAMP"):
        with pytest.raises(ClientError, match="InvalidArgumentException"):
            stream.iterator(FIRST, kind)
    with pytest.raises(ClientError, match="InvalidArgumentException"):
        stream.kinesis.get_records(ShardIterator="none")


def test_an_answer_has_ten_mebibytes_at_most(stream: Stream) -> None:
    for _ in range(11):
        stream.kinesis.put_record(StreamName=stream.name, Data=b"x" * 1_000_000, PartitionKey="k")
    first = stream.read(FIRST)
    rest = stream.kinesis.get_records(ShardIterator=first["NextShardIterator"])
    assert (len(first["Records"]), len(rest["Records"])) == (10, 1)


def test_the_last_hash_key_has_a_shard_and_none_comes_after_it(kinesis: Any) -> None:
    stream = Stream(kinesis, shards=3)
    assert stream.put("last", LAST_KEY) == THIRD
    assert stream.put("edge", 2**128 // 3 - 1) == FIRST
    with pytest.raises(ClientError, match="Invalid ExplicitHashKey"):
        stream.put("beyond", LAST_KEY + 1)


def test_functions_get_the_records_of_children_as_they_were_put(runtime_with_engines: Runtime, stream: Stream) -> None:
    functions = runtime_with_engines.client("lambda", REGION)
    s3 = runtime_with_engines.client("s3", REGION)
    bucket = f"seen-{stream.name}"
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    role = runtime_with_engines.client("iam", REGION).create_role(
        RoleName=f"r-{stream.name}",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": []}),
    )["Role"]["Arn"]
    code = f"""
import base64, boto3
def handler(event, context):
    for record in event["Records"]:
        content = base64.b64decode(record["kinesis"]["data"])
        boto3.client("s3").put_object(Bucket="{bucket}", Key=record["eventID"], Body=content)
"""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("index.py", code)
    functions.create_function(
        FunctionName=stream.name,
        Runtime="python3.12",
        Role=role,
        Handler="index.handler",
        Code={"ZipFile": archive.getvalue()},
        Timeout=30,
    )
    mapping = functions.create_event_source_mapping(
        FunctionName=stream.name, EventSourceArn=stream.arn, StartingPosition="LATEST"
    )["UUID"]
    stream.split()
    aggregated = b"\xf3\x89\x9a\xc2anything"
    stream.kinesis.put_record(StreamName=stream.name, Data=aggregated, PartitionKey="k", ExplicitHashKey="0")
    while "Contents" not in s3.list_objects_v2(Bucket=bucket):
        time.sleep(0.1)
    functions.update_event_source_mapping(UUID=mapping, Enabled=False)
    stream.put("disabled")
    functions.delete_event_source_mapping(UUID=mapping)
    stream.put("deleted")
    found = {item["Key"] for item in s3.list_objects_v2(Bucket=bucket)["Contents"]}
    assert found == {f"{SECOND}:1"}
    assert s3.get_object(Bucket=bucket, Key=f"{SECOND}:1")["Body"].read() == aggregated
