"""The script of a pull, from a real PostgreSQL: no row is lost, and what comes twice has one key."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import boto3
import duckdb
import psycopg
import pytest
from moto.core import DEFAULT_ACCOUNT_ID

import lake_blueprints.processing.database_pull
import local_cloud
from local_cloud.server.objects import Mirror, ObjectStore
from tests.postgresql import PASSWORD, connect, run_postgresql

SCRIPT = Path(lake_blueprints.processing.database_pull.__file__).parent / "scripts" / "pull.py"
GLUE_RUNTIME = Path(local_cloud.__file__).parent / "engines" / "glue" / "runtime"
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
NEWEST = "SELECT id, total FROM {} QUALIFY row_number() OVER (PARTITION BY id ORDER BY updated_at DESC) = 1 ORDER BY id"


@pytest.fixture(scope="module")
def script(cloud: Path) -> ModuleType:
    assert cloud
    sys.path.insert(0, str(GLUE_RUNTIME))
    spec = importlib.util.spec_from_file_location("pull", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    yield from run_postgresql(tmp_path_factory.mktemp("postgresql"), logical=False)


class Shop:
    """A table of PostgreSQL, and what is pulled from it into a bucket."""

    def __init__(self, script: ModuleType, folder: Path, database: psycopg.Connection[Any], name: str) -> None:
        self.database, self.script, self._name = database, script, name
        self._mirror = Mirror(ObjectStore(DEFAULT_ACCOUNT_ID), folder)
        self._files = folder / "lake" / name / "orders"

    def put(self, number: int, total: str, at: datetime) -> None:
        self.database.execute(
            "insert into orders values (%s, %s, %s) on conflict (id) do update set total = %s, updated_at = %s",
            [number, total, at, total, at],
        )

    def pull(self) -> dict[str, Any]:
        """Run the script as a job run does; return what it has noted."""
        arguments = {
            "JOB_NAME": "pull",
            "connection": "shop",
            "engine": "postgresql",
            "table": "orders",
            "query": 'SELECT "id", "total", "updated_at" FROM "public"."orders"',
            "column": '"updated_at"',
            "watermark": "updated_at",
            "look_back": "600",
            "target": f"s3://lake/{self._name}/orders/",
            "state": f"s3://lake/{self._name}/pull.json",
        }
        try:
            self.script.main(["pull.py", *(part for name, value in arguments.items() for part in (f"--{name}", value))])
        finally:
            self._mirror.push()
        return self.noted()

    def noted(self) -> dict[str, Any]:
        body = boto3.client("s3").get_object(Bucket="lake", Key=f"{self._name}/pull.json")["Body"].read()
        found: dict[str, Any] = json.loads(body)
        return found

    def pulled(self) -> list[tuple[Any, ...]]:
        """Return the newest row of each key of all that was pulled."""
        return duckdb.sql(NEWEST.format(f"read_parquet('{self._files}/*.parquet')")).fetchall()

    def stored(self) -> list[tuple[Any, ...]]:
        return self.database.execute("select id, total from orders order by id").fetchall()


@pytest.fixture
def shop(cloud: Path, script: ModuleType, port: int, request: pytest.FixtureRequest) -> Iterator[Shop]:
    s3, glue, secrets = (boto3.client(name) for name in ("s3", "glue", "secretsmanager"))
    if not any(bucket["Name"] == "lake" for bucket in s3.list_buckets()["Buckets"]):
        s3.create_bucket(Bucket="lake", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    if not glue.get_connections()["ConnectionList"]:
        signs_in = json.dumps({"username": "lake", "password": PASSWORD})
        secret = secrets.create_secret(Name="shop", SecretString=signs_in)["ARN"]
        url = f"jdbc:postgresql://127.0.0.1:{port}/postgres"
        given = {"JDBC_CONNECTION_URL": url, "SECRET_ID": secret, "JDBC_ENFORCE_SSL": "false"}
        glue.create_connection(
            ConnectionInput={"Name": "shop", "ConnectionType": "JDBC", "ConnectionProperties": given}
        )
    with connect(port) as database:
        database.execute("drop table if exists orders")
        database.execute("create table orders (id int primary key, total numeric(12, 2), updated_at timestamptz)")
        yield Shop(script, cloud, database, f"t{abs(hash(request.node.nodeid)):x}")


def test_pulls_what_has_changed_since_and_loses_nothing(shop: Shop) -> None:
    for number in range(100):
        shop.put(number, "1.10", NOON + timedelta(seconds=number))
    assert shop.pull()["rows"] == 100
    shop.put(3, "7.00", NOON + timedelta(hours=1))
    shop.put(100, "2.00", NOON + timedelta(hours=1))
    assert shop.pull() == {
        "since": "2026-01-01 12:01:39.000000+00:00",
        "watermark": "2026-01-01 13:00:00.000000+00:00",
        "rows": 101,
    }
    assert shop.pull()["rows"] == 2
    assert shop.pulled() == shop.stored()


def test_pulls_what_was_committed_late_within_the_look_back(shop: Shop) -> None:
    shop.put(1, "1.00", NOON)
    shop.pull()
    shop.put(2, "2.00", NOON - timedelta(minutes=10))
    shop.put(3, "3.00", NOON - timedelta(minutes=11))
    assert shop.pull()["watermark"] == "2026-01-01 12:00:00.000000+00:00"
    assert [number for number, _ in shop.pulled()] == [1, 2]


def test_a_run_that_is_killed_before_it_has_noted_the_rows_is_repeated(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> None:
        raise KeyboardInterrupt

    shop.put(1, "1.00", NOON)
    shop.pull()
    shop.put(2, "2.00", NOON + timedelta(hours=1))
    with monkeypatch.context() as patched:
        patched.setattr(shop.script, "write", die)
        with pytest.raises(KeyboardInterrupt):
            shop.pull()
    shop.put(3, "3.00", NOON + timedelta(hours=2))
    assert shop.pull() == {
        "since": "2026-01-01 12:00:00.000000+00:00",
        "watermark": "2026-01-01 14:00:00.000000+00:00",
        "rows": 3,
    }
    assert shop.pulled() == shop.stored()


def test_a_row_from_the_future_hides_none_that_comes_after_it(shop: Shop) -> None:
    shop.put(1, "1.00", datetime.now(UTC) + timedelta(days=365))
    shop.pull()
    shop.put(2, "2.00", datetime.now(UTC))
    shop.pull()
    assert shop.pulled() == shop.stored()


def test_a_table_without_rows_notes_nothing(shop: Shop) -> None:
    with pytest.raises(boto3.client("s3").exceptions.NoSuchKey):
        shop.pull()
    shop.put(1, "1.00", NOON)
    assert shop.pull()["since"] is None
    assert shop.pulled() == shop.stored()
