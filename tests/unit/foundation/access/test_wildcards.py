"""Explained wildcards: exact, and right across stacks."""

from __future__ import annotations

import json

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3

from lake_blueprints.foundation.access import ServiceRole, grant_on
from tests.support import nag_findings, new_stack, template_of

REASON = "objects below a prefix"


def allow(stack: cdk.Stack, *resources: str, because: str | None = REASON) -> ServiceRole:
    role = ServiceRole(stack, "Role", services=["glue.amazonaws.com"], description="Reads")
    grant_on(None, role, ["s3:GetObject"], resources, because=because)
    return role


def wildcards(stack: cdk.Stack) -> list[str]:
    template_of(stack)
    return [finding for finding in nag_findings(stack) if "IAM5" in finding]


def test_a_wildcard_is_a_finding_until_it_is_explained(stack: cdk.Stack) -> None:
    allow(stack, s3.Bucket(stack, "Bucket").arn_for_objects("flights/*"), because=None)
    assert len(wildcards(stack)) == 1


def test_an_explanation_covers_the_wildcards_that_it_was_given_for(stack: cdk.Stack) -> None:
    bucket = s3.Bucket(stack, "Bucket")
    allow(stack, bucket.arn_for_objects("flights/*"), bucket.arn_for_objects("weather/*"), "*")
    assert wildcards(stack) == []


def test_an_explanation_covers_no_other_wildcard(stack: cdk.Stack) -> None:
    bucket = s3.Bucket(stack, "Bucket")
    role = allow(stack, bucket.arn_for_objects("flights/*"))
    grant_on(None, role, ["s3:GetObject"], [bucket.arn_for_objects("*"), bucket.arn_for_objects("weather/*"), "*"])
    assert len(wildcards(stack)) == 3


def test_nothing_is_acknowledged_for_a_resource_without_a_wildcard(stack: cdk.Stack) -> None:
    bucket = s3.Bucket(stack, "Bucket")
    role = allow(stack, bucket.bucket_arn, bucket.arn_for_objects("flights/*"))
    template_of(stack)
    acknowledged = [entry.data for entry in role.node.metadata if entry.type == "aws:cdk:acknowledged-rules"]
    assert [list(rules.values()) for rules in acknowledged] == [[REASON]]


@pytest.mark.parametrize(("strength", "reference"), [("strong", "Fn::ImportValue"), ("weak", "Fn::GetStackOutput")])
def test_an_explanation_holds_across_stacks(strength: str, reference: str) -> None:
    stack = new_stack({"@aws-cdk/core:defaultCrossStackReferences": strength})
    other = cdk.Stack(cdk.App.of(stack), "Other")
    allow(other, s3.Bucket(stack, "Bucket").arn_for_objects("flights/*"))
    assert wildcards(other) == []
    assert reference in json.dumps(template_of(other))


def test_a_role_of_any_class_has_the_reasons_of_grants_and_no_more(stack: cdk.Stack) -> None:
    role = iam.Role(stack, "Role", assumed_by=iam.AccountRootPrincipal())
    bucket = s3.Bucket(stack, "Bucket")
    grant_on(None, role, ["s3:GetObject"], [bucket.arn_for_objects("raw/*")], because=REASON)
    role.add_to_policy(iam.PolicyStatement(actions=["s3:PutObject"], resources=[bucket.arn_for_objects("own/*")]))
    (found,) = wildcards(stack)
    assert "own/*" in str(found)
