"""Calls of services in a local run, held against what is declared: no more, no less."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pyarrow as pa
import pytest
from pyarrow import parquet

from lake_blueprints.foundation.access import Permission, PermissionSet
from local_cloud.cloud import LocalCloud
from local_cloud.errors import LocalCloudError
from local_cloud.instrumentation.recording import RecordedCall
from tests.end_to_end.not_done import NOT_DONE
from tests.permissions.discovery import roles_in
from tests.permissions.lakes import SampleLake
from tests.permissions.proof import Proof, deployment_of
from tests.permissions.recorded import Comparison, Deed
from tests.permissions.resolver import Deployment, Place, Template
from tests.permissions.simulator import Simulator
from tests.permissions.test_changes import also, changed, no_more

APPS = Path(__file__).parent / "apps"
STACKS = ("Ours-data", "Ours-work")
DAYS = ("2026-01-01", "2026-01-02", "2026-01-03")
FLIGHTS = [
    {
        "flight": f"F{n}",
        "origin": "JFK",
        "delay": n,
        "scheduled": f"{DAYS[n % 3]}T{n % 24:02}:00:00Z",
        "day": DAYS[n % 3],
    }
    for n in range(60)
]
BAD = {"flight": "F60", "origin": "JFK", "delay": "late", "day": DAYS[0]}


class Deployed:
    """The sample lake in the local cloud, and what its services do."""

    def __init__(self, cloud: LocalCloud) -> None:
        self._cloud = cloud
        cloud.deploy(directory=APPS, app="python sample_lake.py")
        cloudformation = cloud.client("cloudformation")
        self.names: dict[tuple[str, str], str] = {
            (stack, found["LogicalResourceId"]): found["PhysicalResourceId"]
            for stack in STACKS
            for found in cloudformation.describe_stack_resources(StackName=stack)["StackResources"]
        }

    def run(self) -> None:
        """Send records, then run everything that runs."""
        raw, curated = self._name("OursRawStorageBucket"), self._name("OursCuratedStorageBucket")
        self._put(raw, "flights/one.json", "\n".join(map(json.dumps, [*FLIGHTS, BAD])).encode())
        self._put(raw, "people/one.json", b'{"name": "Zoe", "city": "Rome"}\n{"name": null, "city": "Rome"}\n')
        self._put(curated, "airports/one.parquet", _parquet(origin=["JFK"], city=["New York"]))
        # A partition that nobody has registered yet.
        self._put(curated, "examples/day=2026-02-01/one.parquet", _parquet(**_examples()))
        self._cloud.execute(self._name("OursStartingMachine"))
        since = datetime.now(UTC)
        self._stream(FLIGHTS[0])
        replayed = {"since": since.isoformat(), "until": datetime.now(UTC).isoformat()}
        assert self._cloud.execute(self._name("OursReplayingMachine"), replayed)["replay"]["records"] == 1
        self._cloud.execute(self._name("OursStoppingMachine"))
        self._publish()
        self._crawl()
        self._run_job(self._name("OursMaskJob"))
        with self._cloud.inject("glue", "StartJobRun", "EntityNotFoundException"), pytest.raises(LocalCloudError):
            self._cloud.execute(self._name("OursPipelineMachine"))
        self._cloud.execute(self._name("OursOuterMachine"))
        self._travel()
        self._cloud.execute(self._name("OursExportingMachine"))
        # Its tables are there now, with a column less.
        self._put(raw, "found/one/a.csv", b"a,b,c\n1,2,3\n")
        self._run_crawler(self._name("OursCrawler"))

    @property
    def calls(self) -> list[RecordedCall]:
        return [call for call in self._cloud.calls if "cdk-" not in call.role]

    @property
    def place(self) -> Place:
        return Place(region="us-east-1", account=self._cloud.account)

    def _name(self, start: str) -> str:
        """Return the physical id of the resource whose logical id begins with a text and ends with a digest."""
        (found,) = {name for (_, given), name in self.names.items() if given[:-8] == start}
        return found

    def _put(self, bucket: str, key: str, content: bytes) -> None:
        self._cloud.client("s3").put_object(Bucket=bucket, Key=key, Body=content)

    def _stream(self, record: dict[str, Any]) -> None:
        data = json.dumps(record).encode()
        self._cloud.client("kinesis").put_record(StreamName=self._name("OursStream"), Data=data, PartitionKey="one")
        for delivery in (
            "OursDirectDelivery",
            "OursConvertingDelivery",
            "OursUpsertingDelivery",
            "OursSendingDelivery",
        ):
            firehose = self._cloud.client("firehose")
            firehose.put_record(DeliveryStreamName=self._name(delivery), Record={"Data": data})
        self._cloud.drain()

    def _publish(self) -> None:
        """Send messages of devices, of which the rule of airports takes one and not the other."""
        messages: dict[str, list[dict[str, Any]]] = {
            "flights": [FLIGHTS[0]],
            "people": [{"name": "Zoe", "city": "Rome"}],
            "airports": [{"origin": "JFK"}, {}],
        }
        for name, contents in messages.items():
            for content in contents:
                body = json.dumps(content).encode()
                self._cloud.client("iot-data").publish(topic=f"dt/one/{name}", payload=body)
        self._cloud.drain()

    def _travel(self) -> None:
        rows = ", ".join(f"({number}, DATE '{DAYS[number % 3]}', 'Rome')" for number in range(60))
        athena = self._cloud.client("athena")
        started = athena.start_query_execution(
            QueryString=f'INSERT INTO "{self._name("OursCuratedDatabase")}"."trips" VALUES {rows}',
            WorkGroup=self._name("OursWorkgroup"),
        )
        while (status := _status(athena, started["QueryExecutionId"]))["State"] in ("QUEUED", "RUNNING"):
            time.sleep(0.1)
        assert status["State"] == "SUCCEEDED", status["StateChangeReason"]

    def _crawl(self) -> None:
        raw = self._name("OursRawStorageBucket")
        self._put(raw, "found/one/a.csv", b"a,b\n1,2\n")
        self._put(raw, "more/k=1/a.csv", b"a,b\n1,2\n")
        self._put(raw, "gone/one/a.csv", b"a,b\n1,2\n")
        crawler = self._name("OursDeletingCrawler")
        self._run_crawler(crawler)
        self._cloud.client("s3").delete_object(Bucket=raw, Key="gone/one/a.csv")
        self._run_crawler(crawler)

    def _run_crawler(self, name: str) -> None:
        glue = self._cloud.client("glue")
        glue.start_crawler(Name=name)
        while glue.get_crawler(Name=name)["Crawler"]["State"] != "READY":
            time.sleep(0.1)
        assert glue.get_crawler(Name=name)["Crawler"]["LastCrawl"]["Status"] == "SUCCEEDED"

    def _run_job(self, name: str) -> None:
        glue = self._cloud.client("glue")
        run = glue.start_job_run(JobName=name)["JobRunId"]
        while (found := glue.get_job_run(JobName=name, RunId=run)["JobRun"])["JobRunState"] in ("STARTING", "RUNNING"):
            time.sleep(0.2)
        assert found["JobRunState"] == "SUCCEEDED", found.get("ErrorMessage")


def _status(athena: Any, query: str) -> dict[str, Any]:
    status: dict[str, Any] = athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]["Status"]
    return status


def _examples() -> dict[str, Any]:
    """Return as many flights as a training takes at least, and more."""
    numbers = range(40)
    return {
        "flight": [f"E{number}" for number in numbers],
        "origin": ["JFK"] * len(numbers),
        "delay": pa.array(numbers, pa.int32()),
        "scheduled": pa.array([number * 3_600_000_000 for number in numbers], pa.timestamp("us", tz="UTC")),
    }


def _parquet(**columns: Any) -> bytes:
    buffer = io.BytesIO()
    parquet.write_table(pa.table(columns), buffer)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    made = Simulator()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    with LocalCloud(workdir=tmp_path_factory.mktemp("declared"), longest_wait=1) as cloud:
        found = Deployed(cloud)
        found.run()
        yield found


@pytest.fixture(scope="module")
def lake() -> tuple[list[PermissionSet], dict[str, Template]]:
    """The same lake as permissions and templates."""
    app = cdk.App(builtin_cloud_formation_validation=False, analytics_reporting=False)
    lake = SampleLake(app, "Ours", recorded=True)
    return roles_in(lake.data, lake.work), deployment_of(app).templates


Compare = Callable[..., Comparison]


@pytest.fixture(scope="module")
def compare(deployed: Deployed, lake: tuple[list[PermissionSet], dict[str, Template]], simulator: Simulator) -> Compare:
    """Return how what was done compares with declarations and templates, by default the lake's."""

    def compared(
        declarations: list[PermissionSet] | None = None, templates: dict[str, Template] | None = None
    ) -> Comparison:
        templates = templates or lake[1]
        there = Deployment(templates, dict.fromkeys(templates, deployed.place), deployed.names)
        return Comparison(Proof(simulator, there), declarations or lake[0], deployed.calls)

    return compared


def test_whatever_is_done_is_allowed(compare: Compare) -> None:
    assert compare().forbidden() == []


def test_whatever_is_done_is_declared(compare: Compare) -> None:
    assert compare().undeclared() == []


def test_whatever_is_declared_is_done_or_there_is_a_reason_why_it_cannot_be_here(compare: Compare) -> None:
    assert compare().not_done() == NOT_DONE


def test_spark_firehose_athena_and_redshift_are_seen_to_read_and_write(deployed: Deployed) -> None:
    """They have no network between them and the objects, so that they note what they do themselves."""
    done = {(call.role.split("/")[-1].split("-")[2][4:-12], call.action) for call in deployed.calls}
    assert {
        *(("Curate", f"s3:{action}") for action in ("ListBucket", "GetObject", "PutObject")),
        *((who, "s3:PutObject") for who in ("Delivery", "Direct", "Converting", "Training", "Pipeline")),
        *((who, "s3:GetObject") for who in ("Crawler", "Ruleset", "Training", "Warehouse")),
        *((who, "kms:Decrypt") for who in ("Curate", "Crawler", "Delivery", "Ruleset", "Training", "Warehouse")),
        *((who, "kms:GenerateDataKey") for who in ("Curate", "Delivery", "Converting", "Training", "Pipeline")),
    } <= done


def test_an_account_begins_without_the_default_database_and_only_a_session_of_the_catalog_makes_it(
    deployed: Deployed,
) -> None:
    made = {call.role.split("/")[-1].split("-")[2] for call in deployed.calls if call.action == "glue:CreateDatabase"}
    asked = {call.role for call in deployed.calls if (call.action, call.resource) == ("glue:GetDatabase", "default")}
    assert [name[:15] for name in made] == ["OursRulesetRole"]
    assert not [role for role in asked if "OursCurateRole" in role or "OursMaskRole" in role]


def test_notices_a_call_that_is_not_declared(
    compare: Compare, lake: tuple[list[PermissionSet], dict[str, Template]]
) -> None:
    without = [
        replace(role, allowed=tuple(one for one in role.allowed if "glue:CreateDatabase" not in one.actions))
        for role in lake[0]
    ]
    found = compare(without).undeclared()
    assert [text for text in found if "glue:CreateDatabase" in text and "database/default" in text]


def test_notices_a_declared_call_that_nobody_makes(
    compare: Compare, lake: tuple[list[PermissionSet], dict[str, Template]]
) -> None:
    job = next(role for role in lake[0] if role.name == "CurationJob")
    action = "glue:GetSecurityConfiguration"
    more = Permission(actions=(action,), because="for no reason", sources=("https://example.com",))
    roles = [replace(job, allowed=(*job.allowed, more)), *lake[0]]
    assert compare(roles).not_done() - NOT_DONE == {Deed("CurationJob", "for no reason", action)}


def test_notices_a_permission_for_too_much_that_a_policy_has_as_well(
    compare: Compare, lake: tuple[list[PermissionSet], dict[str, Template]]
) -> None:
    """A role that may delete what it delivers, in its permissions and so in its policy."""
    delivery = next(role for role in lake[0] if role.name == "DeliveryStream")
    wider = [
        replace(one, actions=(*one.actions, "s3:DeleteObject")) if "s3:PutObject" in one.actions else one
        for one in delivery.allowed
    ]
    templates = changed(lake[1], "DeliveryRole", "s3:PutObject", also("s3:DeleteObject"))
    found = compare([replace(delivery, allowed=tuple(wider)), *lake[0]], templates).not_done() - NOT_DONE
    assert found == {Deed("DeliveryStream", "writes objects, and what fails", "s3:DeleteObject")}


def test_notices_a_permission_for_too_little_that_a_policy_lacks_as_well(
    compare: Compare, lake: tuple[list[PermissionSet], dict[str, Template]]
) -> None:
    """A job that commits to no table, by its permissions and so by its policy."""
    action = "glue:UpdateTable"
    narrower = [
        replace(
            role,
            allowed=tuple(replace(one, actions=tuple(a for a in one.actions if a != action)) for one in role.allowed),
        )
        for role in lake[0]
    ]
    found = compare(narrower, changed(lake[1], "OursCurateRole", action, no_more(action))).forbidden()
    assert found
    assert all(action in text for text in found)


def test_notices_a_missing_permission(compare: Compare, lake: tuple[list[PermissionSet], dict[str, Template]]) -> None:
    tighter = changed(lake[1], "OursRulesetRole", "glue:CreateDatabase", no_more("glue:CreateDatabase"))
    found = compare(templates=tighter).forbidden()
    assert found
    assert all("glue:CreateDatabase" in text for text in found)
