"""The example of a stream processor, deployed and run by its pipelines: no flight is lost or counted twice."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from local_cloud.cloud import LocalCloud
from local_cloud.errors import LocalCloudError
from tests.support import ROOT

STACK = "FlightsPerMinute"
FIRST = datetime(2026, 1, 1, 12)
Counted = dict[tuple[str, str], int]


class Processor:
    """The deployed application, its streams and its pipelines."""

    def __init__(self, cloud: LocalCloud) -> None:
        self.cloud = cloud
        cloud.deploy(directory=ROOT, app="python examples/processing/flink.py")
        client: Any = cloud.client("cloudformation")
        found = client.describe_stack_resources(StackName=STACK)["StackResources"]
        self._ids = {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in found}
        self.name = self._named("CountApplication")
        self.sent: list[tuple[str, datetime]] = []

    def _named(self, start: str) -> str:
        (found,) = (one for logical_id, one in self._ids.items() if logical_id.startswith(start))
        return str(found)

    def execute(self, pipeline: str) -> None:
        self.cloud.execute(self._named(f"{pipeline}Machine"))

    def fly(self, *flights: tuple[str, datetime]) -> None:
        """Put flights into the stream, and wait until they have passed."""
        self.sent.extend(flights)
        records = [
            {"Data": json.dumps({"carrier": carrier, "departed": at.isoformat()}), "PartitionKey": carrier}
            for carrier, at in flights
        ]
        client: Any = self.cloud.client("kinesis")
        for start in range(0, len(records), 500):
            client.put_records(StreamName=self._named("FlightsStream"), Records=records[start : start + 500])
        self.cloud.drain()

    def counted(self) -> Counted:
        """Return what is in the stream of counts, each of which must be there once."""
        client: Any = self.cloud.client("kinesis")
        stream = self._named("CountsStream")
        rows = []
        for shard in client.list_shards(StreamName=stream)["Shards"]:
            iterator = client.get_shard_iterator(
                StreamName=stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
            )["ShardIterator"]
            rows += [json.loads(one["Data"]) for one in client.get_records(ShardIterator=iterator)["Records"]]
        keys = [(row["carrier"], row["began"]) for row in rows]
        assert len(keys) == len(set(keys))
        return {key: row["flights"] for key, row in zip(keys, rows, strict=True)}

    def expected(self, until: datetime) -> Counted:
        """Return the counts of the minutes before a moment."""
        minutes = Counter((carrier, at.replace(second=0)) for carrier, at in self.sent)
        return {(carrier, str(began)): n for (carrier, began), n in minutes.items() if began < until}

    def status(self) -> str:
        client: Any = self.cloud.client("kinesisanalyticsv2")
        return str(client.describe_application(ApplicationName=self.name)["ApplicationDetail"]["ApplicationStatus"])

    def snapshots(self) -> int:
        client: Any = self.cloud.client("kinesisanalyticsv2")
        return len(client.list_application_snapshots(ApplicationName=self.name)["SnapshotSummaries"])


@pytest.fixture(scope="module")
def processor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processor]:
    with LocalCloud(workdir=tmp_path_factory.mktemp("cloud"), longest_wait=1) as cloud:
        yield Processor(cloud)


def test_a_window_that_was_open_when_it_stopped_is_counted_once_when_it_goes_on(processor: Processor) -> None:
    assert processor.status() == "READY"
    processor.execute("Start")
    assert processor.status() == "RUNNING"
    # One that runs stays as it is.
    processor.execute("Start")
    half = FIRST + timedelta(minutes=2, seconds=30)
    processor.fly(*((f"C{n % 3}", FIRST + timedelta(seconds=n)) for n in range(150)))
    assert processor.counted() == processor.expected(FIRST + timedelta(minutes=2))
    processor.execute("Stop")
    processor.execute("Stop")
    assert (processor.status(), processor.snapshots()) == ("READY", 1)
    processor.execute("Start")
    processor.fly(*((f"C{n % 3}", half + timedelta(seconds=n)) for n in range(90)))
    found = processor.counted()
    assert found == processor.expected(FIRST + timedelta(minutes=3))
    assert found["C0", str(FIRST + timedelta(minutes=2))] == 20
    processor.execute("Stop")


def test_a_start_that_fails_fails_its_pipeline_with_the_reason(processor: Processor) -> None:
    client: Any = processor.cloud.client("kinesisanalyticsv2")
    detail = client.describe_application(ApplicationName=processor.name)["ApplicationDetail"]
    groups = detail["ApplicationConfigurationDescription"]["EnvironmentPropertyDescriptions"][
        "PropertyGroupDescriptions"
    ]
    client.update_application(
        ApplicationName=processor.name,
        CurrentApplicationVersionId=detail["ApplicationVersionId"],
        ApplicationConfigurationUpdate={
            "EnvironmentPropertyUpdates": {
                "PropertyGroups": [one for one in groups if one["PropertyGroupId"] != "flights"]
            }
        },
    )
    with pytest.raises(LocalCloudError, match=r"Start Count: .*OperationFailureDetails"):
        processor.execute("Start")
    assert processor.status() == "READY"
