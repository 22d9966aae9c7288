"""Every `grant_*` of the library, to roles of the same stack, of another stack and of another account."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam

from lake_blueprints.foundation.access import PermissionSet
from tests.permissions import authorization
from tests.permissions.deployed import STRANGER
from tests.permissions.grants import ACROSS_ACCOUNTS, HERE, NAMES, REFUSING, SILENT, Grants, define_grants
from tests.permissions.proof import Proof
from tests.permissions.simulator import Simulator

EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
Granted = tuple[Proof, dict[tuple[str, str], PermissionSet]]


@pytest.fixture(scope="module")
def granted(simulator: Simulator) -> Granted:
    """Give every grant to a role of its own in the same stack, in another, and to one of another account."""
    grants, roles = define_grants(), dict[tuple[str, str], PermissionSet]()
    homes = dict.fromkeys(map(grants.home, NAMES))
    users = {home: cdk.Stack(cast(cdk.App, home.node.root), f"{home.node.id}-users", env=HERE) for home in homes}
    for name in NAMES:
        other = users[grants.home(name)]
        roles[name, "same"] = grants.declared(name)
        role = iam.Role(other, f"User{NAMES.index(name)}", assumed_by=iam.AccountRootPrincipal())
        grants.give(name, role)
        roles[name, "other"] = replace(roles[name, "same"], principal=role)
        if name in (*ACROSS_ACCOUNTS, *SILENT):
            arn = f"arn:aws:iam::{STRANGER}:role/user{NAMES.index(name)}"
            foreign = iam.Role.from_role_arn(other, f"Foreign{NAMES.index(name)}", arn)
            grants.give(name, foreign)
            roles[name, "foreign"] = replace(roles[name, "same"], principal=foreign)
    return grants.proof(simulator), roles


def test_every_grant_has_a_place_in_the_table_of_accounts() -> None:
    assert len(NAMES) > 30
    assert {*ACROSS_ACCOUNTS, *SILENT} < {*NAMES}


@pytest.mark.parametrize("where", ["same", "other"])
@pytest.mark.parametrize("name", NAMES)
def test_a_grant_allows_what_it_is_for_and_nothing_else(name: str, where: str, granted: Granted) -> None:
    proof, roles = granted
    permissions = roles[name, where]
    required = proof.requests(permissions)
    assert required
    assert proof.refused(required) == []
    assert proof.allowed(proof.denied(permissions)) == []
    assert proof.superfluous(required) == []
    policies = proof.granted(required[0].principal)
    assert authorization.mismatched(required) + authorization.unchecked(required) == []
    assert authorization.powerless(policies) + authorization.incomplete(policies) == []


# What AWS counts as writing and a reader does.
READS_BY_WRITING = {
    # https://docs.aws.amazon.com/kms/latest/developerguide/kms-api-permissions-reference.html
    "kms:Decrypt",
}
READERS = ("grant_read", "grant_objects", "grant_catalog_read", "grant_describe", "grant_schema")


@pytest.mark.parametrize("name", [name for name in NAMES if name.endswith(READERS)])
def test_a_grant_to_read_has_no_action_that_aws_counts_as_writing(name: str, granted: Granted) -> None:
    proof, roles = granted
    actions = {request.action for request in proof.requests(roles[name, "same"])} - READS_BY_WRITING
    assert [action for action in actions if authorization.level(action) not in {"Read", "List"}] == []


@pytest.mark.parametrize("name", ACROSS_ACCOUNTS)
def test_a_grant_to_another_account_is_in_the_policies_of_bucket_key_and_stream(name: str, granted: Granted) -> None:
    """The other account has to allow it as well, and the catalog is shared by Lake Formation alone."""
    proof, roles = granted
    permissions, home = roles[name, "foreign"], cdk.Stack.of(roles[name, "same"].principal)  # type: ignore[arg-type]
    required, denied = proof.requests(permissions, home), proof.denied(permissions, home)
    guarded = [replace(r, identity=[EVERYTHING]) for r in required if r.guard]
    assert guarded
    assert proof.refused(guarded) == []
    assert proof.allowed([replace(request, identity=[]) for request in required]) == []
    assert proof.allowed([replace(request, identity=[EVERYTHING]) for request in denied]) == []
    catalog_calls = [replace(r, identity=[EVERYTHING]) for r in required if r.action.startswith("glue:")]
    assert proof.allowed(catalog_calls) == []


@pytest.mark.parametrize("name", REFUSING)
def test_what_has_no_policy_of_its_own_refuses_another_account(name: str, refusing: Grants) -> None:
    stack = cdk.Stack(cdk.App(builtin_cloud_formation_validation=False), "Elsewhere", env=HERE)
    stranger: Any = iam.Role.from_role_arn(stack, "Stranger", f"arn:aws:iam::{STRANGER}:role/stranger")
    with pytest.raises(ValueError, match="cannot be granted to another account"):
        refusing.give(name, stranger)


@pytest.fixture(scope="module")
def refusing() -> Grants:
    return define_grants()
