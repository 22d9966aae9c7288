"""Grants: each reaches roles of its own stack and of another; another account is served by both sides, or refused."""

from __future__ import annotations

import inspect
import json

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from lake_blueprints.foundation.access import PermissionSet, ServiceRole
from lake_blueprints.foundation.access.grants import allowed_to
from tests.conformance.controls import control
from tests.conformance.fixtures import Fixtures
from tests.conformance.permissions import proof_of, wrong
from tests.conformance.sample import Sample, samples
from tests.conformance.subject import Synthesis
from tests.library import grants_of
from tests.permissions.resolver import Place
from tests.permissions.simulator import Simulator
from tests.support import nag_findings, warnings_of

STRANGER = "arn:aws:iam::444455556666:role/stranger"
GRANTS = [
    pytest.param(sample, name, id=f"{sample.name}.{name}")
    for sample in samples()
    for name in grants_of(sample.construct)
    if not sample.variant
]


class Granted:
    """A grant given to a role of the same stack and of another; or to one of another account."""

    def __init__(self, sample: Sample, name: str) -> None:
        # The flag is one that `cdk init` sets: the CDK's own roles then have no statement twice.
        flags = {"@aws-cdk/aws-iam:minimizePolicies": True}
        app = cdk.App(context=flags, builtin_cloud_formation_validation=False, analytics_reporting=False)
        place = cdk.Environment(account=Place().account, region=Place().region)
        self.home, self.away = (cdk.Stack(app, stack, env=place) for stack in ("home", "away"))
        self._app, self._name, self._sample = app, name, sample
        self._lake = Fixtures(self.home)
        self._construct = sample.define(self._lake, self.home, "One")

    def give(self, grantee: iam.IRole) -> object:
        arguments = self._sample.grants.get(self._name)
        given = arguments(self._lake, grantee) if arguments else {}
        return getattr(self._construct, self._name)(grantee, **given)

    def synthesised(self) -> Synthesis:
        return Synthesis(self._app)


def faults(sample: Sample, name: str, simulator: Simulator) -> list[str]:
    """Return what is wrong with a grant to roles of its account."""
    granted = Granted(sample, name)
    near = ServiceRole(granted.home, "Near", services=["lambda.amazonaws.com"], description="Has the grant")
    far = iam.Role(granted.away, "Far", assumed_by=iam.AccountRootPrincipal())
    for role in (near, far):
        granted.give(role)
    proof = proof_of(granted.synthesised(), simulator)
    sets = [
        PermissionSet(name=where, principal=role, allowed=allowed_to(role))
        for where, role in (("same stack", near), ("other stack", far))
    ]
    return [
        *(f"{one.name}: allows nothing" for one in sets if not proof.granted(proof.principal(one))),
        *(f"{one.name}: declares nothing" for one in sets if not one.allowed),
        *(f"{one.name}: {found}" for one in sets if one.allowed for found in wrong(proof, one)),
        *(found for found in nag_findings(granted.home) if "/Near/" in found),
    ]


def serves_strangers(sample: Sample, name: str) -> bool:
    """Tell whether the policies of resources, or a warning, know of a role of another account."""
    granted = Granted(sample, name)
    granted.give(iam.Role.from_role_arn(granted.away, "Stranger", STRANGER))
    templates = granted.synthesised().templates.values()
    named = any(STRANGER in json.dumps(one.document) for one in templates)
    return named or any("another account" in one or "Lake Formation" in one for one in warnings_of(granted.home))


@pytest.mark.parametrize(("sample", "name"), GRANTS)
def test_a_grant_is_exact_for_roles_of_its_own_and_of_another_stack(
    sample: Sample,
    name: str,
    simulator: Simulator,
) -> None:
    assert faults(sample, name, simulator) == []


@pytest.mark.parametrize(("sample", "name"), GRANTS)
def test_another_account_is_named_by_a_policy_or_refused(sample: Sample, name: str) -> None:
    try:
        assert serves_strangers(sample, name)
    except ValueError as error:
        assert "cannot be granted to another account" in str(error)


class Careless(Construct):
    """Its grants allow more than they declare, allow nothing, and forget other accounts."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self.bucket = s3.Bucket(self, "Bucket")

    def grant_much(self, grantee: iam.IGrantable) -> iam.Grant:
        return iam.Grant.add_to_principal(
            grantee=grantee, actions=["s3:GetBucketPolicy"], resource_arns=[self.bucket.bucket_arn]
        )

    def grant_nothing(self, grantee: iam.IGrantable) -> iam.Grant:
        return iam.Grant.drop(grantee, "nobody")


def test_a_careless_grant_is_noticed(simulator: Simulator) -> None:
    careless = control(Careless).sample
    assert faults(careless, "grant_much", simulator) == [
        "same stack: declares nothing",
        "other stack: declares nothing",
    ]
    assert "same stack: allows nothing" in faults(careless, "grant_nothing", simulator)
    assert not serves_strangers(careless, "grant_nothing")


def test_arguments_are_of_grants_that_exist() -> None:
    for sample in samples():
        for name in sample.grants:
            assert inspect.signature(getattr(sample.construct, name)).parameters
