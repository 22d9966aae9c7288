"""Declarations and grants pair actions with the kinds of resources on which AWS checks them, and leave none out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lake_blueprints.foundation.access.declared import Declared
from tests.permissions import authorization
from tests.permissions.declarations import of_roles, of_services
from tests.permissions.lakes import SampleLake
from tests.permissions.proof import Proof
from tests.permissions.simulator import Policy, Request

ARN = "arn:aws:glue:eu-central-1:111122223333:"
CATALOG, DATABASE, TABLE = f"{ARN}catalog", f"{ARN}database/curated", f"{ARN}table/curated/flights"


@pytest.fixture(scope="module")
def roles(ours: SampleLake) -> list[Declared]:
    return list(of_roles(ours))


def test_every_declared_call_is_on_a_resource_on_which_its_action_is_checked(
    proof: Proof, roles: list[Declared], ours: SampleLake
) -> None:
    for declared in roles:
        called = proof.requests(declared, (*declared.required, *declared.refused))
        assert authorization.mismatched(called) == [], declared.name
    for declared, stack in of_services(ours):
        called = proof.requests(declared, (*declared.required, *declared.refused), stack)
        assert authorization.mismatched(called) == [], declared.name


def test_every_resource_that_aws_checks_is_declared(proof: Proof, roles: list[Declared], ours: SampleLake) -> None:
    for declared in roles:
        assert authorization.unchecked(proof.requests(declared, declared.required)) == [], declared.name
    for declared, stack in of_services(ours):
        assert authorization.unchecked(proof.requests(declared, declared.required, stack)) == [], declared.name


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
