"""AccessLogBucket: the one bucket that S3 itself writes to."""

from __future__ import annotations

import aws_cdk as cdk
import pytest
from aws_cdk import Duration

from lake_blueprints.storage.s3 import AccessLogBucket, Zone
from tests.support import properties, resources, template_of


def test_lets_only_log_delivery_of_this_account_write(stack: cdk.Stack) -> None:
    logs = AccessLogBucket(stack, "Logs")
    allowed = [
        statement
        for statement in properties(template_of(stack), "AWS::S3::BucketPolicy")["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Allow"
    ]
    assert allowed == [
        {
            "Sid": "ServerAccessLogs",
            "Effect": "Allow",
            "Action": "s3:PutObject",
            "Principal": {"Service": "logging.s3.amazonaws.com"},
            "Resource": stack.resolve(logs.bucket.arn_for_objects("*")),
            "Condition": {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}},
        }
    ]


def test_logs_expire_after_a_year_unless_told_otherwise(stack: cdk.Stack) -> None:
    AccessLogBucket(stack, "Logs")
    AccessLogBucket(stack, "Short", expire_after=Duration.days(7))
    found = [
        bucket["Properties"]["LifecycleConfiguration"]["Rules"][0]["ExpirationInDays"]
        for bucket in resources(template_of(stack), "AWS::S3::Bucket")
    ]
    assert found == [365, 7]


def test_several_zones_share_one_bucket_under_prefixes_of_their_own(stack: cdk.Stack) -> None:
    logs = AccessLogBucket(stack, "Logs")
    Zone(stack, "Raw", access_logs=logs)
    Zone(stack, "Curated", access_logs=logs)
    buckets = resources(template_of(stack), "AWS::S3::Bucket")
    assert len(buckets) == 3
    assert [bucket["Properties"]["LoggingConfiguration"]["LogFilePrefix"] for bucket in buckets[1:]] == [
        "stack/raw/storage/",
        "stack/curated/storage/",
    ]


def test_refuses_to_keep_logs_for_less_than_a_day(stack: cdk.Stack) -> None:
    with pytest.raises(ValueError, match="'expire_after' must be at least 1 day, got 0 days"):
        AccessLogBucket(stack, "Logs", expire_after=cdk.Duration.days(0))
