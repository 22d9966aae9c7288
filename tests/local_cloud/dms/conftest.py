"""A PostgreSQL that logs what logical replication reads, and helpers that replicate from it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import psycopg
import pyarrow.parquet as pq
import pytest

from local_cloud.cloud import LocalCloud
from tests.postgresql import PASSWORD, connect, run_postgresql, until

ROLE = "arn:aws:iam::123456789012:role/dms"
SETTINGS = {
    "FullLoadSettings": {"TargetTablePrepMode": "DO_NOTHING"},
    "ChangeProcessingDdlHandlingPolicy": {"HandleSourceTableDropped": False, "HandleSourceTableTruncated": False},
    "Logging": {"EnableLogging": True},
}
S3 = {
    "BucketName": "raw",
    "BucketFolder": "replicated",
    "ServiceAccessRoleArn": ROLE,
    "DataFormat": "parquet",
    "ParquetVersion": "parquet-2-0",
    "CompressionType": "gzip",
    "IncludeOpForFullLoad": True,
    "TimestampColumnName": "cdc_commit_ts",
    "UseTaskStartTimeForFullLoadTimestamp": True,
    "CdcMaxBatchInterval": 3600,
}


@pytest.fixture(scope="package")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Port of a PostgreSQL."""
    yield from run_postgresql(tmp_path_factory.mktemp("postgresql"))


@pytest.fixture
def database(port: int) -> Iterator[psycopg.Connection[Any]]:
    """A PostgreSQL without tables and slots."""
    with connect(port) as connection:
        connection.execute("drop schema if exists shop cascade; drop schema public cascade; create schema public")
        for (name,) in connection.execute("select slot_name from pg_replication_slots").fetchall():
            connection.execute("select pg_drop_replication_slot(%s)", [name])
        yield connection


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory, port: int) -> Iterator[LocalCloud]:
    receivers = {"shop.example.com": port}
    with LocalCloud(workdir=tmp_path_factory.mktemp("cloud"), receivers=receivers) as running:
        yield running


@dataclass
class Replication:
    """A serverless replication of the cloud.

    Parameters
    ----------
    cloud: LocalCloud
        Where it runs.
    port: int
        Port of the source.
    name: str
        Its identifier.
    tables: sequence of str
        Names of the tables, all in `public`.
    mode: str
        What is replicated.
    s3, settings, source: dict
        Settings beside the usual ones.
    """

    cloud: LocalCloud
    port: int
    name: str
    tables: Sequence[str] = ("orders",)
    mode: str = "full-load-and-cdc"
    s3: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    source: dict[str, Any] = field(default_factory=dict)
    host: str = "127.0.0.1"

    def __post_init__(self) -> None:
        self.bucket = f"{self.name}-raw"
        self.cloud.client("s3").create_bucket(Bucket=self.bucket)
        sign_in = {"host": self.host, "port": self.port, "username": "lake", "password": PASSWORD}
        secret = self.cloud.client("secretsmanager").create_secret(Name=self.name, SecretString=json.dumps(sign_in))
        source = self.dms.create_endpoint(
            EndpointIdentifier=f"{self.name}-source",
            EndpointType="source",
            EngineName="postgres",
            DatabaseName="postgres",
            PostgreSQLSettings={
                "SecretsManagerSecretId": secret["ARN"],
                "SecretsManagerAccessRoleArn": ROLE,
                "MapBooleanAsBoolean": True,
                "FailTasksOnLobTruncation": True,
                **self.source,
            },
        )
        target = self.dms.create_endpoint(
            EndpointIdentifier=f"{self.name}-target",
            EndpointType="target",
            EngineName="s3",
            S3Settings={**S3, "BucketName": self.bucket, **self.s3},
        )
        rules = [
            {
                "rule-type": "selection",
                "rule-id": str(number),
                "rule-name": str(number),
                "rule-action": "explicit",
                "object-locator": {"schema-name": "public", "table-name": table},
            }
            for number, table in enumerate(self.tables, start=1)
        ]
        self.ends = {
            "SourceEndpointArn": source["Endpoint"]["EndpointArn"],
            "TargetEndpointArn": target["Endpoint"]["EndpointArn"],
        }
        self.documents = {
            "TableMappings": json.dumps({"rules": rules}),
            "ReplicationSettings": json.dumps({**SETTINGS, **self.settings}),
        }
        self.arn = self.dms.create_replication_config(
            ReplicationConfigIdentifier=self.name,
            ReplicationType=self.mode,
            ComputeConfig={"MaxCapacityUnits": 1},
            **self.ends,
            **self.documents,
        )["ReplicationConfig"]["ReplicationConfigArn"]

    @property
    def dms(self) -> Any:
        # A cloud that was started again has other keys.
        return self.cloud.client("dms")

    def start(self, how: str = "start-replication") -> None:
        self.dms.start_replication(ReplicationConfigArn=self.arn, StartReplicationType=how)

    def run(self, how: str = "start-replication") -> None:
        """Start it, and wait until all that there is has been written."""
        self.start(how)
        self.wait("running")
        self.cloud.drain()

    def stop(self) -> None:
        self.dms.stop_replication(ReplicationConfigArn=self.arn)
        self.wait("stopped")

    def wait(self, status: str) -> dict[str, Any]:
        until(lambda: self.seen()["Status"] in (status, "failed"), seconds=60)
        found = self.seen()
        assert found["Status"] == status, found
        return found

    def wait_failed(self) -> dict[str, Any]:
        return self.wait("failed")

    def seen(self) -> dict[str, Any]:
        filters = [{"Name": "replication-config-arn", "Values": [self.arn]}]
        (found,) = self.cloud.client("dms").describe_replications(Filters=filters)["Replications"]
        return dict(found)

    def statistics(self, table: str = "orders") -> dict[str, Any]:
        answer = self.dms.describe_replication_table_statistics(ReplicationConfigArn=self.arn)
        return next(one for one in answer["ReplicationTableStatistics"] if one["TableName"] == table)

    def files(self, table: str = "orders") -> list[str]:
        prefix = f"replicated/public/{table}/"
        found = self.cloud.client("s3").list_objects_v2(Bucket=self.bucket, Prefix=prefix)
        return [one["Key"].removeprefix(prefix) for one in found.get("Contents", [])]

    def rows(self, table: str = "orders", name: str = "") -> list[dict[str, Any]]:
        """Return the records of a table's files, in the order of their names."""
        client, found = self.cloud.client("s3"), []
        for key in sorted(self.files(table), key=lambda key: (not key.startswith("LOAD"), key)):
            if name in key:
                body = client.get_object(Bucket=self.bucket, Key=f"replicated/public/{table}/{key}")["Body"].read()
                found += pq.read_table(BytesIO(body)).to_pylist()
        return found

    def merged(self, table: str = "orders", key: str = "id") -> dict[Any, dict[str, Any]]:
        """Return the rows that change records leave, by key: the newest of each, and none that was deleted."""
        newest: dict[Any, dict[str, Any]] = {}
        for row in self.rows(table):
            known = newest.get(row[key])
            if known is None or row["cdc_commit_ts"] >= known["cdc_commit_ts"]:
                newest[row[key]] = row
        return {
            name: {column: value for column, value in row.items() if column not in ("Op", "cdc_commit_ts")}
            for name, row in newest.items()
            if row["Op"] != "D"
        }
