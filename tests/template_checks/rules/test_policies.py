"""A role is judged by all its policies, however they are attached and in whichever stack they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from template_checks.core import Finding, check, check_app

Resources = dict[str, dict[str, Any]]
TRUST = {
    "Version": "2012-10-17",
    "Statement": {"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"},
}
CATALOG = "arn:${AWS::Partition}:glue:${AWS::Region}:${AWS::AccountId}"
ON_DATABASE = {"Effect": "Allow", "Action": "glue:GetDatabase", "Resource": {"Fn::Sub": f"{CATALOG}:database/lake"}}
ON_TABLE = {
    "Effect": "Allow",
    "Action": ["glue:GetDatabase", "glue:GetTable"],
    "Resource": {"Fn::Sub": f"{CATALOG}:table/lake/flights"},
}
START_CRAWLER = {"Effect": "Allow", "Action": "glue:StartCrawler", "Resource": "*"}


def resource(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": kind, "Properties": properties}


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def role(**properties: Any) -> dict[str, Any]:
    return resource("AWS::IAM::Role", AssumeRolePolicyDocument=TRUST, **properties)


def inline(of: dict[str, Any]) -> Resources:
    return {"Role": role(Policies=[{"PolicyName": "inline", "PolicyDocument": of}])}


def policy(of: dict[str, Any]) -> Resources:
    attached = resource("AWS::IAM::Policy", PolicyName="one", Roles=[{"Ref": "Role"}], PolicyDocument=of)
    return {"Role": role(), "Policy": attached}


def role_policy(of: dict[str, Any]) -> Resources:
    attached = resource("AWS::IAM::RolePolicy", PolicyName="one", RoleName={"Ref": "Role"}, PolicyDocument=of)
    return {"Role": role(), "RolePolicy": attached}


def by_name(of: dict[str, Any]) -> Resources:
    attached = resource("AWS::IAM::Policy", PolicyName="one", Roles=["runner"], PolicyDocument=of)
    return {"Role": role(RoleName="runner"), "ByName": attached}


def managed(of: dict[str, Any]) -> Resources:
    attached = resource("AWS::IAM::ManagedPolicy", Roles=[{"Ref": "Role"}], PolicyDocument=of)
    return {"Role": role(), "Managed": attached}


def managed_by_arn(of: dict[str, Any]) -> Resources:
    attached = resource("AWS::IAM::ManagedPolicy", PolicyDocument=of)
    return {"Role": role(ManagedPolicyArns=[{"Ref": "ByArn"}]), "ByArn": attached}


WAYS: dict[str, Callable[[dict[str, Any]], Resources]] = {
    one.__name__: one for one in (inline, policy, role_policy, by_name, managed, managed_by_arn)
}
EXTRA = resource("AWS::IAM::ManagedPolicy", Roles=[{"Ref": "Role"}], PolicyDocument=document(ON_TABLE))


def machine(**role_properties: Any) -> dict[str, Any]:
    states = (
        '{"StartAt": "Crawl", "TimeoutSeconds": 60, "States": {"Crawl": {"Type": "Task", "End": true, "Resource": '
        '"arn:aws:states:::aws-sdk:glue:startCrawler", "Parameters": {"Name": "files"}}}}'
    )
    arn = {"Fn::GetAtt": ["Role", "Arn"]}
    return resource("AWS::StepFunctions::StateMachine", RoleArn=arn, DefinitionString=states, **role_properties)


def of_rule(rule_id: str, findings: list[Finding]) -> list[str]:
    return [f"{one.logical_id}: {one.found}" for one in findings if one.rule.id == rule_id]


@pytest.mark.parametrize("way", WAYS)
def test_an_action_on_a_resource_of_another_kind_is_superfluous_beside_another_policy(way: str) -> None:
    """As in a role of many datasets, whose statements are divided among managed policies."""
    resources = {**WAYS[way](document(ON_DATABASE)), "Extra": EXTRA}
    assert of_rule("LAKE-IAM-002", check({"Resources": resources})) == []


@pytest.mark.parametrize("way", WAYS)
def test_an_action_that_no_policy_allows_on_its_kind_of_resource_is_refused(way: str) -> None:
    resources = {**WAYS[way](document(START_CRAWLER)), "Extra": EXTRA}
    (found,) = of_rule("LAKE-IAM-002", check({"Resources": resources}))
    assert found.startswith("Extra: glue:GetDatabase on ")


def test_a_policy_of_two_roles_is_judged_with_the_policies_of_each() -> None:
    both = resource(
        "AWS::IAM::ManagedPolicy", Roles=[{"Ref": "Role"}, {"Ref": "Other"}], PolicyDocument=document(ON_TABLE)
    )
    resources = {**policy(document(ON_DATABASE)), "Other": role(), "Both": both}
    assert len(of_rule("LAKE-IAM-002", check({"Resources": resources}))) == 1


def test_a_prohibition_elsewhere_allows_nothing() -> None:
    resources = {**policy(document({**ON_DATABASE, "Effect": "Deny"})), "Extra": EXTRA}
    assert len(of_rule("LAKE-IAM-002", check({"Resources": resources}))) == 1


@pytest.mark.parametrize("way", WAYS)
def test_a_role_may_what_any_of_its_policies_allows(way: str) -> None:
    resources = {**WAYS[way](document(START_CRAWLER)), "Extra": EXTRA, "Machine": machine()}
    assert of_rule("LAKE-STEPS-010", check({"Resources": resources})) == []
    resources = {**WAYS[way](document(ON_DATABASE)), "Extra": EXTRA, "Machine": machine()}
    assert len(of_rule("LAKE-STEPS-010", check({"Resources": resources}))) == 1


def test_a_role_may_what_a_policy_of_another_stack_allows() -> None:
    exported = {"Name": {"Value": {"Ref": "Role"}, "Export": {"Name": "role"}}}
    attached = resource(
        "AWS::IAM::Policy",
        PolicyName="one",
        Roles=[{"Fn::ImportValue": "role"}],
        PolicyDocument=document(START_CRAWLER),
    )
    roles = {"Resources": {"Role": role(), "Machine": machine()}, "Outputs": exported}
    policies = {"Resources": {"Policy": attached}}
    assert of_rule("LAKE-STEPS-010", check_app({"roles": roles, "policies": policies})["roles"]) == []
    assert len(of_rule("LAKE-STEPS-010", check_app({"roles": roles})["roles"])) == 1


def test_a_role_may_not_what_its_boundary_leaves_out_or_a_policy_denies_everywhere() -> None:
    boundary = resource("AWS::IAM::ManagedPolicy", PolicyDocument=document(ON_DATABASE))
    given = [{"PolicyName": "one", "PolicyDocument": document(START_CRAWLER)}]
    bounded = role(Policies=given, PermissionsBoundary={"Ref": "Boundary"})
    resources = {"Role": bounded, "Boundary": boundary, "Machine": machine()}
    assert len(of_rule("LAKE-STEPS-010", check({"Resources": resources}))) == 1
    denied = [*given, {"PolicyName": "two", "PolicyDocument": document({**START_CRAWLER, "Effect": "Deny"})}]
    resources = {"Role": role(Policies=denied), "Machine": machine()}
    assert len(of_rule("LAKE-STEPS-010", check({"Resources": resources}))) == 1


def long(characters: int) -> dict[str, Any]:
    return document({**START_CRAWLER, "Sid": "s" * characters})


@pytest.mark.parametrize("way", ["inline", "policy", "role_policy", "by_name"])
def test_inline_policies_of_a_role_count_together(way: str) -> None:
    extra = resource("AWS::IAM::Policy", PolicyName="extra", Roles=[{"Ref": "Role"}], PolicyDocument=long(5_000))
    fits = {**WAYS[way](long(4_900)), "Extra": extra}
    assert of_rule("LAKE-IAM-011", check({"Resources": fits})) == []
    (found,) = of_rule("LAKE-IAM-011", check({"Resources": {**WAYS[way](long(5_100)), "Extra": extra}}))
    assert found.startswith("Role: 10,")


@pytest.mark.parametrize(
    ("kind", "name", "most"),
    [
        ("AWS::IAM::ManagedPolicy", "PolicyDocument", 6_144),
        ("AWS::IAM::Policy", "PolicyDocument", 10_240),
        ("AWS::S3::BucketPolicy", "PolicyDocument", 20_480),
        ("AWS::KMS::Key", "KeyPolicy", 32_768),
    ],
)
def test_a_policy_that_is_longer_by_one_character_is_refused(kind: str, name: str, most: int) -> None:
    """Values known at deployment count with their shortest length, so that no policy is refused that fits."""
    rest = len('{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"glue:StartCrawler","Resource":"*"')
    rest += len(',"Sid":""}]}')
    for length, refused in ((most, False), (most + 1, True)):
        resources = {"One": resource(kind, **{name: long(length - rest)})}
        assert bool(of_rule("LAKE-IAM-011", check({"Resources": resources}))) is refused
