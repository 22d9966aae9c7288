"""Acknowledgments of wildcards: exact, and right across stacks."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3

from lake_blueprints.access import ServiceRole, grant_on
from lake_blueprints.access.wildcards import acknowledge_wildcards
from tests.support import nag_findings, template_of

REASON = "objects below a prefix"


def allow(stack: cdk.Stack, *resources: str) -> ServiceRole:
    role = ServiceRole(stack, "Role", services=["glue.amazonaws.com"], description="Reads")
    grant_on(None, role, ["s3:GetObject"], resources)
    return role


def wildcards(stack: cdk.Stack) -> list[str]:
    template_of(stack)
    return [finding for finding in nag_findings(stack) if "IAM5" in finding]


def test_a_wildcard_is_a_finding_until_it_is_acknowledged(stack: cdk.Stack) -> None:
    allow(stack, s3.Bucket(stack, "Bucket").arn_for_objects("flights/*"))
    assert len(wildcards(stack)) == 1


def test_an_acknowledgment_covers_the_wildcard_that_it_names(stack: cdk.Stack) -> None:
    objects = s3.Bucket(stack, "Bucket").arn_for_objects("flights/*")
    acknowledge_wildcards(allow(stack, objects), {objects: REASON})
    assert wildcards(stack) == []


def test_an_acknowledgment_may_name_the_end_of_the_resource(stack: cdk.Stack) -> None:
    role = allow(stack, s3.Bucket(stack, "Bucket").arn_for_objects("flights/*"), "*")
    acknowledge_wildcards(role, {"/flights/*": REASON, "::*": "an action that knows no resource"})
    assert wildcards(stack) == []


def test_an_acknowledgment_covers_no_other_wildcard(stack: cdk.Stack) -> None:
    bucket = s3.Bucket(stack, "Bucket")
    role = allow(stack, bucket.arn_for_objects("*"), bucket.arn_for_objects("weather/*"), "*")
    acknowledge_wildcards(role, {bucket.arn_for_objects("flights/*"): REASON})
    assert len(wildcards(stack)) == 3


def test_an_acknowledgment_holds_across_stacks(stack: cdk.Stack) -> None:
    objects = s3.Bucket(stack, "Bucket").arn_for_objects("flights/*")
    other = cdk.Stack(cdk.App.of(stack), "Other")
    acknowledge_wildcards(allow(other, objects), {objects: REASON})
    assert wildcards(other) == []


def test_plain_policies_are_looked_at_as_well(stack: cdk.Stack) -> None:
    objects = s3.Bucket(stack, "Bucket").arn_for_objects("flights/*")
    role = iam.Role(stack, "Role", assumed_by=iam.AccountRootPrincipal())
    grant_on(None, role, ["s3:GetObject"], [objects])
    acknowledge_wildcards(role, {objects: REASON})
    assert wildcards(stack) == []
