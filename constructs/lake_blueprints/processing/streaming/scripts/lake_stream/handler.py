"""The plan in a Lambda function on a stream of one shard.

A batch is one step: its rows are put, then the state is saved, with the number of the last record that it holds. If
anything between fails, Lambda sends the batch again: records that the state holds are left out, rows may be put twice.
"""

from __future__ import annotations

import base64
import json
import os
import pkgutil
import time
import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import boto3
from botocore.exceptions import ClientError
from lake_aggregation import user_records

from lake_stream import values
from lake_stream.engine import Emitted, Engine
from lake_stream.errors import StreamError
from lake_stream.plan import RECORD, REJECTED, Plan

# https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html and those of PutRecordBatch in Firehose.
_MOST_RECORDS, _MOST_BYTES = 500, 4_000_000
_ATTEMPTS = 6
_PLAN = Plan.parse((pkgutil.get_data("lake_stream", "plan.json") or b"").decode())


def handle(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """Take a batch; return the first record that could not be taken, if there is one."""
    records = event["Records"]
    store = _Store(os.environ["STATE_BUCKET"], os.environ["STATE_KEY"])
    state = store.read()
    shard = records[0]["eventID"].partition(":")[0]
    if state.get("shard") != shard:
        _check_shards(os.environ["SOURCE"])
        state = {**state, "shard": shard, "last": "0"}
    new = [record for record in records if int(record["kinesis"]["sequenceNumber"]) > int(state["last"])]
    engine, emitted, failure = _follow(state, new)
    if failure is not None:
        bad, error = failure
        if bad is new[0]:
            raise error
        # What the record has changed before it failed is gone with the engine.
        new = new[: new.index(bad)]
        engine, emitted, _ = _follow(state, new)
    _put(emitted)
    if new:
        store.write({"shard": shard, "last": new[-1]["kinesis"]["sequenceNumber"], "engine": engine.state})
    print(json.dumps({**engine.counts, "emitted": len(emitted)}))
    return {"batchItemFailures": [{"itemIdentifier": failure[0]["kinesis"]["sequenceNumber"]}] if failure else []}


def _follow(
    state: Mapping[str, Any], records: Sequence[Mapping[str, Any]]
) -> tuple[Engine, list[Emitted], tuple[Mapping[str, Any], Exception] | None]:
    # The engine changes its state in place, and a second run begins with the same.
    engine, emitted = Engine(_PLAN, json.loads(json.dumps(state.get("engine")))), []
    for record in records:
        sent = record["kinesis"]
        try:
            arrived = int(sent["approximateArrivalTimestamp"] * 1000)
            for data in user_records(base64.b64decode(sent["data"])):
                emitted += engine.process(data.decode("utf-8", "replace"), arrived)
        except Exception as error:
            # Lambda sets the record aside, and goes on behind it.
            return engine, emitted, (record, error)
    return engine, emitted, None


class _Store:
    """The state as one object."""

    def __init__(self, bucket: str, key: str) -> None:
        self._s3 = boto3.client("s3")
        self._place = {"Bucket": bucket, "Key": key}

    def read(self) -> dict[str, Any]:
        try:
            found = self._s3.get_object(**self._place)["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchKey":
                raise
            return {}
        state: dict[str, Any] = json.loads(zlib.decompress(found))
        return state

    def write(self, state: Mapping[str, Any]) -> None:
        self._s3.put_object(**self._place, Body=zlib.compress(json.dumps(state).encode(), level=1))


def _check_shards(stream_arn: str) -> None:
    """Refuse a stream of several shards: each would have windows of its own, and overwrite the others' state."""
    listed = boto3.client("kinesis").list_shards(StreamARN=stream_arn, ShardFilter={"Type": "AT_LATEST"})["Shards"]
    is_open = ["EndingSequenceNumber" not in shard["SequenceNumberRange"] for shard in listed]
    if sum(is_open) > 1:
        raise StreamError(f"the stream has {sum(is_open)} shards; merge them into one, or run the plan in Flink")


def _put(emitted: Iterable[Emitted]) -> None:
    """Put the rows of each output to its place, in their order."""
    for output in _PLAN.outputs:
        rows = [row for name, row in emitted if name == output.name]
        place = os.environ[f"TO_{output.name.upper()}"]
        keys = output.keys or [_PLAN.column(key).source for key in _PLAN.keys]
        if output.kind == REJECTED:
            keys = [RECORD]
        pending: list[tuple[str, bytes]] = [
            # What has one key stays in order; Kinesis takes 256 characters of it.
            (str([row.get(key) for key in keys])[:256], values.encode(row).encode("utf-8", "replace"))
            for row in rows
        ]
        for chunk in _chunks(pending):
            _put_chunk(place, chunk)


def _chunks(rows: Sequence[tuple[str, bytes]]) -> Iterable[list[tuple[str, bytes]]]:
    chunk: list[tuple[str, bytes]] = []
    size = 0
    for key, data in rows:
        if chunk and (len(chunk) == _MOST_RECORDS or size + len(key) + len(data) > _MOST_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append((key, data))
        size += len(key) + len(data)
    if chunk:
        yield chunk


def _put_chunk(place: str, rows: list[tuple[str, bytes]]) -> None:
    for attempt in range(_ATTEMPTS):
        if place.startswith("arn:"):
            sent = [{"PartitionKey": key, "Data": data} for key, data in rows]
            answers = boto3.client("kinesis").put_records(StreamARN=place, Records=sent)["Records"]
        else:
            sent = [{"Data": data} for _, data in rows]
            firehose = boto3.client("firehose")
            answers = firehose.put_record_batch(DeliveryStreamName=place, Records=sent)["RequestResponses"]
        rows = [row for row, answer in zip(rows, answers, strict=True) if answer.get("ErrorCode")]
        if not rows:
            return
        time.sleep(0.1 * 2**attempt)
    raise StreamError(f"{place} has not taken {len(rows)} rows after {_ATTEMPTS} attempts")
