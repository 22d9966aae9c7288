"""Quality from the contract to the end of the pipeline: errors fail it, warnings set rows aside and are published."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from local_cloud.cloud import LocalCloud
from local_cloud.errors import LocalCloudError

APPS = Path(__file__).parent / "apps"
GOOD: list[dict[str, Any]] = [
    {"id": 1, "status": "open", "amount": 5},
    {"id": 2, "status": "closed", "amount": None},
    {"id": 3, "status": None, "amount": None},
]
UNKNOWN = {"id": 4, "status": "lost", "amount": 7}
NEGATIVE = {"id": 5, "status": "open", "amount": -1}


class Orders:
    """The deployed lake, to which orders are sent."""

    def __init__(self, cloud: LocalCloud) -> None:
        self._cloud = cloud
        self.said: list[str] = []
        found = cloud.deploy(directory=APPS, app="python quality_lake.py", on_event=self.said.append)
        self._outputs = found["Quality"]
        self._queue = cloud.client("sqs").create_queue(QueueName="messages")["QueueUrl"]
        cloud.client("sns").subscribe(
            TopicArn=self._outputs["Topic"], Protocol="sqs", Endpoint="arn:aws:sqs:us-east-1:123456789012:messages"
        )

    def send(self, *orders: dict[str, Any]) -> None:
        """Send orders, and take them through the pipeline."""
        records = [{"Data": json.dumps(order).encode()} for order in orders]
        self._cloud.client("firehose").put_record_batch(DeliveryStreamName=self._outputs["Orders"], Records=records)
        self._cloud.drain()
        self._cloud.execute(self._outputs["StateMachine"])

    def report(self) -> dict[str, Any]:
        """Return the account of the last batch of records."""
        found: dict[str, Any] = json.loads(self._objects("CuratedBucket", "_state/orders/runs/")[-1])
        return found

    def quarantined(self) -> list[dict[str, Any]]:
        files = self._objects("RawBucket", "quarantine/orders/")
        return [row for file in files for row in pq.read_table(io.BytesIO(file)).to_pylist()]

    def heard(self) -> list[dict[str, Any]]:
        sqs = self._cloud.client("sqs")
        found = sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10).get("Messages", [])
        for message in found:
            sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(json.loads(message["Body"])["Message"]) for message in found]

    def _objects(self, bucket: str, prefix: str) -> list[bytes]:
        s3, name = self._cloud.client("s3"), self._outputs[bucket]
        listed = s3.list_objects_v2(Bucket=name, Prefix=prefix).get("Contents", [])
        keys = sorted(item["Key"] for item in listed if item["Size"] and not item["Key"].endswith("_SUCCESS"))
        return [s3.get_object(Bucket=name, Key=key)["Body"].read() for key in keys]


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orders]:
    with LocalCloud(workdir=tmp_path_factory.mktemp("quality"), longest_wait=1) as cloud:
        yield Orders(cloud)


def test_severity_decides_between_setting_rows_aside_telling_and_failing(orders: Orders) -> None:
    assert any("quality rule 'plausible' of dataset 'orders' is not evaluated" in line for line in orders.said)

    orders.send(*GOOD, UNKNOWN)
    report = orders.report()
    assert {name: report[name] for name in ("read", "curated", "quarantined", "reasons")} == {
        "read": 4,
        "curated": 3,
        "quarantined": 1,
        "reasons": {"quality: known status": 1},
    }
    (row,) = orders.quarantined()
    assert json.loads(row["record"]) == UNKNOWN
    assert row["reasons"] == ["column 'status': 'lost' breaks the rule 'known status'"]
    (message,) = orders.heard()
    (broken,) = message["broken"]
    assert (broken["rule"], broken["severity"]) == ("amounts are known", "warning")
    assert broken["found"] == pytest.approx(100 * 2 / 3)

    with pytest.raises(LocalCloudError, match=r"orders breaks no negative amounts \(found 1\)"):
        orders.send(NEGATIVE)
    (message,) = orders.heard()
    assert message["state"] == "Evaluate orders"
    assert message["cause"] == "orders breaks no negative amounts (found 1)"
