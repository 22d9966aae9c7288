"""Requests through an access point: allowed there, and left to it by the bucket, which leaves it nothing else."""

from __future__ import annotations

from dataclasses import replace

import aws_cdk as cdk
import pytest

from lake_blueprints.foundation.access import PermissionSet, ServiceRole
from lake_blueprints.storage.s3 import AccessPoint, Zone
from tests.permissions.proof import Proof, deployment_of
from tests.permissions.simulator import Request, Simulator


@pytest.fixture(scope="module")
def granted(simulator: Simulator) -> tuple[Proof, PermissionSet, str]:
    """A reader of one prefix, and the bucket behind the access point."""
    app = cdk.App(builtin_cloud_formation_validation=False, analytics_reporting=False)
    stack = cdk.Stack(app, "Lake")
    zone = Zone(stack, "Curated")
    point = AccessPoint(stack, "Point", zone=zone, prefix="flights/")
    AccessPoint(stack, "Other", zone=zone, prefix="people/")
    role = ServiceRole(stack, "Role", services=["lambda.amazonaws.com"], description="Reads")
    point.grant_read(role)
    proof = Proof(simulator, deployment_of(app))
    bucket = proof.deployment.resolve("Lake", stack.resolve(zone.bucket.bucket_arn))
    return proof, role.permission_set, str(bucket)


def behind(proof: Proof, request: Request, bucket: str) -> Request:
    """Return what S3 asks the bucket for, whose policy alone decides."""
    point, _, key = request.resource.partition("/object/")
    return replace(
        request,
        resource=f"{bucket}/{key}" if key else bucket,
        context={**request.context, "s3:DataAccessPointArn": point},
        identity=(),
        guard=proof.deployment.guard(bucket),
    )


def through(proof: Proof, role: PermissionSet) -> list[Request]:
    return [request for request in proof.requests(role) if ":accesspoint/" in request.resource]


def test_a_reader_is_allowed_by_its_policies_and_by_the_bucket(granted: tuple[Proof, PermissionSet, str]) -> None:
    proof, role, bucket = granted
    asked = through(proof, role)
    assert {request.action for request in asked} == {"s3:GetObject", "s3:ListBucket"}
    assert proof.refused(proof.requests(role)) == []
    assert proof.refused([behind(proof, request, bucket) for request in asked]) == []


def test_the_bucket_refuses_the_same_without_an_access_point(granted: tuple[Proof, PermissionSet, str]) -> None:
    proof, role, bucket = granted
    direct = [replace(behind(proof, request, bucket), context=request.context) for request in through(proof, role)]
    assert proof.allowed(direct) == []


def test_the_bucket_leaves_no_other_prefix_and_no_other_action_to_it(granted: tuple[Proof, PermissionSet, str]) -> None:
    proof, role, bucket = granted
    asked = [behind(proof, request, bucket) for request in through(proof, role) if request.action == "s3:GetObject"]
    others = [replace(one, resource=one.resource.replace("/flights/", "/people/")) for one in asked]
    writes = [replace(one, action=action) for one in asked for action in ("s3:PutObject", "s3:DeleteObject")]
    assert len(others) == len(asked) > 0
    assert proof.allowed([*others, *writes]) == []


def test_a_reader_is_refused_by_other_access_points_and_prefixes(granted: tuple[Proof, PermissionSet, str]) -> None:
    proof, role, _ = granted
    assert proof.allowed(proof.denied(role)) == []
