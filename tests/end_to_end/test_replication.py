"""A real PostgreSQL, replicated by the pipeline's steps and merged by Spark: the table is the source, row by row."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest

from local_cloud.cloud import LocalCloud
from local_cloud.errors import LocalCloudError
from tests import queries
from tests.postgresql import connect, run_postgresql

APPS = Path(__file__).parent / "apps"
HOST = "shop.example.com"
COUNT = 20_000


class Shop:
    """The database, and the lake that follows it."""

    def __init__(self, cloud: LocalCloud, database: psycopg.Connection[Any]) -> None:
        self.cloud, self.database = cloud, database
        self.outputs = cloud.deploy(directory=APPS, app="python replicated_lake.py")["Shop"]
        secret = cloud.client("secretsmanager").get_secret_value(SecretId=self.outputs["SecretArn"])["SecretString"]
        password = json.loads(secret)["password"]
        database.execute(f"create role lake_reader superuser login password '{password}'")
        database.execute(
            "create table orders (id bigint primary key, customer text not null, amount numeric(10,2) not null, "
            "at timestamptz)"
        )
        fill = "insert into orders select n, 'c' || n %% 7, n * 1.25, now() from generate_series(1, %s) n"
        database.execute(fill, [COUNT])

    def refresh(self) -> None:
        self.cloud.execute(self.outputs["StateMachine"])

    def in_source(self) -> list[tuple[Any, ...]]:
        rows = self.database.execute("select id, customer, amount from orders order by id").fetchall()
        return [tuple(row) for row in rows]

    def in_lake(self) -> list[tuple[Any, ...]]:
        name = f'"{self.outputs["DatabaseName"]}"."{self.outputs["TableName"]}"'
        rows = queries.athena(
            self.cloud.client("athena"),
            f"select id, customer, amount from {name} order by id",
            ResultConfiguration={"OutputLocation": f"s3://{self.outputs['Results']}/results/"},
        )
        return [(int(key), customer, Decimal(str(amount))) for key, customer, amount in rows]

    def status(self) -> str:
        filters = [{"Name": "replication-config-arn", "Values": [self.outputs["ReplicationArn"]]}]
        (found,) = self.cloud.client("dms").describe_replications(Filters=filters)["Replications"]
        return str(found["Status"])


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    for port in run_postgresql(tmp_path_factory.mktemp("postgresql")):
        receivers = {HOST: port}
        with (
            LocalCloud(workdir=tmp_path_factory.mktemp("cloud"), receivers=receivers, longest_wait=1) as cloud,
            connect(port) as database,
        ):
            yield Shop(cloud, database)


def test_the_curated_table_is_the_source_after_a_load_and_after_changes(shop: Shop) -> None:
    shop.refresh()
    assert shop.status() == "stopped"
    assert len(shop.in_lake()) == COUNT
    assert shop.in_lake() == shop.in_source()
    for statement in (
        "update orders set amount = 0 where id <= 1000",
        "delete from orders where id > 19990",
        "insert into orders values (90001, 'new', 1.5, now())",
        "update orders set customer = 'twice' where id = 90001",
        "delete from orders where id = 90001",
        "insert into orders values (90001, 'again', 2.5, now())",
    ):
        shop.database.execute(statement)
    shop.refresh()
    found, expected = shop.in_lake(), shop.in_source()
    assert len(found) == len(expected) == COUNT - 10 + 1
    assert found == expected


def test_a_failed_replication_fails_the_pipeline_with_its_reason(shop: Shop) -> None:
    shop.database.execute("select pg_drop_replication_slot(slot_name) from pg_replication_slots")
    with pytest.raises(LocalCloudError, match="does not keep its log"):
        shop.refresh()
    assert shop.status() == "failed"
