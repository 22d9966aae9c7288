"""Stream: capacity, retention, encryption, grants and alarms."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk.aws_kinesis import StreamMode

from lake_blueprints.foundation.encryption import LakeKey
from lake_blueprints.ingestion.kinesis import Stream
from tests.support import properties, resources, template_of


def stream(stack: cdk.Stack) -> dict[str, Any]:
    return properties(template_of(stack), "AWS::Kinesis::Stream")


def topic(stack: cdk.Stack, name: str = "Topic") -> sns.Topic:
    key = LakeKey(stack, f"{name}Key").key
    return sns.Topic(stack, name, master_key=key, enforce_ssl=True)


def test_is_on_demand_for_a_day_under_a_key_of_its_own_by_default(stack: cdk.Stack) -> None:
    found = Stream(stack, "Stream")
    assert stream(stack) == {
        "RetentionPeriodHours": 24,
        "StreamModeDetails": {"StreamMode": "ON_DEMAND"},
        "StreamEncryption": {"EncryptionType": "KMS", "KeyId": stack.resolve(found.key.key_arn)},
    }


def test_has_shards_when_they_are_given(stack: cdk.Stack) -> None:
    Stream(stack, "Stream", shards=2, retention=Duration.days(7))
    assert stream(stack)["StreamModeDetails"] == {"StreamMode": "PROVISIONED"}
    assert (stream(stack)["ShardCount"], stream(stack)["RetentionPeriodHours"]) == (2, 168)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mode": StreamMode.ON_DEMAND, "shards": 2}, "an ON_DEMAND stream has no number of shards, got 2"),
        ({"mode": StreamMode.PROVISIONED}, "needs 'shards' of at least 1, got None"),
        ({"shards": 0}, "needs 'shards' of at least 1, got 0"),
        ({"retention": Duration.hours(23)}, "'retention' must be 24 to 8760 hours, got 23 hours"),
        ({"retention": Duration.days(366)}, "got 8784 hours"),
        ({"retention": Duration.minutes(24 * 60 + 30)}, "got 24.5 hours"),
    ],
)
def test_refuses_what_kinesis_refuses(stack: cdk.Stack, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Stream(stack, "Stream", **options)


def test_grants_are_exact(stack: cdk.Stack) -> None:
    found = Stream(stack, "Stream")
    role = iam.Role(stack, "Role", assumed_by=iam.AccountRootPrincipal())
    found.grant_write(role)
    found.grant_read(role)
    arn, key = stack.resolve(found.stream.stream_arn), stack.resolve(found.key.key_arn)
    statements = properties(template_of(stack), "AWS::IAM::Policy")["PolicyDocument"]["Statement"]
    assert [(s["Action"], s["Resource"]) for s in statements] == [
        (["kinesis:PutRecord", "kinesis:PutRecords"], arn),
        ("kms:GenerateDataKey", key),
        (
            [
                "kinesis:DescribeStream",
                "kinesis:DescribeStreamSummary",
                "kinesis:GetRecords",
                "kinesis:GetShardIterator",
                "kinesis:ListShards",
            ],
            arn,
        ),
        ("kms:Decrypt", key),
    ]


def test_alarms_are_about_this_stream_and_tell_the_topic(stack: cdk.Stack) -> None:
    told = topic(stack)
    found = Stream(stack, "Stream", retention=Duration.days(2), alarm_topic=told)
    alarms = [alarm["Properties"] for alarm in resources(template_of(stack), "AWS::CloudWatch::Alarm")]
    # Two days are 172,800,000 ms.
    assert [(a["MetricName"], a["Threshold"], a["ComparisonOperator"]) for a in alarms] == [
        ("WriteProvisionedThroughputExceeded", 0, "GreaterThanThreshold"),
        ("ReadProvisionedThroughputExceeded", 0, "GreaterThanThreshold"),
        ("GetRecords.IteratorAgeMilliseconds", 86_400_000, "GreaterThanThreshold"),
    ]
    for alarm in alarms:
        assert alarm["Dimensions"] == [{"Name": "StreamName", "Value": stack.resolve(found.stream.stream_name)}]
        assert alarm["AlarmActions"] == [stack.resolve(told.topic_arn)]


def test_alarms_can_be_added_once_there_is_a_topic(stack: cdk.Stack) -> None:
    found = Stream(stack, "Stream")
    found.add_alarms(topic(stack))
    alarms = [alarm["Properties"] for alarm in resources(template_of(stack), "AWS::CloudWatch::Alarm")]
    assert [alarm["MetricName"] for alarm in alarms] == [spec.metric for spec in found.alarm_specs]


def test_alarms_before_its_shards_are_full_in_any_minute(stack: cdk.Stack) -> None:
    specs = {spec.metric: spec for spec in Stream(stack, "Stream", shards=3).alarm_specs}
    # Three shards take 3 MiB and 3,000 records a second.
    assert specs["IncomingBytes"].threshold == pytest.approx(0.8 * 60 * 3 * 1024 * 1024)
    assert specs["IncomingRecords"].threshold == pytest.approx(0.8 * 60 * 3_000)
    assert {specs[one].period.to_seconds() for one in ("IncomingBytes", "IncomingRecords")} == {60}


def test_alarms_at_half_of_a_retention_need_it_at_synth(stack: cdk.Stack) -> None:
    hours = cdk.CfnParameter(stack, "Hours", type="Number").value_as_number
    found = Stream(stack, "Stream", retention=cdk.Duration.hours(hours))
    with pytest.raises(ValueError, match="'retention' is used up, so it must be known at synth"):
        found.add_alarms(sns.Topic(stack, "Topic"))
