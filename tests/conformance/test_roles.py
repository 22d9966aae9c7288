"""Roles: each may do what is declared for it, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from constructs import Construct

from lake_blueprints.foundation.access import ServiceRole
from lake_blueprints.foundation.access.declared import Call, Declared
from tests.conformance.controls import control
from tests.conformance.permissions import declared
from tests.conformance.subject import Subject
from tests.permissions.proof import Proof
from tests.permissions.resolver import Deployment
from tests.permissions.simulator import Simulator


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    made = Simulator()
    yield made
    made.stop()


def proof_of(subject: Subject, simulator: Simulator) -> Proof:
    return Proof(simulator, Deployment({name: one.document for name, one in subject.shared.templates.items()}))


def wrong(proof: Proof, one: Declared) -> list[str]:
    """Return what a role lacks, what it may do without need, and what it must not do and may."""
    required = proof.requests(one, one.required)
    return [
        *(f"lacks {found}" for found in proof.refused(required)),
        *(f"does not need {found}" for found in (proof.superfluous(required) if required else [])),
        *(f"must not do {found}" for found in proof.allowed(proof.requests(one, one.refused))),
    ]


def undeclared(proof: Proof, subject: Subject, known: list[Declared]) -> set[str]:
    """Return the roles that may do something and have no declaration."""
    roles = {role for role in proof.deployment.roles if ":role/dev-one" in role and proof.granted(role)}
    return roles - {request.principal for one in known for request in proof.requests(one, one.required)}


def test_each_role_may_do_exactly_what_is_declared_for_it(subject: Subject, simulator: Simulator) -> None:
    proof = proof_of(subject, simulator)
    known = list(declared(subject.one))
    assert [found for one in known for found in wrong(proof, one)] == []
    assert undeclared(proof, subject, known) == set()


class Reader(Construct):
    """It may read and delete."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self.role = ServiceRole(self, "Role", services=["glue.amazonaws.com"], description="Reads")
        self.role.allow(["s3:GetObject", "s3:DeleteObject"], ["arn:aws:s3:::lake/flights/*"])


def test_too_much_and_too_little_are_noticed(simulator: Simulator) -> None:
    subject = control(Reader)
    proof = proof_of(subject, simulator)

    def call(action: str) -> Call:
        return Call(actions=(action,), resources=("arn:aws:s3:::lake/flights/1",), because="", source="")

    role = subject.one.role
    assert undeclared(proof, subject, []) != set()
    found = wrong(proof, Declared(name="Reader", principal=role, required=(call("s3:GetObject"),)))
    assert any(one.startswith("does not need") and "DeleteObject" in one for one in found)
    more = (call("s3:GetObject"), call("s3:PutObject"))
    found = wrong(proof, Declared(name="Reader", principal=role, required=more, refused=(call("s3:DeleteObject"),)))
    assert any(one.startswith("lacks") and "PutObject" in one for one in found)
    assert any(one.startswith("must not do") and "DeleteObject" in one for one in found)
