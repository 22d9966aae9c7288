"""A Kinesis stream as the source of a delivery stream.

The only module that knows how moto keeps the records of a stream: reading them over HTTP takes ten seconds
for 100,000 records, reading them here a fraction of one.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

from moto.kinesis.models import kinesis_backends

from local_cloud.engines.firehose.aggregation import deaggregate
from local_cloud.engines.firehose.records import Record
from local_cloud.instrumentation.recording import Recording

# So that a long backlog is not decoded under the buffer's lock in one go.
_MOST_RECORDS = 10_000


class KinesisSource:
    """Reads what is put into a stream from now on, each record once, under the role that the source names.

    Parents come before the children of a split or merge. What the Kinesis Producer Library has aggregated is taken
    apart, as Firehose does: https://docs.aws.amazon.com/streams/latest/dev/kpl-with-firehose.html
    """

    def __init__(self, delivery_stream: Any, *, region: str, account: str, recording: Recording) -> None:
        self._backend = kinesis_backends[account][region]
        self._arn = delivery_stream.source["KinesisStreamARN"]
        self._name = self._arn.rsplit("/", 1)[-1]
        self._role = delivery_stream.source["RoleARN"]
        self._recording = recording
        stream = self._backend.streams.get(self._name)
        shards = stream.shards.items() if stream else ()
        self._positions = {shard_id: len(shard.records) for shard_id, shard in shards}
        self._noted: set[str] = set()

    def read(self) -> list[Record]:
        """Return records that were not returned before."""
        stream = self._backend.streams.get(self._name)
        found: list[Record] = []
        for shard_id, shard in list(stream.shards.items()) if stream else []:
            if shard_id not in self._noted:
                self._note("ListShards", "GetShardIterator")
                self._noted.add(shard_id)
            number = self._positions.get(shard_id, 0)
            if shard.records.get(number + 1):
                self._note("GetRecords")
            while len(found) < _MOST_RECORDS and (record := shard.records.get(number + 1)):
                number += 1
                found += _records(record, str(number))
            self._positions[shard_id] = number
        return found

    def _note(self, *actions: str) -> None:
        for action in actions:
            self._recording.note(self._role, f"kinesis:{action}", self._arn)


def _records(record: Any, number: str) -> Iterator[Record]:
    data = base64.b64decode(record.data)
    arrived = int(record.created_at * 1000)
    parts = deaggregate(data)
    if parts is None:
        yield Record(data=data, arrived=arrived, sequence_number=number)
        return
    for position, part in enumerate(parts):
        yield Record(data=part, arrived=arrived, sequence_number=number, subsequence_number=position)
