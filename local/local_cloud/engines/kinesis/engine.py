"""Kinesis data streams: moto's own, with shards that split and merge, and without lost records.

Records put after a split or merge are in the children, and a parent that was read to its end has no next iterator.
Writing does not slow down with the number of records.
"""

from __future__ import annotations

import hashlib
import threading
from base64 import b64decode
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult
from moto.kinesis.exceptions import InvalidArgumentError
from moto.kinesis.models import KinesisBackend, Shard, Stream
from moto.kinesis.utils import compose_shard_iterator, decompose_shard_iterator

from local_cloud.engines.engine import Engine
from local_cloud.engines.kinesis import reading, resharding
from local_cloud.server.patching import Patches

# Data and partition key, unless a stream is configured to take more, which moto's are not:
# https://docs.aws.amazon.com/streams/latest/dev/large-records.html
_LARGEST_RECORD = 1_048_576
_LONGEST_KEY = 256
# https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html
_MOST_RECORDS, _LARGEST_REQUEST = 500, 10 * _LARGEST_RECORD
_HASH_KEYS = 2**128
# https://docs.aws.amazon.com/kinesis/latest/APIReference/API_DescribeStream.html
_DESCRIBED_SHARDS = 100

_put_record = Shard.put_record
_put_records = KinesisBackend.put_records
_summarize = Stream.to_json_summary


class KinesisEngine(Engine):
    """moto's data streams. Throttling and shard limits do not exist."""

    def patches(self) -> Patches:
        patches = Patches()
        # moto numbers a record by the one before it, so two callers at once would get the same number, and one
        # record would replace the other. Nor may a shard close between its choice and the record.
        writing = threading.RLock()
        _patch_writing(patches, writing)
        _patch_resharding(patches, writing)
        _patch_reading(patches)
        return patches


def _patch_writing(patches: Patches, writing: threading.RLock) -> None:
    @patches.replace("moto.kinesis.models", "Stream.put_record")
    def put_into_stream(self: Any, partition_key: str, explicit_hash_key: str, data: str) -> tuple[str, str]:
        # moto looks at the size of records in batches only. The data is base64.
        if len(data) * 3 // 4 - data[-2:].count("=") + len(partition_key.encode()) > _LARGEST_RECORD:
            raise _invalid("data", f"Member must have length less than or equal to {_LARGEST_RECORD}")
        with writing:
            shard = self.get_shard_for_key(partition_key, explicit_hash_key)
            number: str = shard.put_record(partition_key, data, explicit_hash_key)
        return number, shard.shard_id

    @patches.replace("moto.kinesis.models", "KinesisBackend.put_records")
    def put_records(self: Any, stream_arn: str, stream_name: str, records: list[dict[str, Any]]) -> dict[str, Any]:
        # moto takes half of what AWS does in one request, so that it gets a larger one in two.
        sizes = [len(b64decode(one.get("Data", ""))) + len(one.get("PartitionKey", "").encode()) for one in records]
        invalid = len(records) > _MOST_RECORDS or any(size > _LARGEST_RECORD for size in sizes)
        if invalid or sum(sizes) <= _LARGEST_REQUEST // 2:
            answer: dict[str, Any] = _put_records(self, stream_arn, stream_name, records)
            return answer
        if sum(sizes) > _LARGEST_REQUEST:
            raise InvalidArgumentError(f"Records size exceeds {_LARGEST_REQUEST} bytes")
        middle = len(records) // 2
        halves = [put_records(self, stream_arn, stream_name, half) for half in (records[:middle], records[middle:])]
        return {"FailedRecordCount": 0, "Records": [one for half in halves for one in half["Records"]]}

    @patches.replace("moto.kinesis.models", "Stream.get_shard_for_key")
    def get_shard_for_key(self: Any, partition_key: str, explicit_hash_key: str) -> Any:
        # moto chooses the first shard of the key, open or closed, and none for the last key of a shard.
        if not 0 < len(partition_key) <= _LONGEST_KEY:
            raise _invalid("partitionKey", f"Member must have length between 1 and {_LONGEST_KEY}")
        digest = hashlib.md5(partition_key.encode(), usedforsecurity=False).hexdigest()
        key = int(explicit_hash_key) if explicit_hash_key else int(digest, 16)
        if key >= _HASH_KEYS:
            allowed = "ExplicitHashKey must be in the range: [0, 2^128-1]"
            raise InvalidArgumentError(f"Invalid ExplicitHashKey. {allowed}. Specified value was {key}")
        return next(one for one in resharding.open_shards(self) if key <= one.ending_hash)

    @patches.replace("moto.kinesis.models", "Shard.put_record")
    def put_record(self: Any, partition_key: str, data: str, explicit_hash_key: str) -> str:
        with writing:
            number: str = _put_record(self, partition_key, data, explicit_hash_key)
        return number

    @patches.replace("moto.kinesis.models", "Shard.get_max_sequence_number")
    def get_max_sequence_number(self: Any) -> int:
        # moto copies the keys of all records to take the last, for every record put: measured at 100,000
        # records, 530 records a second against 7,000 to 8,400 with this.
        newest: int = next(reversed(self.records)) if self.records else 0
        return newest


def _patch_resharding(patches: Patches, writing: threading.RLock) -> None:
    @patches.replace("moto.kinesis.models", "Stream.split_shard")
    def split_shard(self: Any, shard_to_split: str, new_starting_hash_key: str) -> None:
        with writing:
            resharding.split(self, self.shards[shard_to_split], int(new_starting_hash_key))

    @patches.replace("moto.kinesis.models", "Stream.merge_shards")
    def merge_shards(self: Any, shard_to_merge: str, adjacent_shard_to_merge: str) -> None:
        with writing:
            resharding.merge(self, self.shards[shard_to_merge], self.shards[adjacent_shard_to_merge])

    @patches.replace("moto.kinesis.models", "Stream.update_shard_count")
    def update_shard_count(self: Any, target_shard_count: int) -> None:
        with writing:
            resharding.scale(self, target_shard_count)

    @patches.replace("moto.kinesis.responses", "KinesisResponse.update_shard_count")
    def respond(self: Any) -> ActionResult:
        # moto answers the name that it was given, which is none with an ARN.
        stream = self.kinesis_backend.describe_stream(self._get_param("StreamARN"), self._get_param("StreamName"))
        if self._get_param("ScalingType") != "UNIFORM_SCALING":
            raise _invalid("scalingType", "Member must satisfy enum value set: [UNIFORM_SCALING]")
        before, target = len(resharding.open_shards(stream)), self._get_param("TargetShardCount")
        stream.update_shard_count(target)
        return ActionResult(
            {
                "StreamName": stream.stream_name,
                "StreamARN": stream.arn,
                "CurrentShardCount": before,
                "TargetShardCount": target,
            }
        )


def _patch_reading(patches: Patches) -> None:
    @patches.replace("moto.kinesis.responses", "KinesisResponse.get_shard_iterator")
    def get_shard_iterator(self: Any) -> ActionResult:
        kind, shard, number = map(self._get_param, ("ShardIteratorType", "ShardId", "StartingSequenceNumber"))
        moment = self._get_param("Timestamp")
        reading.check_iterator(kind, number, moment)
        # moto puts no name into the iterator of a stream that is named by its ARN.
        stream = self.kinesis_backend.describe_stream(self._get_param("StreamARN"), self._get_param("StreamName"))
        iterator = self.kinesis_backend.get_shard_iterator(
            None, stream.stream_name, shard, kind, number, reading.seconds(moment)
        )
        return ActionResult({"ShardIterator": iterator})

    @patches.replace("moto.kinesis.responses", "KinesisResponse.get_records")
    def get_records(self: Any) -> ActionResult:
        try:
            name, shard_id, last = decompose_shard_iterator(self._get_param("ShardIterator"))
        except ValueError:
            raise InvalidArgumentError("Invalid ShardIterator.") from None
        stream = self.kinesis_backend.describe_stream(None, name)
        shard = stream.get_shard(shard_id)
        # Before the records, since a shard that is open may get more, and be closed, while they are read.
        was_open = shard.is_open
        records, newest, behind = reading.records_after(shard, int(last), self._get_param("Limit"))
        answer = {"Records": [record.to_json() for record in records], "MillisBehindLatest": behind}
        if was_open or newest < len(shard.records):
            answer["NextShardIterator"] = compose_shard_iterator(name, shard, newest)
        else:
            answer["ChildShards"] = resharding.children_of(stream, shard)
        return ActionResult(answer)

    @patches.replace("moto.kinesis.responses", "KinesisResponse.list_shards")
    def list_shards(self: Any) -> ActionResult:
        names = ("StreamName", "StreamARN", "NextToken", "ExclusiveStartShardId", "MaxResults", "ShardFilter")
        request = {name: self._get_param(name) for name in names}
        return ActionResult(reading.list_shards(self.kinesis_backend.describe_stream, request))

    @patches.replace("moto.kinesis.responses", "KinesisResponse.describe_stream")
    def describe_stream(self: Any) -> ActionResult:
        stream = self.kinesis_backend.describe_stream(self._get_param("StreamARN"), self._get_param("StreamName"))
        after = self._get_param("ExclusiveStartShardId") or ""
        described: dict[str, Any] = stream.to_json()
        shards = [one for one in described["StreamDescription"]["Shards"] if one["ShardId"] > after]
        page = shards[: self._get_param("Limit") or _DESCRIBED_SHARDS]
        described["StreamDescription"] |= {"Shards": page, "HasMoreShards": len(page) < len(shards)}
        return ActionResult(described)

    @patches.replace("moto.kinesis.models", "Stream.to_json_summary")
    def to_json_summary(self: Any) -> dict[str, Any]:
        # moto counts the shards that the stream was created with.
        summary: dict[str, Any] = _summarize(self)
        counts = {"OpenShardCount": len(resharding.open_shards(self)), "ConsumerCount": len(self.consumers)}
        summary["StreamDescriptionSummary"] |= counts
        return summary


def _invalid(member: str, constraint: str) -> JsonRESTError:
    message = f"1 validation error detected: Value at '{member}' failed to satisfy constraint: {constraint}"
    return JsonRESTError("ValidationException", message)
