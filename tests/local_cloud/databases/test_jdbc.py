"""Jobs of Glue that read RDS by a connection: signed in with the managed secret, and by TLS."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from local_cloud.cloud import LocalCloud
from tests.local_cloud.databases.test_rds import aurora, client_of, clouds, deploy

__all__ = ("clouds",)

SCRIPT = """
import sys

from awsglue.context import GlueContext
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext

table = getResolvedOptions(sys.argv, ["table"])["table"]
context = GlueContext(SparkContext.getOrCreate())
options = {"useConnectionProperties": "true", "connectionName": "shop", "dbtable": table}
read = context.create_dynamic_frame.from_options("postgresql", connection_options=options).toDF()
read.write.json(f"s3://raw/{table}/")
print(read.dtypes)
"""
KINDS = """
create table orders (
    id int primary key, number smallint, total numeric(12, 2), share numeric, changed timestamptz, told timestamp,
    day date, paid bool, code uuid, note json, photo bytea, weight real, wide bigint, name varchar(9)
)
"""
ROW = """
insert into orders values (
    1, 2, 3.10, 0.5, '2026-01-01 13:00:00+01', '2026-01-01 12:00:00', '2026-01-01', true,
    '00000000-0000-0000-0000-000000000001', '{"a": 1}', '\\x00ff', 1.5, 9000000000, 'one'
)
"""


@pytest.fixture
def cloud(clouds: Callable[[], LocalCloud]) -> Iterator[LocalCloud]:
    found = clouds()
    outputs = deploy(found, aurora({"rds.force_ssl": "1"}))
    with client_of(found, outputs) as connection:
        connection.execute(KINDS)
        connection.execute(ROW)
        connection.execute("create table places (id int primary key, at point)")
    s3, glue = found.client("s3"), found.client("glue")
    for bucket in ("raw", "code"):
        s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket="code", Key="read.py", Body=SCRIPT.encode())
    url = f"jdbc:postgresql://{outputs['Host']}:{outputs['Port']}/shop"
    given = {"JDBC_CONNECTION_URL": url, "SECRET_ID": outputs["Secret"], "JDBC_ENFORCE_SSL": "true"}
    glue.create_connection(ConnectionInput={"Name": "shop", "ConnectionType": "JDBC", "ConnectionProperties": given})
    glue.create_job(
        Name="read",
        Role="arn:aws:iam::123456789012:role/job",
        Command={"Name": "glueetl", "ScriptLocation": "s3://code/read.py"},
        GlueVersion="5.1",
        Connections={"Connections": ["shop"]},
    )
    yield found


def run(cloud: LocalCloud, table: str) -> dict[str, Any]:
    glue = cloud.client("glue")
    run_id = glue.start_job_run(JobName="read", Arguments={"--table": table})["JobRunId"]
    while True:
        found: dict[str, Any] = glue.get_job_run(JobName="read", RunId=run_id)["JobRun"]
        if found["JobRunState"] in ("SUCCEEDED", "FAILED"):
            return found
        time.sleep(0.5)


def test_a_job_reads_a_table_with_the_types_of_spark_and_refuses_others_by_name(cloud: LocalCloud) -> None:
    assert run(cloud, "orders")["JobRunState"] == "SUCCEEDED"
    s3 = cloud.client("s3")
    (key,) = [one["Key"] for one in s3.list_objects_v2(Bucket="raw")["Contents"] if one["Key"].endswith(".json")]
    assert json.loads(s3.get_object(Bucket="raw", Key=key)["Body"].read()) == {
        "id": 1,
        "number": 2,
        "total": 3.10,
        "share": 0.5,
        "changed": "2026-01-01T12:00:00.000Z",
        "told": "2026-01-01T12:00:00.000Z",
        "day": "2026-01-01",
        "paid": True,
        "code": "00000000-0000-0000-0000-000000000001",
        "note": '{"a": 1}',
        "photo": "AP8=",
        "weight": 1.5,
        "wide": 9000000000,
        "name": "one",
    }
    refused = run(cloud, "places")
    assert refused["JobRunState"] == "FAILED"
    assert "the column at has the type point, which the local cloud does not read" in refused["ErrorMessage"]
