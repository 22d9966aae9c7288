"""Workgroup: enforced settings, limits, saved queries and what it takes to run one."""

from __future__ import annotations

import aws_cdk as cdk
import pytest
from aws_cdk import Duration, Size
from aws_cdk import aws_iam as iam

from lake_blueprints.analytics.athena import Workgroup
from lake_blueprints.foundation.removal import DESTROY_CONTEXT
from tests.support import new_stack, properties, resources, template_of


def configuration(stack: cdk.Stack) -> dict[str, object]:
    found: dict[str, object] = properties(template_of(stack), "AWS::Athena::WorkGroup")["WorkGroupConfiguration"]
    return found


def test_enforces_encrypted_results_in_its_own_bucket(stack: cdk.Stack) -> None:
    workgroup = Workgroup(stack, "Analysts")
    found = configuration(stack)
    assert found["EnforceWorkGroupConfiguration"] is True
    assert found["PublishCloudWatchMetricsEnabled"] is True
    assert found["EngineVersion"] == {"SelectedEngineVersion": "Athena engine version 3"}
    bucket = stack.resolve(workgroup.results.bucket.bucket_name)
    assert found["ResultConfiguration"] == {
        "OutputLocation": {"Fn::Join": ["", ["s3://", bucket, "/results/"]]},
        "EncryptionConfiguration": {"EncryptionOption": "SSE_KMS", "KmsKey": stack.resolve(workgroup.key.key_arn)},
        "ExpectedBucketOwner": {"Ref": "AWS::AccountId"},
    }


@pytest.mark.parametrize(("given", "days"), [(None, 30), (Duration.days(7), 7)])
def test_expires_results(stack: cdk.Stack, given: Duration | None, days: int) -> None:
    Workgroup(stack, "Analysts", expire_results_after=given)
    rules = resources(template_of(stack), "AWS::S3::Bucket")[-1]["Properties"]["LifecycleConfiguration"]["Rules"]
    assert [rule["ExpirationInDays"] for rule in rules if "ExpirationInDays" in rule] == [days]
    assert {rule["NoncurrentVersionExpiration"]["NoncurrentDays"] for rule in rules} == {1}


def test_limits_a_query_to_100_gib_unless_told_otherwise(stack: cdk.Stack) -> None:
    Workgroup(stack, "Analysts")
    assert configuration(stack)["BytesScannedCutoffPerQuery"] == 107_374_182_400


def test_accepts_the_smallest_limit_and_refuses_less(stack: cdk.Stack) -> None:
    Workgroup(stack, "Analysts", scan_limit=Size.bytes(10_000_000))
    assert configuration(stack)["BytesScannedCutoffPerQuery"] == 10_000_000
    with pytest.raises(ValueError, match=r"'scan_limit' must be at least 10 MB .* got 9437184 bytes"):
        Workgroup(stack, "Tight", scan_limit=Size.mebibytes(9))


@pytest.mark.parametrize("agreed", [True, False])
def test_its_history_is_deleted_only_if_the_context_agrees(agreed: bool) -> None:
    stack = new_stack({DESTROY_CONTEXT: agreed})
    Workgroup(stack, "Analysts", removal_policy=cdk.RemovalPolicy.DESTROY)
    assert properties(template_of(stack), "AWS::Athena::WorkGroup")["RecursiveDeleteOption"] is agreed


def test_a_saved_query_waits_for_its_workgroup(stack: cdk.Stack) -> None:
    workgroup = Workgroup(stack, "Analysts")
    workgroup.add_query("Delays", name="delays", sql="select 1", database="lake", description="How late?")
    query = properties(template_of(stack), "AWS::Athena::NamedQuery")
    assert query["WorkGroup"] == stack.resolve(workgroup.workgroup_name)
    assert list(query["WorkGroup"]) == ["Ref"]
    assert (query["Name"], query["QueryString"], query["Database"]) == ("delays", "select 1", "lake")
    assert query["Description"] == "How late?"


@pytest.mark.parametrize(
    ("name", "sql", "message"),
    [
        ("", "select 1", "'name' of query 'Delays' must have 1 to 128 characters, got 0"),
        ("n" * 129, "select 1", "got 129"),
        ("delays", "", "'sql' of query 'Delays' must have 1 to 262144 characters, got 0"),
        ("delays", "s" * 262_145, "got 262145"),
    ],
)
def test_refuses_a_saved_query_that_athena_would_refuse(stack: cdk.Stack, name: str, sql: str, message: str) -> None:
    workgroup = Workgroup(stack, "Analysts")
    with pytest.raises(ValueError, match=message):
        workgroup.add_query("Delays", name=name, sql=sql, database="lake")


def test_whoever_may_query_can_write_and_read_results_below_their_prefix(stack: cdk.Stack) -> None:
    workgroup = Workgroup(stack, "Analysts")
    workgroup.grant_run_queries(iam.Role(stack, "Analyst", assumed_by=iam.AccountRootPrincipal()))
    statements = properties(template_of(stack), "AWS::IAM::Policy")["PolicyDocument"]["Statement"]
    bucket, key = stack.resolve(workgroup.results.bucket.bucket_arn), stack.resolve(workgroup.key.key_arn)
    athena, catalog, default, objects, location, listing, encryption = statements
    assert "athena:StartQueryExecution" in athena["Action"]
    assert athena["Resource"] == stack.resolve(workgroup.workgroup_arn)
    assert catalog["Action"] == "athena:GetDataCatalog"
    assert default["Action"] == ["glue:GetDatabase", "glue:CreateDatabase"]
    assert [arn["Fn::Join"][1][-1] for arn in default["Resource"]] == [":catalog", ":database/default"]
    assert objects["Action"] == [
        "s3:GetObject",
        "s3:PutObject",
        "s3:AbortMultipartUpload",
        "s3:ListMultipartUploadParts",
    ]
    assert objects["Resource"] == {"Fn::Join": ["", [bucket, "/results/*"]]}
    assert (location["Action"], location["Resource"]) == (
        ["s3:GetBucketLocation", "s3:ListBucketMultipartUploads"],
        bucket,
    )
    assert listing["Action"] == "s3:ListBucket"
    assert listing["Condition"] == {"StringLike": {"s3:prefix": ["results/*"]}}
    assert (encryption["Action"], encryption["Resource"]) == (["kms:GenerateDataKey", "kms:Decrypt"], key)
