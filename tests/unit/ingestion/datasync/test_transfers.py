"""Transfers: verified, never deleting, with passwords in secrets alone, and a step that waits for their end."""

from __future__ import annotations

import json
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_events as events
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager

from lake_blueprints.catalog import Unpartitioned
from lake_blueprints.ingestion.datasync import (
    FileTransfer,
    Hdfs,
    NfsShare,
    ObjectStorage,
    S3Location,
    SmbShare,
    StartTransfer,
    TransferSource,
)
from lake_blueprints.orchestration import Pipeline
from lake_blueprints.storage.s3 import Zone
from tests.conformance.fixtures import FLIGHTS
from tests.support import properties, resources, template_of

AGENT = "arn:aws:datasync:eu-central-1:111122223333:agent/agent-01234567890123456"
TASK = "AWS::DataSync::Task"


def transfer(stack: cdk.Stack, source: TransferSource | None = None, **options: Any) -> FileTransfer:
    raw = Zone(stack, "Raw")
    bucket = s3.Bucket.from_bucket_name(stack, "Partner", "partner")
    given = source or S3Location(bucket=bucket, key=raw.key, prefix="exports/")
    return FileTransfer(stack, "Transfer", source=given, zone=raw, prefix="flights/", **options)


def test_files_are_verified_and_nothing_is_deleted(stack: cdk.Stack) -> None:
    transfer(stack, include=["/2026*", "/2027*"], exclude=["*.tmp"])
    found = properties(template_of(stack), TASK)
    assert found["TaskMode"] == "ENHANCED"
    assert found["Options"]["VerifyMode"] == "ONLY_FILES_TRANSFERRED"
    assert found["Options"]["PreserveDeletedFiles"] == "PRESERVE"
    assert found["Includes"] == [{"FilterType": "SIMPLE_PATTERN", "Value": "/2026*|/2027*"}]
    assert found["Excludes"] == [{"FilterType": "SIMPLE_PATTERN", "Value": "*.tmp"}]
    assert found["TaskReportConfig"]["ReportLevel"] == "ERRORS_ONLY"
    assert "Schedule" not in found


def test_roles_are_assumed_for_transfers_of_this_account_alone(stack: cdk.Stack) -> None:
    transfer(stack)
    roles = [one for one in resources(template_of(stack), "AWS::IAM::Role") if "datasync" in json.dumps(one)]
    assert len(roles) == 2
    for role in roles:
        (statement,) = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        assert {*statement["Condition"]} == {"StringEquals", "ArnLike"}
        assert ":datasync:" in json.dumps(statement["Condition"]["ArnLike"]["aws:SourceArn"])


@pytest.mark.parametrize("kind", ["smb", "store"])
def test_a_password_is_in_a_secret_and_not_in_the_template(stack: cdk.Stack, kind: str) -> None:
    secret = secretsmanager.Secret(stack, "Password")
    source: TransferSource = (
        SmbShare(host="files.example.com", path="/flights", user="lake", secret=secret, agent_arns=[AGENT])
        if kind == "smb"
        else ObjectStorage(host="store.example.com", bucket_name="exports", access_key="lake", secret=secret)
    )
    transfer(stack, source)
    name = {"smb": "LocationSMB", "store": "LocationObjectStorage"}[kind]
    found = properties(template_of(stack), f"AWS::DataSync::{name}")
    assert {*found["CustomSecretConfig"]} == {"SecretArn", "SecretAccessRoleArn"}
    assert not {"Password", "SecretKey"} & {*found}


def test_shares_and_hadoop_are_read_by_agents(stack: cdk.Stack) -> None:
    other = cdk.Stack(stack.node.root, "Other")  # type: ignore[arg-type]
    transfer(stack, NfsShare(host="files.example.com", path="/exports", agent_arns=[AGENT]))
    transfer(other, Hdfs(host="hadoop.example.com", user="lake", agent_arns=[AGENT]))
    nfs = properties(template_of(stack), "AWS::DataSync::LocationNFS")
    hdfs = properties(template_of(other), "AWS::DataSync::LocationHDFS")
    assert nfs["OnPremConfig"] == {"AgentArns": [AGENT]}
    assert hdfs["NameNodes"] == [{"Hostname": "hadoop.example.com", "Port": 8020}]


def test_it_starts_by_itself_with_a_schedule(stack: cdk.Stack) -> None:
    transfer(stack, schedule=events.Schedule.rate(cdk.Duration.hours(6)))
    assert properties(template_of(stack), TASK)["Schedule"] == {"ScheduleExpression": "rate(6 hours)"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"exclude": ["a|b"]}, r"a pattern of 'exclude' is some text without '\|', got 'a\|b'"),
        ({"include": [""]}, "a pattern of 'include' is some text"),
        ({"bytes_per_second": 1000}, "'bytes_per_second' must be at least 1048576 bytes, got 1000 bytes"),
        (
            {"schedule": events.Schedule.rate(cdk.Duration.minutes(30))},
            r"'schedule' must be once in an hour or less often, got rate\(30 minutes\)",
        ),
    ],
)
def test_what_datasync_refuses_is_refused(stack: cdk.Stack, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        transfer(stack, **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"host": "nfs://files"}, "'host' must be a name or an IPv4 address, without a scheme and a port"),
        ({"path": "exports"}, "a path of a server begins with '/', got 'exports'"),
        ({"agent_arns": []}, "'agent_arns' must be 1 to 8 agents, got 0 agents"),
    ],
)
def test_a_server_that_cannot_be_one_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        NfsShare(**{"host": "files.example.com", "path": "/exports", "agent_arns": [AGENT], **options})


def test_its_copies_are_files_of_a_dataset(stack: cdk.Stack) -> None:
    landing = transfer(stack).landing(FLIGHTS)
    assert (landing.prefix, landing.layout) == ("flights/", Unpartitioned())


def test_a_step_starts_it_and_waits_for_its_end(stack: cdk.Stack) -> None:
    Pipeline(stack, "Refresh", steps=[StartTransfer(transfer=transfer(stack))])
    machine = json.dumps(properties(template_of(stack), "AWS::StepFunctions::StateMachine"))
    assert "aws-sdk:datasync:startTaskExecution" in machine
    assert "aws-sdk:datasync:describeTaskExecution" in machine
    assert "$.poll.execution" in machine
