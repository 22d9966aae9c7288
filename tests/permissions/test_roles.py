"""Each role may do what its permissions are for, and nothing else; so may services under their own names."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, cast

import aws_cdk as cdk
import pytest
from aws_cdk import aws_logs as logs
from constructs import Construct

from lake_blueprints.foundation.access import PermissionSet, ServiceRole
from tests.conformance.sample import samples
from tests.permissions.deployed import STRANGER
from tests.permissions.discovery import roles_in
from tests.permissions.lakes import SampleLake
from tests.permissions.proof import Proof
from tests.permissions.resolver import Deployment, Place
from tests.permissions.simulator import Request, Simulator
from tests.support import ROOT

Services = list[tuple[PermissionSet, cdk.Stack]]


def required(proof: Proof, roles: Sequence[PermissionSet]) -> list[Request]:
    return [request for role in roles for request in proof.requests(role)]


def test_every_role_of_a_lake_is_found(proof: Proof, roles: list[PermissionSet]) -> None:
    made = {role for role in proof.deployment.roles if "ours-" in role and "functionservicerole" not in role}
    assert made == {proof.principal(role) for role in roles}


def test_every_role_that_the_library_makes_is_in_a_sample_lake_or_a_sample(roles: list[PermissionSet]) -> None:
    """The conformance suite proves the roles of samples."""
    found = {role.name for role in roles} | {sample.construct.__name__ for sample in samples()}
    made = list(_roles_of_the_library())
    assert made
    # A base class is there as its subclass.
    made = [_SUBCLASSES.get(name, name) for name in made]
    assert [name for name in made if not any(f"/{one}".endswith(f"/{name}") for one in found)] == []


_SUBCLASSES = {"LoadJob": "ItemLoadJob", "DatabaseExport": "ClusterExport", "Role": "StreamReplay"}


def _roles_of_the_library() -> Iterator[str]:
    """Yield the names of roles that the source code makes: by their construct, or by their ids if a function does."""
    for path in (ROOT / "constructs" / "lake_blueprints").rglob("*.py"):
        for owner in ast.parse(path.read_text()).body:
            for node in ast.walk(owner):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "ServiceRole":
                    name = str(ast.literal_eval(node.args[1]))
                    if not isinstance(owner, ast.ClassDef):
                        yield name
                    else:
                        yield owner.name if name == "Role" else f"{owner.name}/{name}"


def test_everything_that_permissions_are_for_is_allowed_end_to_end(proof: Proof, roles: list[PermissionSet]) -> None:
    requests = required(proof, roles)
    assert len(requests) > 500
    assert proof.refused(requests) == []


@pytest.mark.parametrize(
    "place",
    [Place(partition="aws-cn", region="cn-north-1"), Place(partition="aws-us-gov", region="us-gov-west-1")],
    ids=lambda place: place.partition,
)
def test_everything_that_permissions_are_for_is_allowed_in_other_partitions(
    place: Place, proof: Proof, roles: list[PermissionSet], services: Services, simulator: Simulator
) -> None:
    templates = proof.deployment.templates
    there = Proof(simulator, Deployment(templates, dict.fromkeys(templates, place)))
    done = required(there, roles)
    done += [request for service, stack in services for request in there.requests(service, stack)]
    # The simulator takes what ends in .cn for no service.
    assert there.refused([request for request in done if not request.principal.endswith(".cn")]) == []


def test_a_role_may_write_to_each_log_group_that_its_construct_defines(
    proof: Proof, roles: list[PermissionSet]
) -> None:
    """Groups that Glue names are permitted by a pattern, and defined by their names."""
    written = 0
    for permissions in roles:
        role = cast(ServiceRole, permissions.principal)
        stack, actions = cdk.Stack.of(role), {action for one in permissions.allowed for action in one.actions}
        if "logs:CreateLogStream" not in actions:
            continue
        for group in cast(Any, cast(Construct, role.node.scope).node.find_all()):
            if isinstance(group, logs.LogGroup):
                arn = proof.deployment.resolve(stack.stack_name, stack.resolve(group.log_group_arn))
                name = str(arn).removesuffix("*") + "log-stream:one"
                asked = [
                    proof.request(proof.principal(permissions), action, name, {})
                    for action in ("logs:CreateLogStream", "logs:PutLogEvents")
                ]
                assert proof.refused(asked) == []
                written += 1
    assert written > 5


def test_no_role_may_do_anything_else_to_its_resources_nor_the_same_to_their_neighbours(
    proof: Proof, roles: list[PermissionSet]
) -> None:
    """Every other action of AWS on them, the next prefix, table, stream or key, and conditions that are broken."""
    denied = [request for role in roles for request in proof.denied(role)]
    assert len(denied) > 5_000
    assert proof.allowed(denied) == []


def test_no_permission_is_superfluous(proof: Proof, roles: list[PermissionSet]) -> None:
    for role in roles:
        assert proof.superfluous(proof.requests(role)) == [], role.name


def test_no_role_may_do_what_only_the_same_role_of_another_lake_may(
    proof: Proof, roles: list[PermissionSet], theirs: SampleLake
) -> None:
    """Another lake's data, keys, catalog, streams, logs and roles, and another dataset's of the same lake."""
    asked = required(proof, roles_in(theirs.data, theirs.work))
    others = [one for one in asked if "theirs" in one.resource and one.action not in IN_EVERY_SUBNET]
    assert len(others) > 200
    for role in roles:
        done = proof.requests(role)
        assert proof.allowed(proof.stolen(done[0].principal, done, others)) == [], role.name


def test_no_role_may_change_what_only_another_role_of_its_lake_may(proof: Proof, roles: list[PermissionSet]) -> None:
    """Anyone who may write, delete or lend something may do so where it is declared, and nowhere else."""
    changes = ("s3:PutObject", "s3:DeleteObject", "kms:CreateGrant", "kms:GenerateDataKey", "iam:PassRole")
    others = [request for request in required(proof, roles) if request.action in changes]
    for role in roles:
        done = proof.requests(role)
        assert proof.allowed(proof.stolen(done[0].principal, done, others)) == [], role.name


def test_no_bucket_or_topic_answers_over_plain_http_or_old_tls(proof: Proof, roles: list[PermissionSet]) -> None:
    guarded = [request for request in required(proof, roles) if request.guard and ":s3:::ours-" in request.resource]
    plain = [replace(request, context={**request.context, "aws:SecureTransport": "false"}) for request in guarded]
    old = [replace(request, context={**request.context, "s3:TlsVersion": "1.1"}) for request in guarded]
    publish = [request for request in required(proof, roles) if request.action == "sns:Publish"]
    unsafe = [replace(request, context={"aws:SecureTransport": "false"}) for request in publish]
    assert len(plain) > 200
    assert publish
    assert proof.allowed([*plain, *old, *unsafe]) == []


def test_a_key_is_lent_by_and_to_aws_services_alone_even_by_administrators(
    proof: Proof, roles: list[PermissionSet]
) -> None:
    everything = {"Effect": "Allow", "Action": "kms:CreateGrant", "Resource": "*"}
    administrator = ({"Version": "2012-10-17", "Statement": [everything]},)
    lent = [
        replace(request, identity=[*request.identity, *administrator])
        for request in required(proof, roles)
        if request.action == "kms:CreateGrant"
    ]
    given_away = [
        replace(request, context={**request.context, "kms:GrantIsForAWSResource": "false"}) for request in lent
    ]
    assert lent
    assert proof.refused(lent) == []
    assert proof.allowed(given_away) == []


def test_no_other_account_may_do_anything_even_if_its_own_policies_allow_it(
    proof: Proof, roles: list[PermissionSet]
) -> None:
    account = proof.deployment.place("Ours-data").account
    foreign = [
        replace(request, principal=request.principal.replace(account, STRANGER))
        for request in required(proof, roles)
        if request.account == account and request.resource != "*"
    ]
    assert len(foreign) > 400
    assert proof.allowed(foreign) == []


def in_region(service: str) -> str:
    """Return the name of a service that has its Region in it."""
    return re.sub(r"\$\{Token\[AWS\.Region[^]]*\]\}", "eu-central-1", service)


def test_each_role_is_assumed_by_its_services_for_this_account_and_by_nobody_else(
    proof: Proof, roles: list[PermissionSet]
) -> None:
    account = proof.deployment.place("Ours-data").account
    for permissions in roles:
        role = proof.principal(permissions)
        ours, theirs = {"aws:SourceAccount": account}, {"aws:SourceAccount": STRANGER}
        # Some are assumed for the transfers of this account alone.
        ours["aws:SourceArn"] = f"arn:aws:datasync:eu-central-1:{account}:task/task-one"
        assumed = [
            proof.request(in_region(service), "sts:AssumeRole", role, ours) for service in permissions.assumed_by
        ]
        assert assumed, permissions.name
        assert proof.refused(assumed) == [], permissions.name
        assert proof.unused_trust(role, assumed) == [], permissions.name
        deputies = (
            [] if permissions.name in SENDS_NO_ACCOUNT else [replace(request, context=theirs) for request in assumed]
        )
        others = [
            proof.request(service, "sts:AssumeRole", role, ours)
            for service in ("ec2.amazonaws.com", "lambda.amazonaws.com", f"arn:aws:iam::{STRANGER}:root")
            if service not in permissions.assumed_by
        ]
        assert proof.allowed([*deputies, *others]) == [], permissions.name


# The role of a training job has it on all, as SageMaker documents, where others have it on the subnets of theirs.
IN_EVERY_SUBNET = {"ec2:CreateNetworkInterface"}
# AWS does not document that these say for whom they act.
SENDS_NO_ACCOUNT = {
    "ClusterExport",
    "IcebergTable",
    "NewestRecords",
    "OptimizerRole",
    "Replication/SecretRole",
    "StreamAlerts",
    "StreamMetrics",
    "StreamReplay",
    "Warehouse",
    "WarehouseCluster",
    "WarehouseCluster/SchedulerRole",
    "WarehouseModel",
    "Zone/LakeFormation/Role",
    "StreamFunction",
}


def test_services_do_under_their_own_names_what_is_declared_and_nothing_else(proof: Proof, services: Services) -> None:
    """Nor for another account, nor for one that they do not name."""
    assert len(services) > 10
    assert proof.refused([request for one, stack in services for request in proof.requests(one, stack)]) == []
    assert proof.allowed([request for one, stack in services for request in proof.denied(one, stack)]) == []


def test_no_policy_of_a_key_bucket_or_topic_allows_more_than_services_need(
    proof: Proof, roles: list[PermissionSet], services: Services
) -> None:
    done = [request for one, stack in services for request in proof.requests(one, stack)]
    assert proof.unused_guards([*done, *required(proof, roles)]) == []


def test_every_permission_has_a_reason_and_a_page(roles: list[PermissionSet], services: Services) -> None:
    for permissions in (*roles, *(service for service, _ in services)):
        for permission in permissions.allowed:
            assert permission.because, permissions.name
            assert permission.sources, permission.because
            assert all(source.startswith("https://") for source in permission.sources), permission.because
