"""LakeKey: one statement for each service that is switched on, and none that names what it encrypts."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest

from lake_blueprints.foundation.encryption import LakeKey
from tests.support import properties, template_of

SWITCHES = {
    "cloudwatch_logs": {"Logs"},
    "eventbridge": {"EventBridgeTopics", "EventBridgeQueues"},
    "cloudwatch_alarms": {"Alarms"},
    "budgets": {"Budgets"},
    "s3_notifications": {"S3Notifications"},
    "s3_inventory": {"S3Inventory"},
    "s3_tables": {"S3Tables"},
    "log_delivery": {"LogDelivery"},
    "cloudtrail": {"CloudTrail", "CloudTrailDescribe"},
}


def only(stack: cdk.Stack, switch: str) -> LakeKey:
    switches: dict[str, Any] = {"cloudwatch_logs": False, switch: True}
    return LakeKey(stack, "Key", **switches)


def statements(stack: cdk.Stack) -> dict[str, dict[str, Any]]:
    policy = properties(template_of(stack), "AWS::KMS::Key")["KeyPolicy"]["Statement"]
    return {statement.get("Sid", "Root"): statement for statement in policy}


def test_rotates_and_delegates_to_the_account(stack: cdk.Stack) -> None:
    LakeKey(stack, "Key")
    assert properties(template_of(stack), "AWS::KMS::Key")["EnableKeyRotation"] is True
    root = statements(stack)["Root"]
    assert root["Action"] == "kms:*"
    assert root["Principal"]["AWS"]["Fn::Join"][1][-1] == ":root"


@pytest.mark.parametrize("switch", SWITCHES)
def test_a_switch_adds_its_statement_and_no_other(stack: cdk.Stack, switch: str) -> None:
    only(stack, switch)
    assert set(statements(stack)) == {"Root", "GrantsOutsideAWS", *SWITCHES[switch]}


@pytest.mark.parametrize("switch", SWITCHES)
def test_every_service_is_limited_to_this_account(stack: cdk.Stack, switch: str) -> None:
    only(stack, switch)
    for sid in SWITCHES[switch]:
        assert "AWS::AccountId" in str(statements(stack)[sid]["Condition"])


def test_logs_are_named_by_region_and_by_log_group_pattern_not_by_log_group(stack: cdk.Stack) -> None:
    LakeKey(stack, "Key")
    found = statements(stack)["Logs"]
    name = ["logs.", {"Ref": "AWS::Region"}, ".", {"Ref": "AWS::URLSuffix"}]
    assert found["Principal"]["Service"] == {"Fn::Join": ["", name]}
    assert found["Condition"]["ArnLike"]["kms:EncryptionContext:aws:logs:arn"]["Fn::Join"][1][-1] == ":log-group:*"


def test_eventbridge_is_not_asked_for_whom_it_acts(stack: cdk.Stack) -> None:
    """Source conditions are not supported: https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html."""
    only(stack, "eventbridge")
    conditions = [statements(stack)[sid]["Condition"] for sid in sorted(SWITCHES["eventbridge"])]
    assert [list(one["ArnLike"]) for one in conditions] == [
        ["kms:EncryptionContext:aws:sqs:arn"],
        ["kms:EncryptionContext:aws:sns:topicArn"],
    ]
