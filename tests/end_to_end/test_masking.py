"""Restricted columns from the contract to Athena and Redshift: masked on the way, each row once, the salt a secret."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lake_blueprints.local.cloud import LocalCloud

APPS = Path(__file__).parent / "apps"
PASSENGERS = [
    {"ticket": 7, "name": "Zoë", "born": "1990-05-31", "phone": "555-1", "seat": "1A", "month": 1},
    {"ticket": 8, "name": "Bob", "born": None, "phone": "555-2", "seat": "2B", "month": 2},
]
LATER = {"ticket": 9, "name": "Cem", "born": "2001-01-01", "phone": "555-3", "seat": "3C", "month": 2}


class Lake:
    """The deployed lake, to which passengers are sent."""

    def __init__(self, cloud: LocalCloud) -> None:
        self.cloud = cloud
        self.outputs = cloud.deploy(directory=APPS, app="python masking_lake.py")["Masking"]
        found = cloud.client("secretsmanager").get_secret_value(SecretId=self.outputs["Salt"])
        self.salt: str = found["SecretString"]

    def send(self, *passengers: dict[str, Any]) -> None:
        """Send passengers, and take them through the pipeline."""
        records = [{"Data": json.dumps(passenger).encode()} for passenger in passengers]
        firehose = self.cloud.client("firehose")
        firehose.put_record_batch(DeliveryStreamName=self.outputs["Passengers"], Records=records)
        self.cloud.drain()
        self.cloud.execute(self.outputs["StateMachine"])

    def athena(self, database: str, select: str) -> list[list[str | None]]:
        client = self.cloud.client("athena")
        sql = f'select {select} from "{self.outputs[database]}"."passengers" order by seat'
        identity = client.start_query_execution(QueryString=sql, WorkGroup=self.outputs["Workgroup"])[
            "QueryExecutionId"
        ]
        status = ended(
            lambda: client.get_query_execution(QueryExecutionId=identity)["QueryExecution"]["Status"], "State"
        )
        assert status["State"] == "SUCCEEDED", status
        rows = client.get_query_results(QueryExecutionId=identity)["ResultSet"]["Rows"]
        return [[cell.get("VarCharValue") for cell in row["Data"]] for row in rows[1:]]

    def redshift(self, select: str) -> list[list[Any]]:
        client = self.cloud.client("redshift-data")
        sql = f"select {select} from public.passengers order by seat"
        identity = client.execute_statement(WorkgroupName=self.outputs["Warehouse"], Database="dev", Sql=sql)["Id"]
        status = ended(lambda: client.describe_statement(Id=identity), "Status")
        assert status["Status"] == "FINISHED", status
        records = client.get_statement_result(Id=identity)["Records"]
        return [[None if "isNull" in cell else next(iter(cell.values())) for cell in row] for row in records]

    def hashed(self, value: int) -> str:
        return hmac.new(self.salt.encode(), str(value).encode(), hashlib.sha256).hexdigest()


def ended(ask: Callable[[], dict[str, Any]], key: str) -> dict[str, Any]:
    while (found := ask())[key] in ("QUEUED", "RUNNING", "SUBMITTED", "PICKED", "STARTED"):
        time.sleep(0.1)
    return found


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    with LocalCloud(workdir=tmp_path_factory.mktemp("masking"), longest_wait=1) as cloud:
        yield Lake(cloud)


def test_what_is_restricted_reaches_neither_analysts_nor_the_warehouse(lake: Lake) -> None:
    lake.send(*PASSENGERS)
    assert lake.athena("CuratedDatabase", "ticket, name, born, phone, seat, month") == [
        ["7", "Zoë", "1990-05-31", "555-1", "1A", "1"],
        ["8", "Bob", None, "555-2", "2B", "2"],
    ]
    masked = [[lake.hashed(7), "***", None, "1A", "1"], [lake.hashed(8), "***", None, "2B", "2"]]
    assert lake.athena("AnalyticsDatabase", "ticket, name, born, seat, month") == masked
    assert lake.redshift("ticket, name, born, seat") == [row[:4] for row in masked]

    # The ticket is still a key: what comes again is a duplicate, and what is new is loaded beside the rest.
    lake.send(PASSENGERS[1], LATER)
    masked.append([lake.hashed(9), "***", None, "3C", "2"])
    assert lake.athena("AnalyticsDatabase", "ticket, name, born, seat, month") == masked
    assert lake.redshift("ticket, name, born, seat") == [row[:4] for row in masked]


def test_the_salt_is_in_no_argument_and_in_no_log(lake: Lake) -> None:
    arguments = lake.cloud.client("glue").get_job(JobName=lake.outputs["Job"])["Job"]["DefaultArguments"]
    assert arguments["--salt"] == lake.outputs["Salt"]
    logs = lake.cloud.client("logs")
    groups = [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]]
    events = [event["message"] for group in groups for event in logs.filter_log_events(logGroupName=group)["events"]]
    assert events
    assert lake.salt not in json.dumps([arguments, events])
