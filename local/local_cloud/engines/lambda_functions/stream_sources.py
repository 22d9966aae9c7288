"""Streams that functions are mapped to: their shards, and their records as the events of a function."""

from __future__ import annotations

import base64
import json
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from moto.dynamodb.models import dynamodb_backends
from moto.kinesis.models import kinesis_backends


@dataclass(frozen=True, kw_only=True)
class StreamRecord:
    """A record of a shard.

    Parameters
    ----------
    number: int
        Its sequence number.
    arrived: float
        When it was put, in seconds since 1970.
    event: dict
        What a function gets of it.
    filtered: dict
        What filters see of it.
    """

    number: int
    arrived: float
    event: dict[str, Any]
    filtered: dict[str, Any]


class StreamSource(ABC):
    """The stream of one mapping, in moto's models."""

    info: str
    """Name of a discarded batch in the message to its destination."""

    @abstractmethod
    def exists(self) -> bool:
        """Tell whether the stream is still there; another one of its name is not it."""

    @abstractmethod
    def shards(self) -> dict[str, tuple[str, ...]]:
        """Return the shards, each with its parents, which are read to their ends before it."""

    @abstractmethod
    def first(self, shard: str) -> int:
        """Return the sequence number of the first record of a shard, also if there is none yet."""

    @abstractmethod
    def count(self, shard: str) -> int:
        """Return how many records a shard has; their numbers follow each other."""

    @abstractmethod
    def record(self, shard: str, number: int) -> StreamRecord:
        """Return the record with a sequence number."""

    def end(self, shard: str) -> int:
        """Return the sequence number that the next record of a shard will have."""
        return self.first(shard) + self.count(shard)

    def records(self, shard: str, number: int) -> Iterator[StreamRecord]:
        """Yield the records of a shard from a sequence number on."""
        for each in range(number, self.end(shard)):
            yield self.record(shard, each)


class KinesisSource(StreamSource):
    """A data stream: https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html."""

    info = "KinesisBatchInfo"

    def __init__(self, arn: str, account: str, region: str, role: str | None) -> None:
        self._arn, self._region, self._role = arn, region, role
        self._streams = kinesis_backends[account][region].streams
        self._stream = next(one for one in self._streams.values() if one.arn == arn)

    def exists(self) -> bool:
        return self._streams.get(self._stream.stream_name) is self._stream

    def shards(self) -> dict[str, tuple[str, ...]]:
        found = self._stream.shards
        return {
            name: tuple(parent for parent in (shard.parent, shard.adjacent_parent) if parent in found)
            for name, shard in list(found.items())
        }

    def first(self, shard: str) -> int:
        # moto numbers the records of a shard from one on, without gaps.
        return 1

    def count(self, shard: str) -> int:
        return len(self._stream.shards[shard].records)

    def record(self, shard: str, number: int) -> StreamRecord:
        found = self._stream.shards[shard].records[number]
        event = {
            "kinesis": {
                "kinesisSchemaVersion": "1.0",
                "partitionKey": found.partition_key,
                "sequenceNumber": str(number),
                "data": found.data,
                "approximateArrivalTimestamp": round(found.created_at, 3),
            },
            "eventSource": "aws:kinesis",
            "eventVersion": "1.0",
            "eventID": f"{shard}:{number}",
            "eventName": "aws:kinesis:record",
            "invokeIdentityArn": self._role,
            "awsRegion": self._region,
            "eventSourceARN": self._arn,
        }
        return StreamRecord(number=number, arrived=found.created_at, event=event, filtered=_with_data(event))


class TableSource(StreamSource):
    """The changes of a table: https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html."""

    info = "DDBStreamBatchInfo"

    def __init__(self, arn: str, account: str, region: str) -> None:
        self._arn, self._region = arn, region
        self._tables = dynamodb_backends[account][region].tables
        self._table = next(one for one in self._tables.values() if arn.startswith(f"{one.table_arn}/stream/"))
        self._shard = self._table.stream_shard
        # moto would hand on each change by itself, and empty the stream.
        self._table.lambda_event_source_mappings.clear()

    def exists(self) -> bool:
        table = self._tables.get(self._table.name)
        return table is not None and table.stream_shard is self._shard

    def shards(self) -> dict[str, tuple[str, ...]]:
        return {self._shard.id: ()}

    def first(self, shard: str) -> int:
        first: int = self._shard.starting_sequence_number
        return first

    def count(self, shard: str) -> int:
        return len(self._shard.items)

    def record(self, shard: str, number: int) -> StreamRecord:
        (given,) = self._shard.get(number, 1)
        moment: datetime = given["dynamodb"]["ApproximateCreationDateTime"]
        arrived = moment.replace(tzinfo=UTC).timestamp()
        event = {
            **given,
            "dynamodb": {**given["dynamodb"], "ApproximateCreationDateTime": int(arrived)},
            "awsRegion": self._region,
            "eventSourceARN": self._arn,
        }
        return StreamRecord(number=number, arrived=arrived, event=event, filtered=event)


def source_of(arn: str, account: str, region: str, role: str | None) -> StreamSource:
    """Return the stream with an ARN."""
    if arn.split(":")[2] == "kinesis":
        return KinesisSource(arn, account, region, role)
    return TableSource(arn, account, region)


def _with_data(event: dict[str, Any]) -> dict[str, Any]:
    """Return a record as filters see it: its data, if they are JSON, are beside the metadata.

    https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis-filtering.html
    """
    content = base64.b64decode(event["kinesis"]["data"])
    try:
        data = json.loads(content)
    except ValueError:
        data = content.decode(errors="replace")
    return {**event["kinesis"], "data": data}
