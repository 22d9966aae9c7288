"""Principals as grants see them; tests/permissions runs every grant over every kind of them."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms

from lake_blueprints import Zone
from lake_blueprints.ingestion.kinesis import Stream
from tests.support import assert_passes_the_gates, new_stack, resources, template_of, warnings_of


@pytest.fixture
def stack() -> cdk.Stack:
    return new_stack()


def test_the_lake_s_own_account_is_known_wherever_the_stack_is_deployed(stack: cdk.Stack) -> None:
    zone = Zone(stack, "Zone")
    for own in (
        iam.AccountRootPrincipal(),
        iam.AccountPrincipal(stack.account),
        iam.AccountPrincipal(cdk.Aws.ACCOUNT_ID),
    ):
        with pytest.raises(
            ValueError, match="is the lake's own account: its roles and users need policies of their own"
        ):
            zone.grant_read(own)
    zone.grant_read(iam.AccountPrincipal("444455556666"))


@pytest.mark.parametrize(
    "conditions",
    [
        {"StringEquals": {"aws:PrincipalOrgID": "o-abcdefghij"}},
        {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-abcdefghij/r-ab12/ou-ab12-*/"}},
        {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::444455556666:role/team-*"}},
    ],
)
def test_everybody_of_whom_a_condition_says_who_it_is_can_be_granted(
    stack: cdk.Stack, conditions: dict[str, Any]
) -> None:
    Zone(stack, "Zone").grant_read(iam.AnyPrincipal().with_conditions(conditions), prefix="flights/")
    statements = [
        one
        for policy in resources(template_of(stack), "AWS::S3::BucketPolicy")
        for one in policy["Properties"]["PolicyDocument"]["Statement"]
        if one["Effect"] == "Allow" and one["Action"] == "s3:ListBucket"
    ]
    (found,) = statements
    assert found["Condition"] == {**conditions, "StringLike": {"s3:prefix": ["flights/*"]}}


@pytest.mark.parametrize(
    "conditions",
    [
        {"StringNotEquals": {"aws:PrincipalOrgID": "o-abcdefghij"}},
        {"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-abcdefghij"}},
        {"StringLike": {"aws:PrincipalOrgID": "*"}},
        {"StringEquals": {"s3:prefix": "flights/"}},
    ],
)
def test_everybody_under_conditions_that_leave_it_open_is_refused(stack: cdk.Stack, conditions: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="is everyone, and a lake is never public"):
        Zone(stack, "Zone").grant_read(iam.AnyPrincipal().with_conditions(conditions))


def test_an_imported_key_must_allow_other_accounts_itself(stack: cdk.Stack) -> None:
    arn = "arn:aws:kms:eu-central-1:111122223333:key/12345678-1234-1234-1234-123456789012"
    stream = Stream(stack, "Stream", encryption_key=kms.Key.from_key_arn(stack, "Key", arn))
    stream.grant_write(iam.Role(stack, "Ours", assumed_by=iam.AccountRootPrincipal()))
    assert warnings_of(stack) == []
    stream.grant_write(iam.AccountPrincipal("444455556666"))
    (warning,) = warnings_of(stack)
    assert "AccountPrincipal is granted kms:GenerateDataKey, which the policy of 'Stack/Key' has to allow" in warning


def test_passes_the_gates() -> None:
    def build(stack: cdk.Stack, name: str) -> None:
        zone, stream = Zone(stack, name), Stream(stack, f"{name}Stream")
        condition = {"StringEquals": {"aws:SourceAccount": stack.account}}
        for principal in (
            iam.AccountPrincipal("444455556666"),
            iam.OrganizationPrincipal("o-abcdefghij"),
            iam.ServicePrincipal("delivery.logs.amazonaws.com", conditions=condition),
        ):
            zone.grant_read_write(principal, prefix="flights/")
            stream.grant_write(principal)

    assert_passes_the_gates(build)
