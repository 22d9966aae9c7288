"""Records of a stream: the newest of each key is an item, people hear of each device once, and none is lost."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

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
        cloud.drain()

    def put(self, *records: dict[str, Any]) -> None:
        entries = [{"Data": json.dumps(one).encode(), "PartitionKey": one["device"]} for one in records]
        self.cloud.client("kinesis").put_records(StreamName=self.outputs["StreamName"], Records=entries)

    @property
    def items(self) -> dict[str, dict[str, Any]]:
        found = self.cloud.client("dynamodb").scan(TableName=self.outputs["TableName"])["Items"]
        return {item["device"]["S"]: item for item in found}

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The messages of the topic."""
        client, url, found = self.cloud.client("sqs"), self.outputs["QueueUrl"], list[dict[str, Any]]()
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


def test_a_record_that_is_no_row_is_kept_with_its_data_and_those_behind_it_are_not_held_up(sinks: Sinks) -> None:
    client, bucket = sinks.cloud.client("s3"), sinks.outputs["RawBucket"]
    listed = client.list_objects_v2(Bucket=bucket, Prefix="aws/lambda/")["Contents"]
    # One of each function.
    assert len(listed) == 2
    (kept,) = [one["Key"] for one in listed if one["Key"].startswith(f"aws/lambda/{sinks.outputs['MappingId']}/")]
    (record,) = json.loads(client.get_object(Bucket=bucket, Key=kept)["Body"].read())["payload"]["Records"]
    assert json.loads(base64.b64decode(record["kinesis"]["data"]))["temp"] == "hot"


def test_people_hear_of_each_device_once(sinks: Sinks) -> None:
    messages = sinks.messages
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
