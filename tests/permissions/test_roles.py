"""Each role may do what its service does, and nothing else; so may services under their own names."""

from __future__ import annotations

import ast
from dataclasses import replace

import pytest

import lake_blueprints
from lake_blueprints.foundation.access.declared import Call, Declared
from tests.permissions.declarations import of_roles, of_services
from tests.permissions.lakes import SampleLake
from tests.permissions.proof import Proof
from tests.permissions.resolver import Deployment, Place
from tests.permissions.simulator import Request, Simulator
from tests.support import ROOT

STRANGER = "444455556666"
# Where roles are made. A new one needs a place in `lakes.py` and a declaration in `declarations.py`.
MODULES_WITH_ROLES = {
    "ingestion/crawler/crawler.py",
    "catalog/lake_formation.py",
    "processing/curation/curation_job.py",
    "orchestration/pipeline.py",
    "orchestration/triggers.py",
    "analytics/quality/ruleset.py",
    "ingestion/firehose/delivery_stream.py",
    "machine_learning/training/training_job.py",
    "foundation/network/lake_network.py",
    "databases/redshift/warehouse.py",
}


@pytest.fixture(scope="module")
def roles(ours: SampleLake, proof: Proof) -> list[Declared]:
    assert proof.deployment.roles
    return list(of_roles(ours))


def required(proof: Proof, roles: list[Declared]) -> list[Request]:
    return [request for declared in roles for request in proof.requests(declared, declared.required)]


def test_no_role_is_without_a_declaration(proof: Proof, ours: SampleLake, roles: list[Declared]) -> None:
    declared = {request.principal for request in required(proof, roles)}
    made = {role for role in proof.deployment.roles if "ours-" in role and "functionservicerole" not in role}
    assert made == declared


def test_no_module_makes_roles_that_no_sample_lake_has() -> None:
    library = ROOT / "constructs" / "lake_blueprints"
    makers = {
        str(path.relative_to(library))
        for path in library.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "ServiceRole"
    }
    assert makers == MODULES_WITH_ROLES
    assert lake_blueprints.__name__ == library.name


def test_everything_required_is_allowed_end_to_end(proof: Proof, roles: list[Declared]) -> None:
    requests = required(proof, roles)
    assert len(requests) > 500
    assert proof.refused(requests) == []


@pytest.mark.parametrize(
    "place",
    [Place(partition="aws-cn", region="cn-north-1"), Place(partition="aws-us-gov", region="us-gov-west-1")],
    ids=lambda place: place.partition,
)
def test_everything_required_is_allowed_in_other_partitions(
    place: Place, proof: Proof, roles: list[Declared], ours: SampleLake, simulator: Simulator
) -> None:
    templates = proof.deployment.templates
    there = Proof(simulator, Deployment(templates, dict.fromkeys(templates, place)))
    done = required(there, roles)
    done += [r for declared, stack in of_services(ours) for r in there.requests(declared, declared.required, stack)]
    # The simulator takes what ends in .cn for no service.
    assert there.refused([request for request in done if not request.principal.endswith(".cn")]) == []


def test_everything_refused_is_refused(proof: Proof, roles: list[Declared]) -> None:
    requests = [request for declared in roles for request in proof.requests(declared, declared.refused)]
    assert len(requests) > 300
    assert proof.allowed(requests) == []


def test_no_permission_is_superfluous(proof: Proof, roles: list[Declared]) -> None:
    for declared in roles:
        requests = proof.requests(declared, declared.required)
        assert proof.superfluous(requests) == [], declared.name


def test_no_role_may_do_what_only_the_same_role_of_another_lake_may(
    proof: Proof, roles: list[Declared], theirs: SampleLake
) -> None:
    """Another lake's data, keys, catalog, streams, logs and roles, and another dataset's of the same lake."""
    others = [request for request in required(proof, list(of_roles(theirs))) if "theirs" in request.resource]
    for declared in roles:
        done = proof.requests(declared, declared.required)
        assert proof.allowed(proof.stolen(done[0].principal, done, others)) == [], declared.name


def test_no_role_may_change_what_only_another_role_of_its_lake_may(proof: Proof, roles: list[Declared]) -> None:
    """Anyone who may write, delete or lend something may do so where it is declared, and nowhere else."""
    changes = ("s3:PutObject", "s3:DeleteObject", "kms:CreateGrant", "kms:GenerateDataKey", "iam:PassRole")
    others = [request for request in required(proof, roles) if request.action in changes]
    for declared in roles:
        done = proof.requests(declared, declared.required)
        assert proof.allowed(proof.stolen(done[0].principal, done, others)) == [], declared.name


def test_no_bucket_or_topic_answers_over_plain_http_or_old_tls(proof: Proof, roles: list[Declared]) -> None:
    guarded = [request for request in required(proof, roles) if request.guard and ":s3:::ours-" in request.resource]
    plain = [replace(request, context={**request.context, "aws:SecureTransport": "false"}) for request in guarded]
    old = [replace(request, context={**request.context, "s3:TlsVersion": "1.1"}) for request in guarded]
    publish = [request for request in required(proof, roles) if request.action == "sns:Publish"]
    unsafe = [replace(request, context={"aws:SecureTransport": "false"}) for request in publish]
    assert len(plain) > 200
    assert publish
    assert proof.allowed([*plain, *old, *unsafe]) == []


def test_a_key_is_lent_by_and_to_aws_services_alone_even_by_administrators(proof: Proof, roles: list[Declared]) -> None:
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
    proof: Proof, roles: list[Declared]
) -> None:
    account = proof.deployment.place("Ours-data").account
    foreign = [
        replace(request, principal=request.principal.replace(account, STRANGER))
        for request in required(proof, roles)
        if request.account == account and request.resource != "*"
    ]
    assert len(foreign) > 400
    assert proof.allowed(foreign) == []


def test_each_role_is_assumed_by_its_services_for_this_account_and_by_nobody_else(
    proof: Proof, roles: list[Declared]
) -> None:
    account = proof.deployment.place("Ours-data").account
    for declared in roles:
        role = proof.requests(declared, declared.required)[0].principal
        ours, theirs = {"aws:SourceAccount": account}, {"aws:SourceAccount": STRANGER}
        assumed = [proof.request(service, "sts:AssumeRole", role, ours) for service in declared.assumed_by]
        assert assumed, declared.name
        assert proof.refused(assumed) == [], declared.name
        assert proof.unused_trust(role, assumed) == [], declared.name
        deputies = (
            [] if declared.name in SENDS_NO_ACCOUNT else [replace(request, context=theirs) for request in assumed]
        )
        others = [
            proof.request(service, "sts:AssumeRole", role, ours)
            for service in ("ec2.amazonaws.com", "lambda.amazonaws.com", f"arn:aws:iam::{STRANGER}:root")
        ]
        assert proof.allowed([*deputies, *others]) == [], declared.name


# AWS does not document that these say for whom they act.
SENDS_NO_ACCOUNT = {"Warehouse", "Lake Formation location"}


def test_services_do_under_their_own_names_what_is_declared_and_nothing_else(proof: Proof, ours: SampleLake) -> None:
    done, not_done = [], []
    for declared, stack in of_services(ours):
        done += proof.requests(declared, declared.required, stack)
        not_done += proof.requests(declared, declared.refused, stack)
    assert proof.refused(done) == []
    assert proof.allowed(not_done) == []


def test_no_policy_of_a_key_bucket_or_topic_allows_more_than_services_need(proof: Proof, ours: SampleLake) -> None:
    done = [
        request
        for declared, stack in of_services(ours)
        for request in proof.requests(declared, declared.required, stack)
    ]
    done += required(proof, list(of_roles(ours)))
    assert proof.unused_guards(done) == []


def test_a_call_is_known_to_iam_and_its_reason_has_a_page(roles: list[Declared], ours: SampleLake) -> None:
    calls: list[Call] = [call for declared in roles for call in (*declared.required, *declared.refused)]
    calls += [call for declared, _ in of_services(ours) for call in (*declared.required, *declared.refused)]
    assert all(call.source.startswith("https://") and call.because for call in calls)
