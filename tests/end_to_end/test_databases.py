"""Databases that the constructs define: clients sign in by the stack's outputs, TLS and the managed secret."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest

from local_cloud.cloud import LocalCloud

APP = Path(__file__).parent / "apps" / "databases_lake.py"


@pytest.fixture(scope="module")
def outputs(cloud: LocalCloud, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("app")
    found: dict[str, str] = cloud.deploy(directory=folder, app=f"{sys.executable} {APP}")["Databases"]
    return found


def connect(cloud: LocalCloud, outputs: dict[str, str], name: str) -> psycopg.Connection[Any]:
    secret = cloud.client("secretsmanager").get_secret_value(SecretId=outputs[f"{name}Secret"])["SecretString"]
    credentials = json.loads(secret)
    return psycopg.connect(
        host=outputs[f"{name}Host"],
        port=int(outputs[f"{name}Port"]),
        dbname="shop",
        user=credentials["username"],
        password=credentials["password"],
        sslmode="verify-full",
        sslrootcert=str(cloud.authority),
        autocommit=True,
    )


@pytest.mark.parametrize(("name", "level"), [("Aurora", "replica"), ("Rds", "logical")])
def test_a_client_signs_in_and_replication_is_what_was_asked_for(
    cloud: LocalCloud, outputs: dict[str, str], name: str, level: str
) -> None:
    with connect(cloud, outputs, name) as connection:
        assert connection.execute("show wal_level").fetchone() == (level,)
        assert connection.execute("show rds.force_ssl").fetchone() == ("1",)
        assert connection.execute("select current_user, current_database()").fetchone() == ("lake_admin", "shop")


def test_each_has_a_server_of_its_own(cloud: LocalCloud, outputs: dict[str, str]) -> None:
    with connect(cloud, outputs, "Aurora") as connection:
        connection.execute("create table public.orders (id int primary key)")
    with connect(cloud, outputs, "Rds") as connection:
        assert connection.execute("select to_regclass('public.orders')").fetchone() == (None,)
