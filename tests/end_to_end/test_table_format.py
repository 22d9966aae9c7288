"""A whole lake of Iceberg tables runs: deliveries, a join, the newest rows, retention, rules, queries."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from examples.demo.queries import Athena
from local_cloud.cloud import LocalCloud
from tests.end_to_end.test_recorded_calls import Recorded

APPS = Path(__file__).parent / "apps"


class Shop:
    """The deployed lake after a run."""

    def __init__(self, cloud: LocalCloud) -> None:
        outputs = cloud.deploy(directory=APPS, app="python table_format_lake.py")["Shop"]
        now = datetime.datetime.now(datetime.UTC)
        orders = [
            {"id": 1, "city": "Oslo", "ordered": now - datetime.timedelta(days=2)},
            {"id": 1, "city": "Rome", "ordered": now - datetime.timedelta(days=1)},
            {"id": 2, "city": "Bern", "ordered": now},
            {"id": 3, "city": "Rome", "ordered": now - datetime.timedelta(days=91)},
        ]
        firehose = cloud.client("firehose")
        for order in orders:
            data = json.dumps({**order, "ordered": f"{order['ordered']:%Y-%m-%dT%H:%M:%SZ}"}).encode()
            firehose.put_record(DeliveryStreamName=outputs["Delivery"], Record={"Data": data})
        body = b"city,country\nOslo,Norway\nRome,Italy\n"
        cloud.client("s3").put_object(Bucket=outputs["RawBucket"], Key="cities/a.csv", Body=body)
        cloud.drain()
        cloud.execute(outputs["StateMachine"])
        athena = Athena(cloud.client("athena"), outputs["Workgroup"])
        self.rows = athena.ask(f'SELECT id, city, country FROM "{outputs["Database"]}".orders ORDER BY id').rows
        self.items = cloud.client("dynamodb").scan(TableName=outputs["ServedTable"])["Items"]
        self.refused = Recorded(cloud).refused()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with LocalCloud(workdir=tmp_path_factory.mktemp("cloud"), longest_wait=1) as cloud:
        yield Shop(cloud)


def test_the_newest_rows_are_joined_and_those_too_old_are_deleted(shop: Shop) -> None:
    # The pipeline has ended well, so that the contract's rule, two rows, holds as well.
    assert shop.rows == ((1, "Rome", "Italy"), (2, "Bern", None))


def test_applications_read_the_same_rows(shop: Shop) -> None:
    found = {(int(item["id"]["N"]), item["city"]["S"], item.get("country", {}).get("S")) for item in shop.items}
    assert found == set(shop.rows)


def test_every_recorded_call_is_allowed_by_the_policies_of_its_role(shop: Shop) -> None:
    assert shop.refused == [], "\n".join(shop.refused)
