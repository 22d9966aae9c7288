"""AccessPoint: one prefix for one consumer, which the bucket leaves to it, and no restricted data."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_iam as iam

from lake_blueprints.foundation.access import ServiceRole
from lake_blueprints.foundation.network import LakeNetwork
from lake_blueprints.storage.s3 import AccessPoint, Zone
from tests.support import properties, resources, template_of


def role(stack: cdk.Stack) -> ServiceRole:
    return ServiceRole(stack, "Role", services=["lambda.amazonaws.com"], description="Reads")


def policy(stack: cdk.Stack) -> list[Any]:
    document = properties(template_of(stack), "AWS::S3::AccessPoint").get("Policy", {})
    return list(document.get("Statement", []))


def delegated(stack: cdk.Stack) -> list[Any]:
    found = [
        one["Properties"]["PolicyDocument"]["Statement"]
        for one in resources(template_of(stack), "AWS::S3::BucketPolicy")
    ]
    return [one for statements in found for one in statements if "s3:DataAccessPointArn" in str(one.get("Condition"))]


def test_is_never_public(stack: cdk.Stack) -> None:
    AccessPoint(stack, "Point", zone=Zone(stack, "Zone"))
    point = properties(template_of(stack), "AWS::S3::AccessPoint")
    assert set(point["PublicAccessBlockConfiguration"].values()) == {True}
    assert "Policy" not in point


def test_the_bucket_leaves_its_prefix_to_it_and_no_other(stack: cdk.Stack) -> None:
    point = AccessPoint(stack, "Point", zone=Zone(stack, "Zone"), prefix="flights/")
    listing, reading = delegated(stack)
    arn = stack.resolve(point.access_point_arn)
    assert all(one["Condition"] == {"StringEquals": {"s3:DataAccessPointArn": arn}} for one in (listing, reading))
    assert (listing["Action"], reading["Action"]) == ("s3:ListBucket", "s3:GetObject")
    assert reading["Resource"]["Fn::Join"][1][-1] == "/flights/*"


def test_a_role_of_the_account_is_granted_the_access_point_and_the_key(stack: cdk.Stack) -> None:
    zone, reader = Zone(stack, "Zone"), role(stack)
    point = AccessPoint(stack, "Point", zone=zone, prefix="flights/")
    point.grant_read(reader)
    statements = properties(template_of(stack), "AWS::IAM::ManagedPolicy")["PolicyDocument"]["Statement"]
    granted = {one["Action"]: one for one in statements}
    assert granted["s3:ListBucket"]["Resource"] == stack.resolve(point.access_point_arn)
    assert granted["s3:ListBucket"]["Condition"] == {"StringLike": {"s3:prefix": ["flights/*"]}}
    assert granted["s3:GetObject"]["Resource"] == stack.resolve(f"{point.access_point_arn}/object/flights/*")
    assert granted["kms:Decrypt"]["Resource"] == stack.resolve(zone.key.key_arn)
    assert policy(stack) == []


def test_another_account_is_named_by_the_access_point_and_the_key(stack: cdk.Stack) -> None:
    zone = Zone(stack, "Zone")
    AccessPoint(stack, "Point", zone=zone, prefix="flights/").grant_read(iam.AccountPrincipal("444455556666"))
    found = policy(stack)
    assert [one["Action"] for one in found] == ["s3:ListBucket", "s3:GetObject"]
    assert all("444455556666" in str(one["Principal"]) for one in found)
    keys = [one["Properties"]["KeyPolicy"]["Statement"] for one in resources(template_of(stack), "AWS::KMS::Key")]
    assert any("444455556666" in str(one.get("Principal")) for key in keys for one in key)


def test_nobody_reads_restricted_prefixes_through_it(stack: cdk.Stack) -> None:
    zone = Zone(stack, "Zone")
    point = AccessPoint(stack, "Point", zone=zone)
    AccessPoint(stack, "Other", zone=zone, prefix="flights/")
    zone.restrict("people/", columns=["name"])
    (denied,) = [
        one
        for found in resources(template_of(stack), "AWS::S3::AccessPoint")
        for one in found["Properties"].get("Policy", {}).get("Statement", [])
    ]
    assert (denied["Effect"], denied["Principal"], denied["Action"]) == ("Deny", "*", ["s3:GetObject"])
    assert denied["Resource"] == stack.resolve(f"{point.access_point_arn}/object/people/*")


def test_restricted_prefixes_are_read_if_the_access_point_is_for_them(stack: cdk.Stack) -> None:
    zone = Zone(stack, "Zone")
    AccessPoint(stack, "Point", zone=zone, restricted=True)
    zone.restrict("people/", columns=["name"])
    assert policy(stack) == []


def test_can_be_bound_to_a_network(stack: cdk.Stack) -> None:
    network = LakeNetwork(stack, "Network")
    AccessPoint(stack, "Point", zone=Zone(stack, "Zone"), network=network)
    point = properties(template_of(stack), "AWS::S3::AccessPoint")
    assert point["VpcConfiguration"] == {"VpcId": stack.resolve(network.vpc.vpc_id)}
