"""Records are put, buffered and become rows of an Iceberg table, which Athena reads; every record is accounted for."""

from __future__ import annotations

import base64
import gzip
import json
import random
from pathlib import Path
from typing import Any

import pytest

from examples.demo.queries import Athena
from local_cloud.cloud import LocalCloud
from tests.end_to_end.test_recorded_calls import Recorded

APPS = Path(__file__).parent / "apps"
BAD = [b"no json", b'{"id": 1}', b'{"id": "x", "amount": 1, "ordered": null}']


class Orders:
    """The deployed lake after three deliveries."""

    def __init__(self, cloud: LocalCloud) -> None:
        self._cloud = cloud
        self.outputs = cloud.deploy(directory=APPS, app="python delivered_rows.py")["Rows"]
        self.newest: dict[int, float] = {}
        self.waiting: list[int] = []
        chosen = random.Random(11)
        for _ in range(3):
            records = list(BAD)
            for _ in range(200):
                number, amount = chosen.randrange(50), chosen.randrange(1000) / 4
                self.newest[number] = amount
                order = {"id": number, "amount": amount, "ordered": "2026-01-02T03:04:05Z"}
                records.append(json.dumps(order).encode())
            firehose = cloud.client("firehose")
            entries = [{"Data": record} for record in records]
            firehose.put_record_batch(DeliveryStreamName=self.outputs["Stream"], Records=entries)
            before = len(self.rows())
            cloud.drain()
            self.waiting.append(before)

    def rows(self, select: str = "id, amount", table: str = "{table}") -> list[tuple[Any, ...]]:
        athena = Athena(self._cloud.client("athena"), self.outputs["Athena"])
        name = table.format(table=self.outputs["Table"])
        return list(athena.ask(f"select {select} from {name}").rows)

    def errors(self) -> list[bytes]:
        s3, bucket = self._cloud.client("s3"), self.outputs["RawBucket"]
        # Text that is no JSON fails in the jq query of the upsert, with another type of error.
        listed = s3.list_objects_v2(Bucket=bucket, Prefix="errors/orders/")["Contents"]
        bodies = (gzip.decompress(s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read()) for item in listed)
        return [base64.b64decode(json.loads(line)["rawData"]) for body in bodies for line in body.splitlines()]


@pytest.fixture(scope="module")
def orders(cloud: LocalCloud) -> Orders:
    return Orders(cloud)


def test_three_deliveries_leave_the_newest_of_each_order(orders: Orders) -> None:
    assert {number: float(amount) for number, amount in orders.rows()} == orders.newest
    assert len(orders.rows()) == len(orders.newest)


def test_records_wait_for_their_delivery(orders: Orders) -> None:
    assert orders.waiting[0] == 0


def test_each_delivery_is_one_commit(orders: Orders) -> None:
    name = orders.outputs["Table"]
    metadata = f'{name[:-1]}$snapshots"'
    assert len(orders.rows("snapshot_id", metadata)) == 3


def test_bad_records_lie_below_the_error_prefix_and_no_other_does(orders: Orders) -> None:
    assert sorted(orders.errors()) == sorted(BAD * 3)


def test_the_role_allows_what_the_delivery_does(cloud: LocalCloud, orders: Orders) -> None:
    recorded = Recorded(cloud)
    assert {call.action for call in recorded.calls} >= {"glue:GetTable", "glue:UpdateTable", "s3:PutObject"}
    assert recorded.refused() == []
