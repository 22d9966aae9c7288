"""Applications of Flink SQL for tests: their code, their streams, and what is in these."""

from __future__ import annotations

import json
import time
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from local_cloud.cloud import LocalCloud
from local_cloud.engines.flink.engine import FlinkEngine

ACCOUNT, REGION = "123456789012", "us-east-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/flink"
STREAM = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/"
BEGINNING = """\
import json, os
from pyflink.table import EnvironmentSettings, TableEnvironment
table = TableEnvironment.create(EnvironmentSettings.new_instance().in_streaming_mode().build())
"""
_SECONDS = 120.0


def archive(files: Mapping[str, str]) -> bytes:
    """Return files as a ZIP."""
    content = BytesIO()
    with zipfile.ZipFile(content, "w") as packed:
        for name, text in files.items():
            packed.writestr(name, text)
    return content.getvalue()


def configuration(key: str, properties: Mapping[str, Mapping[str, str]] | None = None, **parts: Any) -> dict[str, Any]:
    """Return an ApplicationConfiguration of the code at a key."""
    options = {"kinesis.analytics.flink.run.options": {"python": "main.py"}}
    groups = {**options, **(properties or {})}
    return {
        "ApplicationCodeConfiguration": {
            "CodeContentType": "ZIPFILE",
            "CodeContent": {"S3ContentLocation": {"BucketARN": "arn:aws:s3:::code", "FileKey": key}},
        },
        "EnvironmentProperties": {
            "PropertyGroups": [{"PropertyGroupId": name, "PropertyMap": dict(group)} for name, group in groups.items()]
        },
        **parts,
    }


@dataclass
class Application:
    """An application in a cloud.

    Parameters
    ----------
    cloud: LocalCloud
        Where it is.
    name: str
        Its name.
    """

    cloud: LocalCloud
    name: str

    def create(self, main: str, **given: Any) -> None:
        """Create it of a main.py, which begins with an environment."""
        self.cloud.client("s3").put_object(
            Bucket="code", Key=f"{self.name}.zip", Body=archive({"main.py": BEGINNING + main})
        )
        logs = self.cloud.client("logs")
        logs.create_log_group(logGroupName=self.name)
        logs.create_log_stream(logGroupName=self.name, logStreamName="log")
        log = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{self.name}:log-stream:log"
        self.flink.create_application(
            ApplicationName=self.name,
            RuntimeEnvironment="FLINK-2_2",
            ServiceExecutionRole=ROLE,
            CloudWatchLoggingOptions=[{"LogStreamARN": log}],
            ApplicationConfiguration=configuration(f"{self.name}.zip", **given),
        )

    @property
    def flink(self) -> Any:
        # A cloud that was started again has other keys.
        return self.cloud.client("kinesisanalyticsv2")

    @property
    def detail(self) -> dict[str, Any]:
        found: dict[str, Any] = self.flink.describe_application(ApplicationName=self.name)["ApplicationDetail"]
        return found

    def start(self, **restore: str) -> None:
        """Start it, and wait until it runs."""
        run = {"RunConfiguration": {"ApplicationRestoreConfiguration": restore}} if restore else {}
        started = self.flink.start_application(ApplicationName=self.name, **run)["OperationId"]
        self.reaches("RUNNING")
        told = self.flink.describe_application_operation(ApplicationName=self.name, OperationId=started)
        assert told["ApplicationOperationInfoDetails"]["OperationStatus"] == "SUCCESSFUL"

    def stop(self, *, force: bool = False) -> None:
        """Stop it, and wait until it has."""
        self.flink.stop_application(ApplicationName=self.name, Force=force)
        self.reaches("READY")

    def reaches(self, status: str) -> None:
        """Wait for a status."""
        until(
            lambda: self.detail["ApplicationStatus"] == status, lambda: f"{self.detail['ApplicationStatus']} {self.log}"
        )

    @property
    def log(self) -> list[str]:
        """The messages of its log stream."""
        events = self.cloud.client("logs").get_log_events(
            logGroupName=self.name, logStreamName="log", startFromHead=True
        )["events"]
        return [json.loads(event["message"])["message"] for event in events]

    @property
    def pid(self) -> int:
        """Process id of its JVM."""
        engine = next(one for one in self.cloud._running._engines if isinstance(one, FlinkEngine))
        found = engine.process_of(self.name)
        assert found
        return found


def until(holds: Any, said: Any = lambda: "") -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + _SECONDS
    while not holds():
        assert time.monotonic() < deadline, said()
        time.sleep(0.1)


def put(cloud: LocalCloud, stream: str, records: Iterable[bytes]) -> None:
    """Put records, one partition key each."""
    batch = [{"Data": data, "PartitionKey": str(number)} for number, data in enumerate(records)]
    cloud.client("kinesis").put_records(StreamName=stream, Records=batch)


def records(cloud: LocalCloud, stream: str) -> list[tuple[str, Any]]:
    """Return partition keys and contents of the records of a stream, in no order."""
    kinesis = cloud.client("kinesis")
    found = []
    for shard in kinesis.list_shards(StreamName=stream)["Shards"]:
        place = {"StreamName": stream, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
        iterator = kinesis.get_shard_iterator(**place)["ShardIterator"]
        answer = kinesis.get_records(ShardIterator=iterator)["Records"]
        found += [(one["PartitionKey"], json.loads(one["Data"])) for one in answer]
    return found
