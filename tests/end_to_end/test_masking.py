"""Restricted columns from the contract to Athena and Redshift: masked on the way, and in no log, history or message.

The values are such as occur by chance nowhere else.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from local_cloud.cloud import LocalCloud
from local_cloud.errors import LocalCloudError
from tests import queries

APPS = Path(__file__).parent / "apps"
PASSENGERS: list[dict[str, Any]] = [
    {"ticket": 7007007, "name": "Zoë Qwyjibo", "born": "1907-05-31", "phone": "555-Qwy", "seat": "1A", "month": 1},
    {"ticket": 8008008, "name": "Bob Xanadoo", "born": None, "phone": "556-Qwy", "seat": "2B", "month": 2},
]
LATER = {"ticket": 9009009, "name": "Cem Vexilla", "born": "1908-01-01", "phone": "557-Qwy", "seat": "3C", "month": 2}
BAD: list[dict[str, Any]] = [
    {"ticket": "ticketless-Qwy", "name": "Dee Zyzzyva", "born": "born-Qwy", "phone": "558-Qwy", "seat": "4D"},
    {"ticket": -6006006, "name": "Eve Quagga", "born": "1909-01-01", "phone": "559-Qwy", "seat": "5E", "month": 2},
]
BROKEN = b'{"ticket": 5005005, "name": "Fay Brokenstone"'
SECRETS = [
    *("7007007", "8008008", "9009009", "6006006", "5005005", "Qwyjibo", "Xanadoo", "Vexilla", "Zyzzyva", "Quagga"),
    *("Brokenstone", "-Qwy", "1907-05-31", "1908-01-01", "1909-01-01"),
]
# Where the values may be: what was sent and set aside, the table, and the results of those who may see it.
MAY_HOLD = {
    "RawBucket": ("passengers/", "quarantine/passengers/"),
    "CuratedBucket": ("passengers/",),
    "ResultsBucket": ("",),
}


class Lake:
    """The deployed lake, to which passengers are sent."""

    def __init__(self, cloud: LocalCloud) -> None:
        self.cloud = cloud
        self.said: list[str] = []
        found_outputs = cloud.deploy(directory=APPS, app="python masking_lake.py", on_event=self.said.append)
        self.outputs = found_outputs["Masking"]
        sqs = cloud.client("sqs")
        self.queue = sqs.create_queue(QueueName="messages")["QueueUrl"]
        queue = sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        cloud.client("sns").subscribe(TopicArn=self.outputs["Topic"], Protocol="sqs", Endpoint=queue)
        found = cloud.client("secretsmanager").get_secret_value(SecretId=self.outputs["Salt"])
        self.salt: str = found["SecretString"]

    def send(self, *passengers: dict[str, Any] | bytes) -> None:
        """Send passengers, and take them through the pipeline."""
        records = [{"Data": one if isinstance(one, bytes) else json.dumps(one).encode()} for one in passengers]
        firehose = self.cloud.client("firehose")
        firehose.put_record_batch(DeliveryStreamName=self.outputs["Passengers"], Records=records)
        self.cloud.drain()
        self.cloud.execute(self.outputs["StateMachine"], on_event=self.said.append)

    def athena(self, database: str, select: str) -> list[list[str | None]]:
        sql = f'select {select} from "{self.outputs[database]}"."passengers" order by seat'
        return queries.athena(self.cloud.client("athena"), sql, WorkGroup=self.outputs["Workgroup"])

    def redshift(self, select: str) -> list[list[Any]]:
        sql = f"select {select} from public.passengers order by seat"
        connection = {"WorkgroupName": self.outputs["Warehouse"], "Database": "dev"}
        return queries.redshift(self.cloud.client("redshift-data"), sql, **connection)

    def hashed(self, value: int) -> str:
        return hmac.new(self.salt.encode(), str(value).encode(), hashlib.sha256).hexdigest()


@pytest.fixture(scope="module")
def workdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("masking")


@pytest.fixture(scope="module")
def lake(workdir: Path) -> Iterator[Lake]:
    with LocalCloud(workdir=workdir, longest_wait=1) as cloud:
        yield Lake(cloud)


def test_what_is_restricted_reaches_neither_analysts_nor_the_warehouse(lake: Lake) -> None:
    lake.send(*PASSENGERS)
    assert lake.athena("CuratedDatabase", "ticket, name, born, phone, seat, month") == [
        ["7007007", "Zoë Qwyjibo", "1907-05-31", "555-Qwy", "1A", "1"],
        ["8008008", "Bob Xanadoo", None, "556-Qwy", "2B", "2"],
    ]
    masked = [[lake.hashed(7007007), "***", None, "1A", "1"], [lake.hashed(8008008), "***", None, "2B", "2"]]
    assert lake.athena("AnalyticsDatabase", "ticket, name, born, seat, month") == masked
    assert lake.redshift("ticket, name, born, seat") == [row[:4] for row in masked]

    # The ticket is still a key: what comes again is a duplicate, and what is new is loaded beside the rest.
    lake.send(PASSENGERS[1], LATER)
    masked.append([lake.hashed(9009009), "***", None, "3C", "2"])
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


class Told:
    """All that someone may read who is granted none of the tables, by where it is."""

    def __init__(self, lake: Lake, workdir: Path) -> None:
        self._lake, self._workdir = lake, workdir

    def places(self) -> Iterator[tuple[str, str]]:
        yield "what the command line says", "\n".join(self._lake.said)
        yield from self._executions()
        yield from self._jobs()
        yield from self._messages()
        yield from self._logs()
        yield from self._statements()
        for path in sorted(self._workdir.rglob("*")):
            if path.is_file():
                yield str(path.relative_to(self._workdir)), path.read_text(errors="replace")

    def _executions(self) -> Iterator[tuple[str, str]]:
        client = self._lake.cloud.client("stepfunctions")
        for execution in client.list_executions(stateMachineArn=self._lake.outputs["StateMachine"])["executions"]:
            arn = execution["executionArn"]
            yield "execution", _text(client.describe_execution(executionArn=arn))
            pages = client.get_paginator("get_execution_history").paginate(executionArn=arn)
            yield "history", _text([event for page in pages for event in page["events"]])

    def _jobs(self) -> Iterator[tuple[str, str]]:
        glue = self._lake.cloud.client("glue")
        yield "job runs", _text(glue.get_job_runs(JobName=self._lake.outputs["Job"]))

    def _messages(self) -> Iterator[tuple[str, str]]:
        sqs = self._lake.cloud.client("sqs")
        while found := sqs.receive_message(QueueUrl=self._lake.queue, MaxNumberOfMessages=10).get("Messages"):
            for message in found:
                sqs.delete_message(QueueUrl=self._lake.queue, ReceiptHandle=message["ReceiptHandle"])
                body = json.loads(message["Body"])
                yield "message", f"{body.get('Subject')} {body['Message']}"

    def _logs(self) -> Iterator[tuple[str, str]]:
        logs = self._lake.cloud.client("logs")
        for group in logs.describe_log_groups()["logGroups"]:
            name = group["logGroupName"]
            pages = logs.get_paginator("filter_log_events").paginate(logGroupName=name)
            yield f"log group {name}", "\n".join(event["message"] for page in pages for event in page["events"])

    def _statements(self) -> Iterator[tuple[str, str]]:
        redshift = self._lake.cloud.client("redshift-data")
        yield "statements", _text([redshift.describe_statement(Id=one["Id"]) for one in self._all(redshift)])

    @staticmethod
    def _all(redshift: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = redshift.list_statements()["Statements"]
        return found


def _text(answer: Any) -> str:
    return json.dumps(answer, default=str, ensure_ascii=False)


def objects(lake: Lake) -> Iterator[tuple[bool, str, str]]:
    """Yield each object of the lake: whether it may hold the values, its place and its text."""
    s3 = lake.cloud.client("s3")
    for bucket in (found["Name"] for found in s3.list_buckets()["Buckets"]):
        prefixes = next((MAY_HOLD[name] for name in MAY_HOLD if lake.outputs[name] == bucket), ())
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
            for key in (item["Key"] for item in page.get("Contents", [])):
                body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
                text = _text(pq.read_table(io.BytesIO(body)).to_pylist()) if key.endswith(".parquet") else ""
                yield key.startswith(prefixes), f"{bucket}/{key}", text + body.decode(errors="replace")


def test_no_history_log_message_or_report_holds_a_restricted_value(lake: Lake, workdir: Path) -> None:
    """It follows the other tests, whose records it looks for as well."""
    with pytest.raises(LocalCloudError, match=r"passengers breaks lowest ticket$") as raised:
        lake.send(*PASSENGERS, LATER, *BAD, BROKEN)
    told = [("error", str(raised.value)), *Told(lake, workdir).places()]
    held = list(objects(lake))

    # The search finds what is there, and all places were looked at.
    allowed = "".join(text for may, _, text in held if may)
    assert [secret for secret in SECRETS if secret not in allowed] == []
    kinds = {place.partition(" ")[0].partition("/")[0] for place, _ in told}
    assert kinds >= {"error", "execution", "history", "job", "message", "log", "statements", "logs"}
    assert any("breaks lowest ticket" in text for place, text in told if place == "message")
    assert any(
        "international phones" in text and re.search(r'"found": ?100\b', text)
        for place, text in told
        if place == "message"
    )

    told += [(place, text) for may, place, text in held if not may]
    assert [(secret, place) for place, text in told for secret in SECRETS if secret in text] == []
