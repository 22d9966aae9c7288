"""Data streams and delivery streams, with what is buffered; and what drains them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from local_cloud.console.request import Moved, Request
from local_cloud.engines.engine import Buffered
from local_cloud.server.private_files import file_name

_LINES = 20
_MOST_RECORDS = 100_000


def show(request: Request) -> dict[str, Any]:
    """Return Kinesis and Firehose streams."""
    buffered = {each.arn: each for engine in request.engines for each in engine.buffered()}
    names = request.all("kinesis", "list_streams", "StreamNames")
    firehose = request.client("firehose")
    deliveries = [
        firehose.describe_delivery_stream(DeliveryStreamName=name)["DeliveryStreamDescription"]
        for name in firehose.list_delivery_streams(Limit=1000)["DeliveryStreamNames"]
    ]
    return {
        "streams": [_stream(request, name) for name in names],
        "deliveries": [_delivery(request, delivery, buffered) for delivery in deliveries],
        "drained": bool(request.get("drained")),
    }


def drain(request: Request) -> None:
    """Deliver what is buffered, everywhere."""
    request.drain()
    raise Moved("streams", drained="yes")


def _stream(request: Request, name: str) -> dict[str, Any]:
    kinesis = request.client("kinesis")
    summary = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
    records, size, newest = 0, 0, None
    for shard in request.all("kinesis", "list_shards", "Shards", StreamName=name):
        iterator = kinesis.get_shard_iterator(
            StreamName=name, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        while iterator and records < _MOST_RECORDS:
            found = kinesis.get_records(ShardIterator=iterator)
            if not found["Records"]:
                break
            records += len(found["Records"])
            size += sum(len(record["Data"]) for record in found["Records"])
            arrived = found["Records"][-1]["ApproximateArrivalTimestamp"]
            newest = max(newest or arrived, arrived)
            iterator = found.get("NextShardIterator")
    return {**summary, "records": records, "size": size, "newest": newest, "complete": records < _MOST_RECORDS}


def _delivery(request: Request, described: dict[str, Any], buffered: dict[str, Buffered]) -> dict[str, Any]:
    destination: dict[str, Any] = next(iter(described.get("Destinations", ())), {})
    to_tables: dict[str, Any] = destination.get("IcebergDestinationDescription") or {}
    bucket = (
        destination.get("ExtendedS3DestinationDescription")
        or destination.get("S3DestinationDescription")
        or to_tables.get("S3DestinationDescription")
        or {}
    )
    source = described.get("Source", {}).get("KinesisStreamSourceDescription", {}).get("KinesisStreamARN", "")
    name = described["DeliveryStreamName"]
    log = request.runtime.workdir / "logs" / "firehose" / f"{file_name(name)}.log"
    return {
        "name": name,
        "status": described["DeliveryStreamStatus"],
        "source": source.rpartition("/")[2] or "PutRecord",
        "bucket": bucket.get("BucketARN", "").rpartition(":")[2],
        "prefix": bucket.get("Prefix", ""),
        "errors": bucket.get("ErrorOutputPrefix", ""),
        "buffered": buffered.get(described["DeliveryStreamARN"]),
        "log": _tail(log),
    }


def _tail(path: Path) -> str:
    return "\n".join(path.read_text(errors="replace").splitlines()[-_LINES:]) if path.exists() else ""
