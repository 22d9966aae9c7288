"""Quality in a pipeline that really runs: what its rules find decides how it ends and what it says."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from aws_cdk import Duration

from lake_blueprints.analytics.quality import Evaluate, QualityRuleset
from lake_blueprints.catalog import Database
from lake_blueprints.contracts import Column, Comparison, Dataset, Metric, Operator, QualityRule, Relationship, Severity
from lake_blueprints.orchestration import Pipeline
from lake_blueprints.storage.s3 import Zone
from local_cloud.cloud import LocalCloud
from local_cloud.errors import LocalCloudError
from tests.support import new_stack, template_of


def no_nulls(column: str, severity: Severity) -> QualityRule:
    return QualityRule(
        place="quality[0]",
        kind="library",
        name=f"{column} is known",
        column=column,
        metric=Metric.NULL_VALUES,
        comparison=Comparison(operator=Operator.EQUAL, value=0),
        severity=severity,
    )


AIRLINES = Dataset(name="airlines", columns=[Column(name="carrier", type="string")])
FLIGHTS = Dataset(
    name="flights",
    columns=[Column(name=name, type="string") for name in ("carrier", "tail", "note")],
    quality=[
        no_nulls("carrier", Severity.ERROR),
        no_nulls("tail", Severity.WARNING),
        no_nulls("note", Severity.INFO),
    ],
    relationships=[Relationship(columns=("carrier",), dataset="airlines", references=("carrier",))],
)


class Deployed:
    """A pipeline that evaluates flights, and a queue that hears what it says."""

    def __init__(self, cloud: LocalCloud) -> None:
        self._cloud = cloud
        made = self._deploy()
        self.machine = made["AWS::StepFunctions::StateMachine"][0]
        (database,) = made["AWS::Glue::Database"]
        table = cloud.client("glue").get_table(DatabaseName=database, Name="flights")["Table"]
        self._bucket = urlsplit(table["StorageDescriptor"]["Location"]).netloc
        self._queue = cloud.client("sqs").create_queue(QueueName="messages")["QueueUrl"]
        attributes = cloud.client("sqs").get_queue_attributes(QueueUrl=self._queue, AttributeNames=["QueueArn"])
        (topic,) = made["AWS::SNS::Topic"]
        cloud.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=attributes["Attributes"]["QueueArn"])
        self._put("airlines", [{"carrier": "UA"}])

    def run(self, *flights: dict[str, Any]) -> dict[str, Any]:
        self._put("flights", [{"carrier": None, "tail": None, "note": None, **flight} for flight in flights])
        output: dict[str, Any] = self._cloud.execute(self.machine, {})
        return output

    def heard(self) -> list[dict[str, Any]]:
        received = self._cloud.client("sqs").receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10)
        messages = received.get("Messages", [])
        for message in messages:
            self._cloud.client("sqs").delete_message(QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"])
        bodies = [json.loads(message["Body"]) for message in messages]
        return [{"subject": body["Subject"], **json.loads(body["Message"])} for body in bodies]

    def _deploy(self) -> dict[str, list[str]]:
        stack = new_stack()
        zone = Zone(stack, "Zone")
        database = Database(stack, "Database", zone=zone)
        flights, airlines = database.add_table(FLIGHTS), database.add_table(AIRLINES)
        ruleset = QualityRuleset(stack, "Rules", table=flights, references=[airlines])
        Pipeline(stack, "Pipeline", steps=[Evaluate(ruleset=ruleset)], poll_interval=Duration.seconds(1))
        client = self._cloud.client("cloudformation")
        template = json.dumps(template_of(stack))
        client.create_stack(StackName="lake", TemplateBody=template, Capabilities=["CAPABILITY_IAM"])
        client.get_waiter("stack_create_complete").wait(StackName="lake", WaiterConfig={"Delay": 1})
        found: dict[str, list[str]] = {}
        for item in client.describe_stack_resources(StackName="lake")["StackResources"]:
            found.setdefault(item["ResourceType"], []).append(item["PhysicalResourceId"])
        return found

    def _put(self, table: str, rows: list[dict[str, Any]]) -> None:
        file = io.BytesIO()
        pq.write_table(pa.Table.from_pylist(rows, pa.schema([(name, pa.string()) for name in rows[0]])), file)
        self._cloud.client("s3").put_object(Bucket=self._bucket, Key=f"{table}/part-0.parquet", Body=file.getvalue())


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    with LocalCloud(workdir=tmp_path_factory.mktemp("cloud")) as cloud:
        yield Deployed(cloud)


def test_a_table_that_keeps_its_rules_is_passed_in_silence(deployed: Deployed) -> None:
    output = deployed.run({"carrier": "UA", "tail": "N1", "note": "on time"})
    assert output["quality"]["broken"] == []
    assert deployed.heard() == []


def test_a_broken_error_fails_the_run_and_is_published_with_name_and_count(deployed: Deployed) -> None:
    with pytest.raises(LocalCloudError, match=r"flights breaks carrier is known \(found 2\)"):
        deployed.run({"tail": "N1"}, {"tail": "N2"}, {"carrier": "UA"})
    (message,) = deployed.heard()
    assert message["subject"] == "Failed: Stack/Pipeline"
    assert message["state"] == "Evaluate flights"
    assert message["cause"] == "flights breaks carrier is known (found 2)"


def test_a_broken_warning_is_published_and_the_run_goes_on(deployed: Deployed) -> None:
    deployed.run({"carrier": "UA"}, {"carrier": "XX", "tail": "N1", "note": "late"})
    (message,) = deployed.heard()
    assert message["subject"] == "Warning: Stack/Pipeline"
    assert message["table"] == "flights"
    found = [(rule["rule"], rule["severity"], rule["found"]) for rule in message["broken"]]
    assert found == [
        ("tail is known", "warning", 1),
        ("note is known", "info", 1),
        ("carrier in airlines", "warning", 0.5),
    ]


def test_broken_information_is_only_noted(deployed: Deployed) -> None:
    output = deployed.run({"carrier": "UA", "tail": "N1"})
    assert [rule["rule"] for rule in output["quality"]["broken"]] == ["note is known"]
    assert deployed.heard() == []


def test_a_run_that_cannot_evaluate_fails_with_its_reason(deployed: Deployed) -> None:
    glue = deployed._cloud.client("glue")
    definition = deployed._cloud.client("stepfunctions").describe_state_machine(stateMachineArn=deployed.machine)
    (run,) = json.loads(definition["definition"])["States"]["Run"]["Branches"]
    (ruleset,) = run["States"]["Evaluate flights"]["Parameters"]["RulesetNames"]
    glue.update_data_quality_ruleset(Name=ruleset, Ruleset='Rules = [ Entropy "carrier" > 1 ]')
    with pytest.raises(LocalCloudError, match="does not evaluate the rule type 'Entropy'"):
        deployed.run({"carrier": "UA"})
