"""The function's code as it is packed, in a process of its own for each call, against moto."""

from __future__ import annotations

import base64
import io
import json
import os
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import pytest
from lake_aggregation import aggregated
from moto.server import ThreadedMotoServer

from lake_blueprints.processing.streaming.package import function
from local_cloud.server.access_keys import AccessKey
from tests.unit.processing.streaming.conftest import Outputs
from tests.unit.processing.streaming.test_engines import PLAN, sent

_CALL = (
    "import json, sys; from lake_stream.handler import handle; print(json.dumps(handle(json.load(sys.stdin), None)))"
)


class Function:
    """The function beside its stream, its outputs and its state."""

    def __init__(self, folder: Path, endpoint: str) -> None:
        key = AccessKey.draw().variables
        self._environment = {
            "PATH": os.environ["PATH"], **key, "AWS_ENDPOINT_URL": endpoint, "AWS_DEFAULT_REGION": "eu-west-1"
        }  # fmt: skip
        self._session = boto3.Session(
            aws_access_key_id=key["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=key["AWS_SECRET_ACCESS_KEY"],
            region_name="eu-west-1",
        )
        self._endpoint, self._folder, self._number = endpoint, folder, 0
        # moto's accounts are the process's.
        self.zone, self._own = f"zone-{uuid4().hex}", uuid4().hex
        with zipfile.ZipFile(io.BytesIO(function(json.dumps(PLAN), None))) as packed:
            packed.extractall(folder)
        self.client("s3").create_bucket(Bucket=self.zone, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        arns = {name: self.stream(name) for name in ("source", *(output["name"] for output in PLAN["outputs"]))}
        self._environment |= {f"TO_{name.upper()}": arn for name, arn in arns.items()}
        self._environment |= {"SOURCE": arns["source"], "STATE_BUCKET": self.zone, "STATE_KEY": "state"}

    def client(self, service: str) -> Any:
        return self._session.client(service, endpoint_url=self._endpoint)

    def stream(self, name: str) -> str:
        kinesis, own = self.client("kinesis"), self.name_of(name)
        kinesis.create_stream(StreamName=own, ShardCount=1)
        arn: str = kinesis.describe_stream_summary(StreamName=own)["StreamDescriptionSummary"]["StreamARN"]
        return arn

    def name_of(self, stream: str) -> str:
        return f"{stream}-{self._own}"

    def events(self, records: Sequence[str]) -> list[dict[str, Any]]:
        """Return records as Lambda hands them on, numbered after those before."""
        first, self._number = self._number + 1, self._number + len(records)
        return [
            {
                "eventID": f"shardId-000000000000:{number}",
                "kinesis": {
                    "sequenceNumber": str(number),
                    "data": base64.b64encode(record.encode()).decode(),
                    "approximateArrivalTimestamp": 1_800_000_000.0,
                },
            }
            for number, record in enumerate(records, start=first)
        ]

    def call(self, events: list[dict[str, Any]], **environment: str) -> Any:
        """Call it; return its answer, or the last line of what it says on its way down."""
        done = subprocess.run(
            [sys.executable, "-c", _CALL],
            cwd=self._folder,
            env={**self._environment, **environment},
            input=json.dumps({"Records": events}),
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stderr.splitlines()[-1] if done.returncode else json.loads(done.stdout.splitlines()[-1])

    def rows(self, output: str) -> list[dict[str, Any]]:
        kinesis = self.client("kinesis")
        position = kinesis.get_shard_iterator(
            StreamName=self.name_of(output), ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
        )
        return [
            json.loads(one["Data"]) for one in kinesis.get_records(ShardIterator=position["ShardIterator"])["Records"]
        ]

    @property
    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(
            zlib.decompress(self.client("s3").get_object(Bucket=self.zone, Key="state")["Body"].read())
        )
        return found


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Function]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield Function(tmp_path, f"http://{host}:{port}")
    server.stop()


def test_batches_give_what_one_run_over_all_records_gives(watch: Function, in_python: Outputs) -> None:
    records = sent()
    events = watch.events(records)

    answers = [watch.call(events[at : at + 100]) for at in range(0, len(events), 100)]

    assert answers == [{"batchItemFailures": []}] * len(answers)
    wanted = in_python(PLAN, records)
    for name in ("clean", "late", "rejected", "odd"):
        assert watch.rows(name) == wanted[name], name
    closed = watch.rows("minutes")
    assert closed == wanted["minutes"][: len(closed)]
    assert len(wanted["minutes"]) - len(closed) <= 4, "only the last windows are open"


def test_what_a_producer_has_aggregated_gives_what_its_records_give(watch: Function, in_python: Outputs) -> None:
    records = sent()[:60]
    packed = [data for _, data in aggregated(("k", record.encode()) for record in records)]
    assert len(packed) < len(records) / 10
    events = watch.events(["", *records[:2]])
    events[0]["kinesis"]["data"] = base64.b64encode(packed[0]).decode()
    wanted = in_python(PLAN, [*records, *records[:2]])

    assert watch.call(events) == {"batchItemFailures": []}

    for name in ("clean", "rejected"):
        assert watch.rows(name) == wanted[name], name


def test_a_batch_that_comes_again_is_taken_once(watch: Function) -> None:
    events = watch.events(sent()[:50])

    watch.call(events)
    kept = {name: watch.rows(name) for name in ("clean", "minutes", "rejected")}
    watch.call(events)

    assert {name: watch.rows(name) for name in kept} == kept


def test_nothing_of_a_batch_is_kept_if_its_rows_cannot_be_put(watch: Function) -> None:
    first, second = watch.events(sent()[:20]), watch.events(sent()[20:40])
    watch.call(first)
    before = watch.state

    failed = watch.call(second, TO_CLEAN="arn:aws:kinesis:eu-west-1:123456789012:stream/gone")

    assert "ResourceNotFoundException" in failed
    assert watch.state == before
    assert watch.call(second) == {"batchItemFailures": []}
    assert watch.state["last"] == "40"


def test_a_record_that_cannot_be_taken_is_named_and_those_before_it_are_kept(watch: Function) -> None:
    events = watch.events(sent()[:10])
    events[4]["kinesis"]["approximateArrivalTimestamp"] = None

    named = watch.call(events)

    assert named == {"batchItemFailures": [{"itemIdentifier": "5"}]}
    assert watch.state["last"] == "4"
    assert "TypeError" in watch.call(events[4:]), "alone it fails, and Lambda sets it aside"
    assert watch.call(events[5:]) == {"batchItemFailures": []}
    assert watch.state["last"] == "10"


def test_it_does_not_begin_on_a_stream_of_several_shards(watch: Function) -> None:
    watch.client("kinesis").split_shard(
        StreamName=watch.name_of("source"), ShardToSplit="shardId-000000000000", NewStartingHashKey=str(2**127)
    )

    refused = watch.call(watch.events(sent()[:1]))

    assert refused.endswith("the stream has 2 shards; merge them into one, or run the plan in Flink")
