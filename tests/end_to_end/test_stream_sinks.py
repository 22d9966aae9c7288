"""Records of a stream: the newest of each key is served, people hear of each device once, figures are watched."""

from __future__ import annotations

import base64
import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from examples.demo.caches import open_cache
from local_cloud.cloud import LocalCloud

APPS = Path(__file__).parent / "apps"
DEVICES = 12


def reading(device: int, minute: int) -> dict[str, Any]:
    return {
        "device": f"D{device}",
        "temp": 20.5 + minute,
        "owner": f"Owner {device}",
        "measured": f"2026-01-01 10:{minute:02}:00.25",
        "unknown": True,
    }


BEGAN = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=30)


def window(minute: int, mean: float) -> dict[str, Any]:
    start, end = (BEGAN + timedelta(minutes=one) for one in (minute, minute + 1))
    return {"device": "D0", "window_start": start.isoformat(), "window_end": end.isoformat(), "mean": mean}


class Sinks:
    """The deployed lake, after its records were put."""

    def __init__(self, cloud: LocalCloud) -> None:
        self.cloud = cloud
        self.outputs = cloud.deploy(directory=APPS, app="python sinking_lake.py")["Sinking"]
        # Out of order: the newest reading of a device is neither the first nor the last.
        for minute in (3, 9, 5, 9):
            self.put(*(reading(device, minute) for device in range(DEVICES)))
        self.put({"device": "D0", "temp": "hot", "measured": "2026-01-02T00:00:00Z"})
        cloud.drain()
        # Late ones alone.
        self.put(*(reading(device, 1) for device in range(DEVICES)))
        self.put(*(window(minute, mean) for minute, mean in enumerate((61.5, 59, 62, 63))), to="MinutesName")
        cloud.drain()

    def put(self, *records: dict[str, Any], to: str = "StreamName") -> None:
        entries = [{"Data": json.dumps(one).encode(), "PartitionKey": one["device"]} for one in records]
        self.cloud.client("kinesis").put_records(StreamName=self.outputs[to], Records=entries)

    @property
    def items(self) -> dict[str, dict[str, Any]]:
        found = self.cloud.client("dynamodb").scan(TableName=self.outputs["TableName"])["Items"]
        return {item["device"]["S"]: item for item in found}

    @property
    def hashes(self) -> dict[str, tuple[dict[str, str], int]]:
        """The hashes of the cache, with the seconds that are left of them."""
        with open_cache(self.cloud, name=self.outputs["CacheName"], user=self.outputs["UserName"]) as client:
            return {one: (client.hgetall(one), client.ttl(one)) for one in client.scan_iter()}

    def messages(self, queue: str) -> list[dict[str, Any]]:
        """Take the messages of a queue."""
        client, url, found = self.cloud.client("sqs"), self.outputs[queue], list[dict[str, Any]]()
        while messages := client.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            found += [json.loads(message["Body"]) for message in messages]
            for message in messages:
                client.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return found


@pytest.fixture(scope="module")
def sinks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sinks]:
    with LocalCloud(workdir=tmp_path_factory.mktemp("sinks"), longest_wait=1) as cloud:
        yield Sinks(cloud)


def test_the_newest_record_of_each_key_is_an_item(sinks: Sinks) -> None:
    items = sinks.items
    assert items.keys() == {f"D{device}" for device in range(DEVICES)}
    assert {(item["measured"]["S"], item["temp"]["N"]) for item in items.values()} == {
        ("2026-01-01T10:09:00.250000Z", "29.5")
    }
    assert {frozenset(item) for item in items.values()} == {frozenset({"device", "temp", "measured", "expires"})}


def test_the_newest_record_of_each_key_is_a_hash_of_the_cache(sinks: Sinks) -> None:
    hashes = sinks.hashes
    assert hashes.keys() == {f"readings:D{device}" for device in range(DEVICES)}
    items = {item["device"]["S"]: item for item in sinks.items.values()}
    for found, time_to_live in hashes.values():
        item = items[found["device"]]
        assert found == {"device": found["device"], "temp": item["temp"]["N"], "measured": item["measured"]["S"]}
        assert 0 < time_to_live <= 86_400


def test_alarms_watch_the_metric_that_the_function_puts(sinks: Sinks) -> None:
    client = sinks.cloud.client("cloudwatch")
    named = {one["AlarmName"].partition("Metrics")[2][:3]: one for one in client.describe_alarms()["MetricAlarms"]}
    alarms = {name: alarm for name, alarm in named.items() if name}
    band, hot = alarms["Unu"], alarms["Hot"]
    (stat,) = (one["MetricStat"] for one in band["Metrics"] if "MetricStat" in one)
    watched = {**stat["Metric"], "Period": stat["Period"], "Statistics": [stat["Stat"]], "Unit": stat["Unit"]}
    names = ("Namespace", "MetricName", "Dimensions", "Period", "Unit")
    assert {**{name: hot[name] for name in names}, "Statistics": [hot["Statistic"]]} == watched
    between = {"StartTime": BEGAN, "EndTime": BEGAN + timedelta(minutes=10)}
    found = client.get_metric_statistics(**watched, **between)["Datapoints"]
    means = [one["Average"] for one in sorted(found, key=lambda one: one["Timestamp"])]
    assert means == [61.5, 59, 62, 63]
    last = means[-hot["EvaluationPeriods"] :]
    assert hot["ComparisonOperator"] == "GreaterThanThreshold"
    assert all(mean > hot["Threshold"] for mean in last)


def test_a_record_that_is_no_row_is_kept_with_its_data_and_those_behind_it_are_not_held_up(sinks: Sinks) -> None:
    client, bucket = sinks.cloud.client("s3"), sinks.outputs["RawBucket"]
    listed = client.list_objects_v2(Bucket=bucket, Prefix="aws/lambda/")["Contents"]
    # One of each function on the stream.
    assert len(listed) == 3
    (kept,) = [one["Key"] for one in listed if one["Key"].startswith(f"aws/lambda/{sinks.outputs['MappingId']}/")]
    (record,) = json.loads(client.get_object(Bucket=bucket, Key=kept)["Body"].read())["payload"]["Records"]
    assert json.loads(base64.b64decode(record["kinesis"]["data"]))["temp"] == "hot"


def test_people_hear_of_each_device_once(sinks: Sinks) -> None:
    messages = sinks.messages("QueueUrl")
    texts = "\n".join(message["Message"] for message in messages)
    for device in range(DEVICES):
        assert len(re.findall(rf"^D{device} measures", texts, flags=re.MULTILINE)) == 1
    one = next(message for message in messages if message["Subject"] == "D0 measures 23.5 ?C")
    assert one["Message"].split("\n") == [
        "D0 measures 23.5 °C",
        "",
        "device: D0",
        "Temperature: 23.5",
        "measured: 2026-01-01T10:03:00.250000Z",
    ]
    assert "Owner" not in texts


def test_applications_hear_of_each_device_once(sinks: Sinks) -> None:
    found = sinks.messages("HeardUrl")
    assert Counter(event["detail"]["record"]["device"] for event in found) == {f"D{n}": 1 for n in range(DEVICES)}
    one = next(event for event in found if event["detail"]["record"]["device"] == "D0")
    assert (one["source"], one["detail-type"], one["detail"]["headline"]) == (
        "lake",
        "Alert readings",
        "D0 measures 23.5 °C",
    )


def test_a_new_object_starts_the_pipeline_that_waits_for_it_alone(sinks: Sinks) -> None:
    s3, states = sinks.cloud.client("s3"), sinks.cloud.client("stepfunctions")
    machine, raw = sinks.outputs["ArrivalsMachine"], sinks.outputs["RawBucket"]
    # The discarded batches are objects of the zone as well.
    assert states.list_executions(stateMachineArn=machine)["executions"] == []
    s3.put_object(Bucket=raw, Key="in/a.json", Body=b"{}")
    s3.put_object(Bucket=raw, Key="out/a.json", Body=b"{}")
    (run,) = states.list_executions(stateMachineArn=machine)["executions"]
    given = json.loads(states.describe_execution(executionArn=run["executionArn"])["input"])
    assert (given["detail"]["bucket"]["name"], given["detail"]["object"]["key"]) == (raw, "in/a.json")
