"""Policies that are a little weaker or a little tighter than those of the library are noticed, each of them."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import aws_cdk as cdk
import pytest

from lake_blueprints.catalog import permissions as catalog
from lake_blueprints.foundation.access import PermissionSet
from lake_blueprints.ingestion.firehose import permissions as deliveries
from tests.permissions import authorization
from tests.permissions.deployed import STRANGER
from tests.permissions.discovery import services_in
from tests.permissions.lakes import SampleLake
from tests.permissions.proof import Proof, deployment_of
from tests.permissions.resolver import Deployment
from tests.permissions.simulator import Simulator

Statement = dict[str, Any]
Change = Callable[[Statement], Statement | None]


def findings(proof: Proof, permissions: PermissionSet, lake: SampleLake) -> list[str]:
    """Return what is wrong with the policies behind one permission set."""
    is_role = not isinstance(permissions.principal, str)
    scope = None if is_role else lake.data
    required = proof.requests(permissions, scope)
    found = proof.refused(required) + proof.allowed(proof.denied(permissions, scope))
    plain = [proof.request(r.principal, r.action, r.resource, {"aws:SecureTransport": "false"}) for r in required[:9]]
    found += proof.allowed([request for request in plain if ":s3:::ours" in request.resource])
    found += authorization.mismatched(required) + authorization.unchecked(required)
    if is_role:
        stranger = {"aws:SourceAccount": STRANGER}
        role = proof.principal(permissions)
        found += proof.superfluous(required)
        found += proof.allowed([proof.request(one, "sts:AssumeRole", role, stranger) for one in permissions.assumed_by])
        policies = proof.granted(role)
        found += authorization.powerless(policies) + authorization.incomplete(policies)
    return found


def documents(template: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the ids and the policies of all resources that have one."""
    for logical_id, resource in template.get("Resources", {}).items():
        for name in ("PolicyDocument", "KeyPolicy", "AssumeRolePolicyDocument"):
            if name in resource.get("Properties", {}):
                yield f"{logical_id}.{name}", resource["Properties"][name]


def changed(templates: dict[str, Any], where: str, what: str, change: Change) -> dict[str, Any]:
    """Return templates in which a change is made to the statements that a text occurs in, of one resource."""
    result, count = copy.deepcopy(templates), 0
    for template in result.values():
        for name, document in documents(template):
            if where in name:
                found = [change(s) if what in json.dumps(s) else s for s in document["Statement"]]
                count += sum(what in json.dumps(statement) for statement in document["Statement"])
                document["Statement"] = [statement for statement in found if statement]
    assert count, f"nothing to change: {where} has no {what}"
    return result


def without_condition(statement: Statement) -> Statement:
    return {key: value for key, value in statement.items() if key != "Condition"}


def drop(_: Statement) -> None:
    return None


def everywhere(statement: Statement) -> Statement:
    return {**statement, "Resource": "*"}


def also(action: str) -> Change:
    return lambda statement: {**statement, "Action": [*listed(statement["Action"]), action]}


def no_more(action: str) -> Change:
    return lambda statement: {**statement, "Action": [a for a in listed(statement["Action"]) if a != action]}


def no_catalog(statement: Statement) -> Statement:
    return {**statement, "Resource": [r for r in statement["Resource"] if not json.dumps(r).endswith(':catalog"]]}')]}


def crossed(statement: Statement) -> Statement | None:
    """Have databases looked up by the statement about tables, as if they were looked up on tables as well."""
    actions = ["glue:GetDatabase", "glue:GetDatabases"]
    if listed(statement["Action"]) == actions:
        return None
    return {**statement, "Action": [*listed(statement["Action"]), *actions]}


def only(key: str, value: str) -> Change:
    return lambda statement: {**statement, "Condition": {"StringEquals": {key: value}}}


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


RULESET = "OursRulesetRole"
JOB, DELIVERY, TRAINING, PIPELINE = "OursCurateRole", "OursDeliveryRole", "OursTrainingRole", "OursPipelineRole"
Of = Callable[[SampleLake], PermissionSet]
CURATE: Of = lambda lake: lake.job.role.permission_set  # noqa: E731
EVALUATE: Of = lambda lake: lake.ruleset.role.permission_set  # noqa: E731
DELIVER: Of = lambda lake: lake.delivery.role.permission_set  # noqa: E731
TRAIN: Of = lambda lake: lake.training.role.permission_set  # noqa: E731
RUN: Of = lambda lake: lake.pipeline.role.permission_set  # noqa: E731
LOG: Of = lambda lake: services_in(lake.key)[0][0]  # noqa: E731
ALARM: Of = lambda lake: services_in(lake.topic)[0][0]  # noqa: E731
BUCKETS = "StorageBucketPolicy"

WEAKER: dict[str, tuple[Of, str, str, Change]] = {
    "a job that reads every object": (CURATE, JOB, "s3:GetObject", everywhere),
    "a job that lists the whole bucket": (CURATE, JOB, "s3:prefix", without_condition),
    "a job that writes any metric": (CURATE, JOB, "cloudwatch:namespace", without_condition),
    "a job that anybody's Glue may run under": (CURATE, JOB, "sts:AssumeRole", without_condition),
    "a delivery that deletes": (DELIVER, DELIVERY, "s3:PutObject", also("s3:DeleteObject")),
    "a delivery that uses its key for everything": (DELIVER, DELIVERY, "kms:GenerateDataKey", also("kms:PutKeyPolicy")),
    "a ruleset that looks databases up on tables": (EVALUATE, RULESET, "database_", crossed),
    "a ruleset that makes any database": (EVALUATE, RULESET, "glue:CreateDatabase", everywhere),
    "a pipeline that lends its roles to any service": (RUN, PIPELINE, "iam:PassRole", without_condition),
    "a training job that gives its key away": (TRAIN, TRAINING, "kms:CreateGrant", also("kms:ScheduleKeyDeletion")),
    "buckets that answer over plain HTTP": (DELIVER, BUCKETS, "aws:SecureTransport", drop),
    "a key for logs of every account": (LOG, "OursKey", "logs.", without_condition),
    "a topic for alarms of every account": (ALARM, "OursTopicPolicy", "cloudwatch", without_condition),
}
TIGHTER: dict[str, tuple[Of, str, str, Change]] = {
    "a job without its key": (CURATE, JOB, "kms:Decrypt", drop),
    "a key only for objects without a bucket key": (
        CURATE,
        JOB,
        "kms:Decrypt",
        only("kms:EncryptionContext:aws:s3:arn", "arn:aws:s3:::raw/flights/z"),
    ),
    "a job that may not ask the catalog": (CURATE, JOB, "glue:UpdateTable", no_catalog),
    "a ruleset that may not look for the default database": (EVALUATE, RULESET, "database/default", drop),
    "a ruleset that may not make the default database": (
        EVALUATE,
        RULESET,
        "database/default",
        no_more("glue:CreateDatabase"),
    ),
    "a job that makes no log group": (CURATE, JOB, "logs:CreateLogGroup", no_more("logs:CreateLogGroup")),
    "a job that may not learn that its ledger is missing": (CURATE, JOB, "_state/", drop),
    "a key that does not trust its account": (CURATE, "OursKey", ":root", drop),
    "a delivery that cannot log": (DELIVER, DELIVERY, "logs:PutLogEvents", drop),
    "a delivery that finds no shards": (DELIVER, DELIVERY, "kinesis:ListShards", no_more("kinesis:ListShards")),
    "a pipeline that may not lend its roles": (RUN, PIPELINE, "iam:PassRole", drop),
    "a training job that cannot encrypt volumes": (TRAIN, TRAINING, "kms:CreateGrant", drop),
    "logs that may not look at the key": (LOG, "OursKey", "logs.", no_more("kms:DescribeKey")),
}


@pytest.fixture(scope="module")
def templates(lakes: tuple[Any, SampleLake, SampleLake]) -> dict[str, Any]:
    return deployment_of(lakes[0]).templates


@pytest.mark.parametrize("declaration", [CURATE, EVALUATE, DELIVER, TRAIN, RUN, LOG, ALARM])
def test_finds_nothing_without_a_change(declaration: Of, proof: Proof, ours: SampleLake) -> None:
    assert findings(proof, declaration(ours), ours) == []


@pytest.mark.parametrize("change", [*WEAKER, *TIGHTER])
def test_notices(change: str, ours: SampleLake, templates: dict[str, Any], simulator: Simulator) -> None:
    declaration, where, what, how = (WEAKER | TIGHTER)[change]
    declared = declaration(ours)
    after = Proof(simulator, Deployment(changed(templates, where, what, how)))
    assert findings(after, declared, ours) != []


# Policies and proofs are made of the same permissions: what is wrong with those, others must say.
@pytest.fixture
def declared_anew(simulator: Simulator) -> Callable[[], tuple[SampleLake, Proof]]:
    def define() -> tuple[SampleLake, Proof]:
        app = cdk.App(builtin_cloud_formation_validation=False, analytics_reporting=False)
        return SampleLake(app, "Ours"), Proof(simulator, deployment_of(app))

    return define


def test_notices_a_permission_for_too_much_by_what_is_another_roles_alone(
    monkeypatch: pytest.MonkeyPatch, declared_anew: Callable[[], tuple[SampleLake, Proof]]
) -> None:
    write = deliveries.write_to_zone
    for prefixes, expected in ((None, False), ([""], True)):
        monkeypatch.setattr(deliveries, "write_to_zone", lambda zone, own, given=prefixes: write(zone, given or own))
        lake, proof = declared_anew()
        done = proof.requests(lake.delivery.role.permission_set)
        others = [r for r in proof.requests(lake.crawler.role.permission_set) if r.action == "s3:GetObject"]
        assert bool(proof.allowed(proof.stolen(done[0].principal, done, others))) is expected


def test_notices_a_permission_for_too_little_by_what_aws_checks_as_well(
    monkeypatch: pytest.MonkeyPatch, declared_anew: Callable[[], tuple[SampleLake, Proof]]
) -> None:
    arns = catalog.catalog_arns
    for left_out, expected in ((0, []), (1, ["glue:GetTable on a rootcatalog"])):
        monkeypatch.setattr(catalog, "catalog_arns", lambda *names, given=left_out: arns(*names)[given:])
        lake, proof = declared_anew()
        found = authorization.unchecked(proof.requests(lake.converting.role.permission_set))
        assert [one for one in found if one.startswith("glue:GetTable ")] == expected
