"""Zone: buckets, grants and query safety."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import Duration
from aws_cdk import aws_iam as iam

from lake_blueprints.foundation.removal import DESTROY_CONTEXT
from lake_blueprints.storage.s3 import LifecycleRule, StorageClass, Transition, Zone
from tests.support import (
    new_stack,
    properties,
    resources,
    template_of,
    validation_findings,
    warnings_of,
)


class RecordingCatalog:
    """A catalog that remembers what was granted along with its zone."""

    def __init__(self) -> None:
        self.granted: list[tuple[str, str | None]] = []

    def grant_catalog_read(self, grantee: iam.IGrantable, prefix: str | None, *, restricted: bool = False) -> iam.Grant:
        self.granted.append(("read", prefix))
        return iam.Grant.drop(grantee, "recorded")

    def grant_catalog_write(self, grantee: iam.IGrantable, prefix: str | None) -> iam.Grant:
        self.granted.append(("write", prefix))
        return iam.Grant.drop(grantee, "recorded")


def archive(prefix: str = "", to: StorageClass = StorageClass.GLACIER) -> LifecycleRule:
    return LifecycleRule(prefix=prefix, transitions=[Transition(storage_class=to, after=Duration.days(90))])


def reader(stack: cdk.Stack) -> iam.Role:
    return iam.Role(stack, "Reader", assumed_by=iam.AccountRootPrincipal())


def statements(stack: cdk.Stack) -> list[tuple[list[str], object, object]]:
    """Return actions, resources and conditions of the reader's policy."""
    policy = properties(template_of(stack), "AWS::IAM::Policy")["PolicyDocument"]["Statement"]
    return [(as_list(item["Action"]), item["Resource"], item.get("Condition")) for item in policy]


def as_list(value: str | list[str]) -> list[str]:
    return value if isinstance(value, list) else [value]


def test_is_private_versioned_and_encrypted_with_a_bucket_key(stack: cdk.Stack) -> None:
    zone = Zone(stack, "Raw")
    bucket = resources(template_of(stack), "AWS::S3::Bucket")[-1]["Properties"]
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["BucketKeyEnabled"] is True
    assert rule["ServerSideEncryptionByDefault"] == {
        "SSEAlgorithm": "aws:kms",
        "KMSMasterKeyID": stack.resolve(zone.key.key_arn),
    }
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert all(bucket["PublicAccessBlockConfiguration"].values())


def test_sends_its_events_to_eventbridge_without_a_custom_resource(stack: cdk.Stack) -> None:
    Zone(stack, "Raw")
    template = template_of(stack)
    bucket = resources(template, "AWS::S3::Bucket")[-1]["Properties"]
    assert bucket["NotificationConfiguration"] == {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}
    assert not [kind for kind in template["Resources"].values() if kind["Type"].startswith("Custom::")]


def test_logs_its_requests_to_a_bucket_under_the_key_of_s3_itself(stack: cdk.Stack) -> None:
    zone = Zone(stack, "Raw")
    logs, bucket = resources(template_of(stack), "AWS::S3::Bucket")
    assert bucket["Properties"]["LoggingConfiguration"]["DestinationBucketName"] == stack.resolve(
        zone.access_logs.bucket.bucket_name
    )
    (rule,) = logs["Properties"]["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}


def test_refuses_plain_http(stack: cdk.Stack) -> None:
    Zone(stack, "Raw")
    for policy in resources(template_of(stack), "AWS::S3::BucketPolicy"):
        denied = [s for s in policy["Properties"]["PolicyDocument"]["Statement"] if s["Effect"] == "Deny"]
        assert {"Bool": {"aws:SecureTransport": "false"}} in [statement["Condition"] for statement in denied]


def test_the_context_may_agree_by_text_as_it_is_on_the_command_line() -> None:
    stack = new_stack({DESTROY_CONTEXT: "true"})
    Zone(stack, "Raw", removal_policy=cdk.RemovalPolicy.DESTROY)
    template = template_of(stack)
    assert {r["DeletionPolicy"] for r in resources(template, "AWS::S3::Bucket")} == {"Delete"}
    assert {r["DeletionPolicy"] for r in resources(template, "AWS::KMS::Key")} == {"Delete"}
    assert warnings_of(stack) == []


def test_retains_a_shared_key_as_long_as_one_of_its_zones_is_retained() -> None:
    stack = new_stack({DESTROY_CONTEXT: True})
    first = Zone(stack, "Scratch", removal_policy=cdk.RemovalPolicy.DESTROY)
    Zone(stack, "Kept", encryption_key=first.key)
    (key,) = resources(template_of(stack), "AWS::KMS::Key")
    assert key["DeletionPolicy"] == "RetainExceptOnCreate"


def test_a_reader_of_a_prefix_gets_exact_actions_on_that_prefix(stack: cdk.Stack) -> None:
    zone = Zone(stack, "Raw")
    zone.grant_read(reader(stack), prefix="flights/")
    bucket, key = stack.resolve(zone.bucket.bucket_arn), stack.resolve(zone.key.key_arn)
    assert statements(stack) == [
        (["s3:ListBucket"], bucket, {"StringLike": {"s3:prefix": ["flights/*"]}}),
        (["s3:GetObject"], {"Fn::Join": ["", [bucket, "/flights/*"]]}, None),
        (["s3:GetBucketLocation"], bucket, None),
        (["kms:Decrypt"], key, None),
    ]


def test_a_writer_can_neither_read_nor_delete(stack: cdk.Stack) -> None:
    Zone(stack, "Raw").grant_write(reader(stack))
    granted = {action for actions, _, _ in statements(stack) for action in actions}
    assert granted == {
        "s3:PutObject",
        "s3:AbortMultipartUpload",
        "s3:ListMultipartUploadParts",
        "s3:GetBucketLocation",
        "s3:ListBucketMultipartUploads",
        "kms:GenerateDataKey",
        "kms:Decrypt",
    }


def test_a_grant_covers_catalogs_defined_before_and_after_it(stack: cdk.Stack) -> None:
    zone, before, after = Zone(stack, "Raw"), RecordingCatalog(), RecordingCatalog()
    zone.register(before)
    zone.grant_read_write(reader(stack), prefix="flights/")
    zone.register(after)
    assert before.granted == after.granted == [("read", "flights/"), ("write", "flights/")]


@pytest.mark.parametrize("archived", ["", "flights/", "flights/year=2013/"])
def test_refuses_an_archive_class_on_a_prefix_that_is_queried(stack: cdk.Stack, archived: str) -> None:
    zone = Zone(stack, "Raw", lifecycle=[archive(archived)])
    with pytest.raises(ValueError, match=r"GLACIER, but table 'flights' reads 'flights/'.*GLACIER_IR"):
        zone.require_queryable("flights/", "table 'flights'")


def test_accepts_an_archive_class_on_another_prefix_and_instant_retrieval_anywhere(stack: cdk.Stack) -> None:
    zone = Zone(stack, "Raw", lifecycle=[archive("audit/"), archive("", StorageClass.GLACIER_IR)])
    zone.require_queryable("flights/", "table 'flights'")


def test_the_validation_gate_can_fail(stack: cdk.Stack) -> None:
    cdk.CfnResource(stack, "Bad", type="AWS::S3::Bucket", properties={"BucketNam": "typo"})
    assert validation_findings(template_of(stack))


def test_analyzes_no_prefix_unless_asked_to(stack: cdk.Stack) -> None:
    Zone(stack, "Zone")
    buckets = resources(template_of(stack), "AWS::S3::Bucket")
    assert not [one for one in buckets if "AnalyticsConfigurations" in one["Properties"]]


def test_analyzes_the_prefixes_that_are_named(stack: cdk.Stack) -> None:
    Zone(stack, "Zone", analyzed_prefixes=["flights/", ""])
    buckets = [one["Properties"] for one in resources(template_of(stack), "AWS::S3::Bucket")]
    (found,) = [one["AnalyticsConfigurations"] for one in buckets if "AnalyticsConfigurations" in one]
    assert found == [
        {"Id": "prefix-1", "Prefix": "flights/", "StorageClassAnalysis": {}},
        {"Id": "everything", "StorageClassAnalysis": {}},
    ]


@pytest.mark.parametrize(
    ("prefixes", "message"),
    [
        (["a/", "a/"], "'analyzed_prefixes' must be different ones, got a/, a/"),
        ([f"{number}/" for number in range(1_001)], "'analyzed_prefixes' must be at most 1,000, got 1,001"),
    ],
)
def test_refuses_analyses_that_s3_has_no_room_for(stack: cdk.Stack, prefixes: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Zone(stack, "Zone", analyzed_prefixes=prefixes)


@pytest.mark.parametrize("option", ["noncurrent_expire_after", "abort_uploads_after"])
def test_refuses_an_age_of_less_than_a_day(stack: cdk.Stack, option: str) -> None:
    options: dict[str, Any] = {option: Duration.days(0)}
    with pytest.raises(ValueError, match=f"'{option}' must be at least 1 day, got 0 days"):
        Zone(stack, "Raw", **options)


def test_takes_the_word_of_a_storage_class_for_the_class() -> None:
    kind: Any = Transition
    assert kind(storage_class="GLACIER", after=Duration.days(90)).storage_class is StorageClass.GLACIER
