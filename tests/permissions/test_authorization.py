"""Permissions and policies pair actions with the kinds of resources on which AWS checks them, and leave none out."""

from __future__ import annotations

from dataclasses import replace

import aws_cdk as cdk
import pytest

from lake_blueprints.foundation.access import PermissionSet
from tests.permissions import authorization
from tests.permissions.proof import Proof
from tests.permissions.simulator import Policy, Request

Services = list[tuple[PermissionSet, cdk.Stack]]

ARN = "arn:aws:glue:eu-central-1:111122223333:"
CATALOG, DATABASE, TABLE = f"{ARN}catalog", f"{ARN}database/curated", f"{ARN}table/curated/flights"


def test_every_request_is_on_a_resource_on_which_its_action_is_checked(
    proof: Proof, roles: list[PermissionSet], services: Services
) -> None:
    for role in roles:
        assert authorization.mismatched(proof.requests(role)) == [], role.name
    for service, stack in services:
        assert authorization.mismatched(proof.requests(service, stack)) == [], service.name


def test_every_resource_that_aws_checks_is_declared(
    proof: Proof, roles: list[PermissionSet], services: Services
) -> None:
    for role in roles:
        assert authorization.unchecked(proof.requests(role)) == [], role.name
    for service, stack in services:
        assert authorization.unchecked(proof.requests(service, stack)) == [], service.name


def test_every_condition_is_on_a_key_that_aws_has_for_the_action(
    proof: Proof, roles: list[PermissionSet], services: Services
) -> None:
    for role in roles:
        assert authorization.unknown_keys(proof.requests(role)) == [], role.name
    found = {name for service, stack in services for name in authorization.unknown_keys(proof.requests(service, stack))}
    # A request to describe a key has no context, but the policy that AWS documents for log groups asks for one:
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    assert found == {"kms:EncryptionContext:aws:logs:arn of kms:DescribeKey"}


def test_only_actions_that_aws_checks_on_no_resource_are_allowed_on_every_resource(
    proof: Proof, roles: list[PermissionSet]
) -> None:
    anywhere = {
        f"{role.name}: {action}"
        for role in roles
        for permission in proof.deployed(role)
        for action in permission.actions
        if "*" in permission.on and not authorization.fits_nothing(action)
    }
    assert anywhere == {f"{name}: {action}" for action, names in ANYWHERE.items() for name in names}


ANYWHERE = {
    # An export has no ARN before it begins, and AWS's guide names no resource.
    "rds:StartExportTask": ["Pipeline"],
    "rds:DescribeExportTasks": ["Pipeline"],
    # Interfaces and their permissions have no name before SageMaker makes them.
    "ec2:CreateNetworkInterface": ["TrainingJob"],
    "ec2:CreateNetworkInterfacePermission": ["TrainingJob"],
    "ec2:DeleteNetworkInterface": ["TrainingJob"],
    "ec2:DeleteNetworkInterfacePermission": ["TrainingJob"],
    # A condition names the namespace instead.
    "cloudwatch:PutMetricData": [
        "Crawler",
        "CurationJob",
        "DatabasePull",
        "Erasure",
        "IndexLoadJob",
        "ItemLoadJob",
        "QualityRuleset",
        "StreamMetrics",
        "TrainingJob",
        "WarehouseModel",
    ],
}


def test_no_permission_is_about_a_resource_on_which_its_action_is_not_checked(proof: Proof) -> None:
    assert proof.deployment.roles
    for role in proof.deployment.roles:
        assert authorization.powerless(proof.granted(role)) == [], role


def test_no_permission_lacks_a_resource_that_aws_checks_as_well(proof: Proof) -> None:
    for role in proof.deployment.roles:
        assert authorization.incomplete(proof.granted(role)) == [], role


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("glue:GetDatabase", TABLE),
        ("glue:GetSecurityConfiguration", CATALOG),
        ("s3:ListBucket", "arn:aws:s3:::lake/flights/"),
        ("s3:GetObject", "arn:aws:s3:::lake"),
        ("kms:Decrypt", "arn:aws:s3:::lake/flights/one"),
    ],
)
def test_notices_a_call_that_aws_never_makes(action: str, resource: str) -> None:
    expected = [f"{action} on {resource}"]
    assert authorization.mismatched([_request(action, resource)]) == expected
    assert authorization.powerless([_policy([action], [resource])]) == expected


@pytest.mark.parametrize("missing", [CATALOG, DATABASE, TABLE])
def test_notices_that_a_table_has_a_database_and_a_catalog(missing: str) -> None:
    found = [arn for arn in (CATALOG, DATABASE, TABLE) if arn != missing]
    kind = {CATALOG: "rootcatalog", DATABASE: "database", TABLE: "table"}[missing]
    assert authorization.unchecked(_request("glue:GetTable", arn) for arn in found) == [f"glue:GetTable on a {kind}"]
    assert authorization.incomplete([_policy(["glue:GetTable"], found)]) == [f"glue:GetTable on a {kind}"]


def test_a_database_has_a_catalog_and_no_table() -> None:
    called = [_request("glue:GetDatabase", arn) for arn in (CATALOG, DATABASE)]
    assert authorization.mismatched(called) == []
    assert authorization.unchecked(called) == []
    assert authorization.mismatched([replace(called[0], resource=TABLE)]) == [f"glue:GetDatabase on {TABLE}"]


def _request(action: str, resource: str) -> Request:
    return Request(principal="arn:aws:iam::111122223333:role/one", action=action, resource=resource, account="1")


def _policy(actions: list[str], resources: list[str]) -> Policy:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": resources}]}
