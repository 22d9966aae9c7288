"""Rows of a real PostgreSQL and items of DynamoDB in a warehouse by zero-ETL, and in S3 by an export: row by row."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from decimal import Decimal
from operator import itemgetter
from pathlib import Path
from typing import Any

import psycopg
import pyarrow.parquet as pq
import pytest

from local_cloud.cloud import LocalCloud
from local_cloud.errors import LocalCloudError
from tests import queries

APPS = Path(__file__).parent / "apps"
COUNT = 5_000


class Shop:
    """The deployed app, its database and its warehouse."""

    def __init__(self, cloud: LocalCloud) -> None:
        self.cloud = cloud
        self.outputs = cloud.deploy(directory=APPS, app="python zero_etl_lake.py")["Shop"]

    def source(self) -> psycopg.Connection[Any]:
        secret = self.cloud.client("secretsmanager").get_secret_value(SecretId=self.outputs["Secret"])["SecretString"]
        found = json.loads(secret)
        return psycopg.connect(
            host="localhost",
            port=int(self.outputs["Port"]),
            dbname="shop",
            user=found["username"],
            password=found["password"],
            sslmode="verify-full",
            sslrootcert=str(self.cloud.authority),
            autocommit=True,
        )

    def set_up(self) -> None:
        self.cloud.execute(self.outputs["StateMachine"])

    def sql(self, text: str, database: str) -> list[list[Any]]:
        target = {"WorkgroupName": self.outputs["Workgroup"], "Database": database}
        return queries.redshift(self.cloud.client("redshift-data"), text, **target)

    def in_source(self) -> list[tuple[Any, ...]]:
        with self.source() as connection:
            return [tuple(row) for row in connection.execute("select id, amount from orders order by id").fetchall()]

    def in_warehouse(self) -> list[tuple[Any, ...]]:
        rows = self.sql("select id, amount from public.orders order by id", "shop")
        return [(key, None if amount is None else Decimal(amount)) for key, amount in rows]

    def exported(self) -> list[tuple[Any, ...]]:
        """Return the rows of the last export, by their keys."""
        client = self.cloud.client("s3")
        listed = client.list_objects_v2(Bucket=self.outputs["Bucket"], Prefix="exports/")["Contents"]
        parts = [one for one in listed if one["Key"].endswith(".gz.parquet") and "/shop/public.orders/1/" in one["Key"]]
        newest = max(parts, key=lambda one: one["LastModified"])["Key"]
        content = client.get_object(Bucket=self.outputs["Bucket"], Key=newest)["Body"].read()
        return sorted(
            ((row["id"], row["amount"]) for row in pq.read_table(io.BytesIO(content)).to_pylist()), key=itemgetter(0)
        )


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with LocalCloud(workdir=tmp_path_factory.mktemp("cloud"), longest_wait=1) as cloud:
        found = Shop(cloud)
        with found.source() as source:
            source.execute("create table orders (id bigint primary key, amount numeric(10, 2))")
            source.execute("insert into orders select n, n * 1.25 from generate_series(1, %s) as n", [COUNT])
        items = cloud.client("dynamodb")
        items.put_item(TableName=found.outputs["Table"], Item={"id": {"N": "1"}, "amount": {"N": "2.5"}})
        found.set_up()
        yield found


def test_all_rows_are_there_after_the_pipeline(shop: Shop) -> None:
    assert len(shop.in_source()) == COUNT
    assert shop.in_warehouse() == shop.in_source()
    assert shop.sql('select "id" from public."{}"'.format(shop.outputs["Table"]), "items") == [["1.0000000000"]]
    assert shop.exported() == shop.in_source()


def test_changes_and_deletions_arrive_without_a_pipeline(shop: Shop) -> None:
    with shop.source() as source:
        source.execute("delete from orders where id %% 10 = %s", [0])
        source.execute("update orders set amount = null where id %% 10 = %s", [1])
        source.execute("insert into orders values (%s, 1)", [COUNT + 1])
    shop.cloud.drain()
    assert shop.in_warehouse() == shop.in_source()
    assert len(shop.in_warehouse()) == COUNT - COUNT // 10 + 1


def test_the_pipeline_may_run_again_and_exports_again(shop: Shop) -> None:
    shop.set_up()
    assert shop.sql("select refresh_interval from svv_integration where target_database = 'items'", "dev") == [[3600]]
    assert shop.exported() == shop.in_source()


def test_a_database_of_the_same_name_that_is_not_the_integrations_stops_the_pipeline(shop: Shop) -> None:
    rds = shop.cloud.client("rds")
    (integration,) = rds.describe_integrations()["Integrations"]
    rds.delete_integration(IntegrationIdentifier=integration["IntegrationArn"])
    with pytest.raises(LocalCloudError, match="Create shop"):
        shop.set_up()
