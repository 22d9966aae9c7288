"""Records per second through Kinesis and Firehose of the local cloud, as JSON on standard output."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from local_cloud.cloud import LocalCloud

BATCH = 500
ROLE = "arn:aws:iam::123456789012:role/firehose"


def main(count: int) -> None:
    record = json.dumps(
        {"carrier": "UA", "flight": 1545, "origin": "EWR", "dest": "IAH", "padding": "x" * 300}
    ).encode()
    with tempfile.TemporaryDirectory() as folder, LocalCloud(workdir=Path(folder)) as cloud:
        kinesis, firehose, s3 = (cloud.client(name) for name in ("kinesis", "firehose", "s3"))
        s3.create_bucket(Bucket="landing")
        kinesis.create_stream(StreamName="flights", ShardCount=2)
        source = kinesis.describe_stream(StreamName="flights")["StreamDescription"]["StreamARN"]
        firehose.create_delivery_stream(
            DeliveryStreamName="flights",
            DeliveryStreamType="KinesisStreamAsSource",
            KinesisStreamSourceConfiguration={"KinesisStreamARN": source, "RoleARN": ROLE},
            ExtendedS3DestinationConfiguration=_destination(),
        )
        started = time.monotonic()
        for first in range(0, count, BATCH):
            entries = [{"Data": record, "PartitionKey": str(n)} for n in range(first, min(first + BATCH, count))]
            kinesis.put_records(StreamName="flights", Records=entries)
        put = time.monotonic() - started
        cloud.drain()
        through = time.monotonic() - started
    json.dump({"records": count, "put_seconds": put, "through_seconds": through}, sys.stdout)


def _destination() -> dict[str, Any]:
    return {
        "RoleARN": ROLE,
        "BucketARN": "arn:aws:s3:::landing",
        "Prefix": "flights/!{timestamp:yyyy-MM-dd}/",
        "ErrorOutputPrefix": "errors/!{firehose:error-output-type}/",
        "BufferingHints": {"SizeInMBs": 64, "IntervalInSeconds": 60},
        "CompressionFormat": "GZIP",
    }


if __name__ == "__main__":
    main(int(sys.argv[1]))
