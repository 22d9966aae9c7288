"""A lake with delivery streams whose endpoint is a program that the test runs."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from local_cloud.engines.firehose.engine import FirehoseEngine
from local_cloud.server.receivers import Receivers
from local_cloud.server.runtime import Runtime
from tests.local_cloud.firehose.endpoints.receiver import HOST, Receiver, receiving

REGION = "eu-west-1"
ROLE = "arn:aws:iam::123456789012:role/firehose"
BUCKET = "outside"


@pytest.fixture(scope="module")
def receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receiver]:
    with receiving(tmp_path_factory.mktemp("receiver")) as running:
        yield running


@pytest.fixture(scope="module")
def engine(runtime: Runtime, receiver: Receiver) -> Iterator[FirehoseEngine]:
    receivers = Receivers(
        ports={HOST: receiver.port, "untrusted.example.com": receiver.port}, authority=receiver.authority
    )
    engine = FirehoseEngine(replace(runtime, receivers=receivers))
    with engine.patches():
        yield engine


class Outside:
    """A bucket for what fails, and the delivery streams of one test."""

    def __init__(self, runtime: Runtime, engine: FirehoseEngine, folder: Path) -> None:
        self.runtime, self.engine, self.folder = runtime, engine, folder
        self.s3 = runtime.client("s3", REGION)
        self.firehose = runtime.client("firehose", REGION)
        self.secrets = runtime.client("secretsmanager", REGION)
        self.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        self.streams: list[str] = []

    def close(self) -> None:
        for name in self.streams:
            self.firehose.delete_delivery_stream(DeliveryStreamName=name)
        for key in self.objects():
            self.s3.delete_object(Bucket=BUCKET, Key=key)
        self.s3.delete_bucket(Bucket=BUCKET)

    def stream(self, kind: str, **destination: Any) -> str:
        """Create a stream to a kind of destination, whose failures go below `errors/`."""
        name = f"stream-{len(self.streams)}"
        backup = {
            "RoleARN": ROLE,
            "BucketARN": f"arn:aws:s3:::{BUCKET}",
            "Prefix": "backup/",
            "ErrorOutputPrefix": "errors/!{firehose:error-output-type}/",
            "CompressionFormat": "GZIP",
        }
        given = {"S3Configuration": backup, "RetryOptions": {"DurationInSeconds": 0}, **destination}
        self.firehose.create_delivery_stream(
            DeliveryStreamName=name, DeliveryStreamType="DirectPut", **{f"{kind}DestinationConfiguration": given}
        )
        self.streams.append(name)
        return name

    def to_endpoint(self, url: str = f"https://{HOST}/in", **destination: Any) -> str:
        """Create a stream to an HTTP endpoint."""
        return self.stream("HttpEndpoint", **{"RoleARN": ROLE, "EndpointConfiguration": {"Url": url}, **destination})

    def put(self, stream: str, *records: bytes) -> None:
        for first in range(0, len(records), 500):
            batch = [{"Data": record} for record in records[first : first + 500]]
            assert self.firehose.put_record_batch(DeliveryStreamName=stream, Records=batch)["FailedPutCount"] == 0

    def objects(self) -> list[str]:
        found = self.s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
        return [item["Key"] for page in found for item in page.get("Contents", [])]

    def content(self, prefix: str) -> bytes:
        bodies = (self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() for key in self.objects() if prefix in key)
        return b"".join(gzip.decompress(body) for body in bodies)

    def failures(self, kind: str) -> list[dict[str, Any]]:
        """Return the documents of what failed."""
        return [json.loads(line) for line in self.content(f"errors/{kind}/").splitlines()]

    def log(self, stream: str) -> str:
        path = self.runtime.workdir / "logs" / "firehose" / f"{stream}.log"
        return path.read_text() if path.exists() else ""


@pytest.fixture
def outside(runtime: Runtime, engine: FirehoseEngine, receiver: Receiver, tmp_path: Path) -> Iterator[Outside]:
    receiver.requests.clear()
    lake = Outside(runtime, engine, tmp_path)
    yield lake
    lake.close()
