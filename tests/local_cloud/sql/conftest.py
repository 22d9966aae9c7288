"""Athena and the Redshift Data API behind the server of a test module, and short ways to ask them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from local_cloud.cloud import LocalCloud
from local_cloud.engines.athena.engine import AthenaEngine
from local_cloud.engines.redshift.data_api import RedshiftDataEngine
from local_cloud.iceberg.catalog import IcebergCatalog
from local_cloud.server.runtime import Runtime
from tests.local_cloud.iceberg.test_spark import CONFIGURATION

REGION = "eu-central-1"
ROLE = "iam_role 'arn:aws:iam::123456789012:role/load'"


@dataclass(kw_only=True)
class Lake:
    """A lake with one database and one bucket for data, one for results."""

    runtime: Runtime
    clients: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        return self.clients.setdefault(service, self.runtime.client(service, REGION))

    def put(self, key: str, content: bytes) -> None:
        self.client("s3").put_object(Bucket="data", Key=key, Body=content)

    def keys(self, prefix: str) -> list[str]:
        return sorted(item.key for item in self.runtime.objects.list(f"s3://data/{prefix}"))

    def execution(self, sql: str, **arguments: Any) -> dict[str, Any]:
        """Run a query to its end and return what GetQueryExecution says."""
        athena = self.client("athena")
        if "WorkGroup" not in arguments:
            arguments["ResultConfiguration"] = {"OutputLocation": "s3://results/"}
        arguments.setdefault("QueryExecutionContext", {"Database": "lake"})
        started = athena.start_query_execution(QueryString=sql, **arguments)
        while True:
            found: dict[str, Any] = athena.get_query_execution(**started_id(started))["QueryExecution"]
            if found["Status"]["State"] not in ("QUEUED", "RUNNING"):
                return found
            time.sleep(0.01)

    def query(self, sql: str, **arguments: Any) -> list[list[str | None]]:
        """Return a query's rows as text, without the header."""
        execution = self.execution(sql, **arguments)
        assert execution["Status"]["State"] == "SUCCEEDED", execution["Status"]
        result = self.client("athena").get_query_results(**started_id(execution))["ResultSet"]
        rows = [[value.get("VarCharValue") for value in row["Data"]] for row in result["Rows"]]
        printed = execution["ResultConfiguration"]["OutputLocation"].endswith(".txt")
        return rows if printed else rows[1:]

    def types(self, sql: str) -> list[str]:
        result = self.client("athena").get_query_results(**started_id(self.execution(sql)))["ResultSet"]
        return [column["Type"] for column in result["ResultSetMetadata"]["ColumnInfo"]]

    def reason(self, sql: str, **arguments: Any) -> str:
        """Return why a query failed."""
        execution = self.execution(sql, **arguments)
        assert execution["Status"]["State"] == "FAILED", execution["Status"]
        return str(execution["Status"]["StateChangeReason"])

    def statement(self, *sqls: str, **arguments: Any) -> dict[str, Any]:
        """Run a statement, or several as a batch, and return what DescribeStatement says."""
        redshift = self.client("redshift-data")
        target = {"WorkgroupName": "warehouse", "Database": "dev", **arguments}
        if len(sqls) == 1:
            started = redshift.execute_statement(Sql=sqls[0], **target)
        else:
            started = redshift.batch_execute_statement(Sqls=list(sqls), **target)
        while True:
            found: dict[str, Any] = redshift.describe_statement(Id=started["Id"])
            if found["Status"] in ("FINISHED", "FAILED", "ABORTED"):
                return found
            time.sleep(0.01)

    def load(self, sql: str, **arguments: Any) -> list[list[Any]]:
        """Run a statement that must succeed and return its rows, if it has any."""
        found = self.statement(sql, **arguments)
        assert found["Status"] == "FINISHED", found.get("Error")
        if not found["HasResultSet"]:
            return []
        records = self.client("redshift-data").get_statement_result(Id=found["Id"])["Records"]
        return [[None if "isNull" in value else next(iter(value.values())) for value in row] for row in records]

    def run_job(self, name: str, script: str) -> None:
        """Run a Glue job with Iceberg's settings for the Glue catalog."""
        self.put(f"scripts/{name}.py", script.encode())
        glue = self.client("glue")
        glue.create_job(
            Name=name,
            Role=f"arn:aws:iam::123456789012:role/{name}",
            GlueVersion="5.1",
            Command={"Name": "glueetl", "ScriptLocation": f"s3://data/scripts/{name}.py"},
            DefaultArguments={
                "--datalake-formats": "iceberg",
                "--conf": CONFIGURATION.replace("s3://lake/warehouse/", "s3://data/warehouse/"),
            },
        )
        run: dict[str, Any] = {"JobRunState": "STARTING"}
        number = glue.start_job_run(JobName=name)["JobRunId"]
        while run["JobRunState"] in ("STARTING", "RUNNING"):
            time.sleep(0.2)
            run = glue.get_job_run(JobName=name, RunId=number)["JobRun"]
        assert run["JobRunState"] == "SUCCEEDED", run.get("ErrorMessage")

    def error(self, *sqls: str) -> str:
        found = self.statement(*sqls)
        assert found["Status"] == "FAILED", found
        return str(found["Error"])


def started_id(answer: dict[str, Any]) -> dict[str, str]:
    return {"QueryExecutionId": answer["QueryExecutionId"]}


@pytest.fixture(scope="module")
def lake(runtime: Runtime) -> Iterator[Lake]:
    with AthenaEngine(runtime).patches(), RedshiftDataEngine(runtime).patches():
        lake = Lake(runtime=runtime)
        for bucket in ("data", "results"):
            lake.client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        lake.query("create database lake")
        yield lake


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """A whole local cloud, since Athena, Iceberg's REST API, Glue's catalog and S3 answer each other."""
    with LocalCloud(workdir=tmp_path_factory.mktemp("cloud"), region=REGION) as cloud:
        yield cloud


@pytest.fixture(scope="module")
def tables(cloud: LocalCloud) -> Lake:
    """A lake whose tables may be Iceberg tables."""
    lake = Lake(runtime=cloud._running.runtime)
    for bucket in ("data", "results"):
        lake.client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    lake.query("create database lake")
    return lake


@pytest.fixture(scope="module")
def catalog(tables: Lake) -> IcebergCatalog:
    """The same tables by pyiceberg, which is the oracle of what they hold."""
    return IcebergCatalog(tables.runtime, REGION)
