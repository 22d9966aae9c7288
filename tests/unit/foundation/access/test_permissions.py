"""Permissions: what they make of statements, and where they are recorded."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from lake_blueprints.foundation.access import Permission, ServiceRole, admit, allow, arn_of
from lake_blueprints.foundation.access.admission import admitted_by
from lake_blueprints.foundation.access.grants import allowed_to
from lake_blueprints.foundation.access.permissions import statements_of
from lake_blueprints.foundation.encryption import HashSalt
from tests.support import resources

PAGE = "https://docs.aws.amazon.com/glue/latest/dg/crawler-prereqs.html"


@pytest.fixture
def stack() -> cdk.Stack:
    return cdk.Stack(cdk.App(builtin_cloud_formation_validation=False), "Stack")


def permission(*actions: str, on: str = "arn:one", **options: Any) -> Permission:
    return Permission(actions=actions, on=(on,), because="reads", sources=(PAGE,), **options)


def role_in(scope: Construct, construct_id: str = "Role") -> ServiceRole:
    return ServiceRole(scope, construct_id, services=["glue.amazonaws.com"], description="Reads")


def test_permissions_that_follow_each_other_on_the_same_resources_are_one_statement() -> None:
    found = statements_of([permission("s3:Get"), permission("s3:Put", "s3:Get"), permission("s3:List", on="arn:two")])
    assert [(one.actions, one.on) for one in found] == [
        (("s3:Get", "s3:Put"), ("arn:one",)),
        (("s3:List",), ("arn:two",)),
    ]


@pytest.mark.parametrize(
    "other",
    [
        {"on": "arn:two"},
        {"conditions": {"StringEquals": {"s3:prefix": "flights/"}}},
        {"wildcard": "names vary"},
    ],
    ids=lambda option: next(iter(option)),
)
def test_permissions_that_differ_in_anything_but_their_actions_are_statements_of_their_own(
    other: dict[str, Any],
) -> None:
    assert len(list(statements_of([permission("s3:Get"), permission("s3:Put", **other)]))) == 2


def test_a_statement_has_the_actions_of_its_permissions_in_their_order(stack: cdk.Stack) -> None:
    allow(iam.Role(stack, "User", assumed_by=iam.AccountRootPrincipal()), permission("s3:Put"), permission("s3:Get"))
    (policy,) = resources(dict(cdk.assertions.Template.from_stack(stack).to_json()), "AWS::IAM::Policy")
    (statement,) = policy["Properties"]["PolicyDocument"]["Statement"]
    assert statement["Action"] == ["s3:Put", "s3:Get"]


def test_what_is_allowed_is_recorded_with_the_principal_and_no_other(stack: cdk.Stack) -> None:
    role, user, account = role_in(stack), iam.User(stack, "User"), iam.AccountPrincipal("111122223333")
    allow(role, permission("s3:Get"))
    allow(user, permission("s3:Put"))
    with pytest.raises(ValueError, match="cannot be granted"):
        allow(account, permission("s3:List"))
    assert [[one.actions for one in allowed_to(each)] for each in (role, user, account)] == [
        [("s3:Get",)],
        [("s3:Put",)],
        [],
    ]


def test_a_use_is_recorded_for_what_is_granted_meanwhile_with_its_page(stack: cdk.Stack) -> None:
    role = role_in(stack)
    with role.used_for("loads tables", "https://docs.aws.amazon.com/redshift/"), role.used_for("loads one table"):
        allow(role, permission("s3:Get"))
    with role.used_for("loads tables", "https://docs.aws.amazon.com/redshift/"):
        allow(role, permission("s3:Put"))
    allow(role, permission("s3:List"))
    assert [(one.because, one.sources) for one in role.permission_set.allowed] == [
        ("loads one table", (PAGE,)),
        ("loads tables", (PAGE, "https://docs.aws.amazon.com/redshift/")),
        ("reads", (PAGE,)),
    ]


def test_a_set_is_named_after_the_construct_of_the_library_that_has_the_role(stack: cdk.Stack) -> None:
    salt = HashSalt(stack, "Salt")
    roles = [role_in(salt), role_in(salt, "Starter"), role_in(Construct(salt, "Inner"))]
    assert [role.permission_set.name for role in roles] == ["HashSalt", "HashSalt/Starter", "HashSalt/Inner/Role"]
    assert roles[0].permission_set.assumed_by == ("glue.amazonaws.com",)


def test_a_service_is_admitted_by_the_policy_of_a_resource_and_recorded_with_it(stack: cdk.Stack) -> None:
    key, other = kms.Key(stack, "Key"), kms.Key(stack, "Other")
    use = permission("kms:Decrypt", on=arn_of(key), conditions={"StringEquals": {"aws:SourceAccount": "1"}})
    admit(key, "Logs", "logs.amazonaws.com", use)
    assert admitted_by(key) == (("logs.amazonaws.com", use),)
    assert admitted_by(other) == ()
    first, _ = resources(dict(cdk.assertions.Template.from_stack(stack).to_json()), "AWS::KMS::Key")
    assert first["Properties"]["KeyPolicy"]["Statement"][1:] == [
        {
            "Action": "kms:Decrypt",
            "Condition": {"StringEquals": {"aws:SourceAccount": "1"}},
            "Effect": "Allow",
            "Principal": {"Service": "logs.amazonaws.com"},
            "Resource": "*",
            "Sid": "Logs",
        }
    ]
