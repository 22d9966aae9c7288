"""ServiceRole: its permissions are there before whatever uses the role."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam
from syrupy.assertion import SnapshotAssertion

from lake_blueprints.foundation.access import ServiceRole, grant_on
from tests.support import assert_passes_the_gates, nag_findings, properties, resources, template_of


def role(scope: cdk.Stack, name: str = "Role", **options: Any) -> ServiceRole:
    made = ServiceRole(scope, name, services=["glue.amazonaws.com"], description="Runs the job", **options)
    grant_on(None, made, ["glue:GetJob"], [scope.format_arn(service="glue", resource="job", resource_name="job")])
    return made


def test_matches_its_snapshot(stack: cdk.Stack, template_snapshot: SnapshotAssertion) -> None:
    role(stack)
    assert template_of(stack) == template_snapshot


def test_passes_the_gates() -> None:
    assert_passes_the_gates(role)


def test_grants_go_into_one_managed_policy_that_the_role_names(stack: cdk.Stack) -> None:
    made = role(stack)
    grant_on(None, made, ["s3:GetObject"], ["arn:elsewhere"])
    made.add_to_principal_policy(iam.PolicyStatement(actions=["kms:Decrypt"], resources=["arn:key"]))
    template = template_of(stack)
    assert resources(template, "AWS::IAM::Policy") == []
    (policy_id,) = [name for name, item in template["Resources"].items() if item["Type"] == "AWS::IAM::ManagedPolicy"]
    # The reference makes CloudFormation create the policy first, and whatever names the role last.
    assert properties(template, "AWS::IAM::Role")["ManagedPolicyArns"] == [{"Ref": policy_id}]
    granted = properties(template, "AWS::IAM::ManagedPolicy")["PolicyDocument"]["Statement"]
    assert [statement["Action"] for statement in granted] == ["glue:GetJob", "s3:GetObject", "kms:Decrypt"]


def test_trusts_services_only_for_requests_of_this_account(stack: cdk.Stack) -> None:
    role(stack)
    (trust,) = properties(template_of(stack), "AWS::IAM::Role")["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "glue.amazonaws.com"}
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


def test_can_leave_out_the_account_for_a_service_that_does_not_send_it(stack: cdk.Stack) -> None:
    role(stack, source_account=False)
    (trust,) = properties(template_of(stack), "AWS::IAM::Role")["AssumeRolePolicyDocument"]["Statement"]
    assert "Condition" not in trust


def test_can_trust_several_services(stack: cdk.Stack) -> None:
    made = ServiceRole(stack, "Role", services=["a.amazonaws.com", "b.amazonaws.com"], description="Two")
    grant_on(None, made, ["glue:GetJob"], ["arn:nowhere"])
    trust = properties(template_of(stack), "AWS::IAM::Role")["AssumeRolePolicyDocument"]["Statement"]
    assert [statement["Principal"]["Service"] for statement in trust] == ["a.amazonaws.com", "b.amazonaws.com"]


def findings(stack: cdk.Stack, *, jobs: str | None, metrics: str | None) -> list[str]:
    """Return the findings of a role that may look at some jobs and write metrics anywhere, for the reasons given."""
    made = ServiceRole(stack, "Role", services=["glue.amazonaws.com"], description="Runs the job")
    nightly = stack.format_arn(service="glue", resource="job", resource_name="nightly*")
    grant_on(None, made, ["glue:GetJob"], [nightly], because=jobs)
    grant_on(None, made, ["cloudwatch:PutMetricData"], ["*"], because=metrics)
    template_of(stack)
    return [finding.split("]")[0].rsplit("/")[-1].rsplit("::")[-1] for finding in nag_findings(stack)]


def test_a_wildcard_that_nobody_explained_is_a_finding(stack: cdk.Stack) -> None:
    assert findings(stack, jobs=None, metrics=None) == ["nightly*", "*"]


def test_explaining_one_wildcard_explains_no_other(stack: cdk.Stack) -> None:
    assert findings(stack, jobs=None, metrics="metrics have no resources") == ["nightly*"]


def test_a_wildcard_is_explained_where_it_is_granted(stack: cdk.Stack) -> None:
    assert findings(stack, jobs="jobs of the night", metrics="metrics have no resources") == []


def test_a_role_without_permissions_has_no_policy(stack: cdk.Stack) -> None:
    ServiceRole(stack, "Role", services=["glue.amazonaws.com"], description="Does nothing")
    assert resources(template_of(stack), "AWS::IAM::ManagedPolicy") == []


def test_many_statements_are_spread_over_several_policies(stack: cdk.Stack) -> None:
    made = ServiceRole(stack, "Role", services=["glue.amazonaws.com"], description="Does much")
    for number in range(45):
        job = stack.format_arn(service="glue", resource="job", resource_name=f"job{number}")
        # Names of 100 characters: with them a statement has about 220, and a policy may have 6,144.
        grant_on(None, made, [f"glue:Action{number}"], [f"{job}{'x' * 100}"])
    template = template_of(stack)
    policies = resources(template, "AWS::IAM::ManagedPolicy")
    counts = [len(policy["Properties"]["PolicyDocument"]["Statement"]) for policy in policies]
    assert sum(counts) == 45
    assert len(counts) == len(properties(template, "AWS::IAM::Role")["ManagedPolicyArns"]) == 2


def test_a_statement_that_is_granted_twice_stands_once(stack: cdk.Stack) -> None:
    made = role(stack)
    for _ in range(3):
        grant_on(None, made, ["kms:Decrypt"], ["arn:key"], {"Bool": {"kms:GrantIsForAWSResource": "true"}})
    granted = properties(template_of(stack), "AWS::IAM::ManagedPolicy")["PolicyDocument"]["Statement"]
    assert [statement["Action"] for statement in granted] == ["glue:GetJob", "kms:Decrypt"]


def test_every_grant_of_a_role_says_that_it_succeeded(stack: cdk.Stack) -> None:
    made = role(stack)
    for _ in range(2):
        grant_on(None, made, ["kms:Decrypt"], ["arn:key"]).assert_success()


def test_refuses_more_than_ten_policies(stack: cdk.Stack) -> None:
    role = ServiceRole(stack, "Role", services=["glue.amazonaws.com"], description="Does everything")
    with pytest.raises(ValueError, match="role 'Stack/Role' needs more permissions than fit into 10 managed policies"):
        for number in range(1_000):
            grant_on(None, role, ["s3:GetObject"], [f"arn:x:s3:::{'bucket' * 10}{number}/*"])


@pytest.mark.parametrize(
    ("services", "description", "message"),
    [
        ([], "Runs", "'services' must be one service or more, such as glue.amazonaws.com, got none"),
        (["glue.amazonaws.com"], "x" * 1001, "'description' must have at most 1,000 characters, got 1,001; shorten it"),
    ],
)
def test_a_role_that_iam_refuses_is_refused_by_name(
    stack: cdk.Stack, services: list[str], description: str, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        ServiceRole(stack, "Role", services=services, description=description)
