"""Roles: each may do what its permissions are declared for, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from constructs import Construct

from lake_blueprints.foundation.access import Permission, PermissionSet, ServiceRole, allow
from tests.conformance.controls import control
from tests.conformance.permissions import proof_of, wrong
from tests.conformance.subject import Subject
from tests.permissions.discovery import roles_in
from tests.permissions.proof import Proof
from tests.permissions.simulator import Simulator


def undeclared(proof: Proof, known: Sequence[PermissionSet]) -> set[str]:
    """Return the roles that may do something, and declare nothing."""
    roles = {role for role in proof.deployment.roles if ":role/dev-one" in role and proof.granted(role)}
    return roles - {proof.principal(one) for one in known if one.allowed}


def test_each_role_may_do_exactly_what_is_declared_for_it(subject: Subject, simulator: Simulator) -> None:
    proof = proof_of(subject.shared, simulator)
    roles = roles_in(subject.one)
    assert [f"{one.name} {found}" for one in roles for found in wrong(proof, one)] == []
    assert undeclared(proof, roles) == set()


class Reader(Construct):
    """It reads what is declared, and deletes besides."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self.role = ServiceRole(self, "Role", services=["glue.amazonaws.com"], description="Reads")
        allow(self.role, READ)
        self.role.allow(["s3:DeleteObject"], READ.on)


READ = Permission(
    actions=("s3:GetObject",),
    on=("arn:aws:s3:::lake/flights/*",),
    because="reads flights",
    sources=("https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html",),
)


def test_too_much_and_too_little_are_noticed(simulator: Simulator) -> None:
    subject = control(Reader)
    proof = proof_of(subject.shared, simulator)
    (declared,) = roles_in(subject.one)
    found = wrong(proof, declared)
    assert any(one.startswith("does not need") and "DeleteObject" in one for one in found)
    assert any(one.startswith("must not do") and "DeleteObject" in one for one in found)
    more = replace(declared, allowed=(READ, replace(READ, actions=("s3:PutObject",))))
    assert any(one.startswith("lacks") and "PutObject" in one for one in wrong(proof, more))
    assert undeclared(proof, []) != set()
