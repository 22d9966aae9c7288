"""Template changes: what loses data, what widens permissions, what is acknowledged, against a baseline."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns

from lake_blueprints.foundation.access import ServiceRole, grant_on
from template_checks.pytest_plugin import TemplateChanges
from template_checks.pytest_plugin.assembly import read_assembly
from template_checks.pytest_plugin.permissions import permissions

Build = Callable[[cdk.Stack], object]


def synthesise(*build: Build) -> str:
    app = cdk.App(builtin_cloud_formation_validation=False, analytics_reporting=False)
    stack = cdk.Stack(app, "Lake")
    for part in build:
        part(stack)
    return app.synth().directory


@pytest.fixture
def changes(tmp_path: Path) -> Callable[[Build, Build], str]:
    """Return what is said of the change from one stack to another."""

    def compare(before: Build, after: Build) -> str:
        baseline = tmp_path / "baseline.json"
        TemplateChanges(accept=True).check(synthesise(before), baseline)
        TemplateChanges().check(synthesise(before), baseline)
        with pytest.raises(AssertionError) as caught:
            TemplateChanges().check(synthesise(after), baseline)
        return str(caught.value)

    return compare


def bucket(
    construct_id: str = "Raw", *, name: str | None = None, removal: cdk.RemovalPolicy = cdk.RemovalPolicy.RETAIN
) -> Build:
    return lambda stack: s3.Bucket(stack, construct_id, bucket_name=name, removal_policy=removal)


def database(name: str) -> Build:
    properties = glue.CfnDatabase.DatabaseInputProperty(name=name)
    return lambda stack: glue.CfnDatabase(stack, "Database", catalog_id="123456789012", database_input=properties)


def role(*grants: tuple[str, str], condition: dict[str, dict[str, str]] | None = None) -> Build:
    def build(stack: cdk.Stack) -> None:
        found = ServiceRole(stack, "Role", services=["glue.amazonaws.com"], description="Reads")
        for action, resource in grants:
            grant_on(None, found, [action], [resource], condition)

    return build


def topic(principal: str, effect: iam.Effect = iam.Effect.ALLOW) -> Build:
    def build(stack: cdk.Stack) -> None:
        statement = iam.PolicyStatement(
            effect=effect, actions=["sns:Publish"], principals=[iam.ServicePrincipal(principal)], resources=["*"]
        )
        sns.Topic(stack, "Topic").add_to_resource_policy(statement)

    return build


def test_a_stateful_resource_that_is_gone_is_lost(changes: Callable[[Build, Build], str]) -> None:
    found = changes(bucket("Raw"), bucket("Landing"))
    assert re.search(r"lost: Lake/Raw\w{8} \(AWS::S3::Bucket\) is kept, but no longer part of the stack", found)
    assert re.search(r"new: Lake/Landing\w{8} \(AWS::S3::Bucket\) holds data", found)


def test_a_stateful_resource_that_was_not_retained_is_deleted_with_its_data(
    changes: Callable[[Build, Build], str],
) -> None:
    found = changes(bucket(removal=cdk.RemovalPolicy.DESTROY), database("lake"))
    assert "is deleted with its data" in found


def test_another_name_replaces_a_bucket(changes: Callable[[Build, Build], str]) -> None:
    found = changes(bucket(name="old"), bucket(name="new"))
    assert '(AWS::S3::Bucket): BucketName was "old", is "new"; CloudFormation makes another one' in found


def test_another_name_replaces_a_database_although_its_schema_does_not_say_so(
    changes: Callable[[Build, Build], str],
) -> None:
    assert 'DatabaseInput/Name was "one", is "two"' in changes(database("one"), database("two"))


def test_a_retention_policy_that_is_gone_leaves_data_unprotected(changes: Callable[[Build, Build], str]) -> None:
    found = changes(bucket(), bucket(removal=cdk.RemovalPolicy.DESTROY))
    assert "unprotected: " in found
    assert "deletion policy was Retain, is Delete" in found


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        (role(("s3:GetObject", "a")), role(("s3:GetObject", "a"), ("s3:PutObject", "a")), "Allow s3:PutObject on a"),
        (role(("s3:GetObject", "a")), role(("s3:GetObject", "a*")), "Allow s3:GetObject on a*"),
        (
            role(("s3:GetObject", "a"), condition={"Bool": {"aws:SecureTransport": "true"}}),
            role(("s3:GetObject", "a")),
            "Allow s3:GetObject on a\n",
        ),
        (topic("s3.amazonaws.com"), topic("events.amazonaws.com"), "Allow sns:Publish on * by events.amazonaws.com"),
        (
            topic("s3.amazonaws.com", iam.Effect.DENY),
            topic("events.amazonaws.com", iam.Effect.DENY),
            "lifted prohibition: Lake/TopicPolicy",
        ),
    ],
    ids=["action", "resource", "condition", "principal", "prohibition"],
)
def test_a_wider_permission_is_named(
    changes: Callable[[Build, Build], str], before: Build, after: Build, message: str
) -> None:
    assert message in changes(before, after)


def test_a_new_role_is_one_line_with_all_that_it_may_do(changes: Callable[[Build, Build], str]) -> None:
    found = changes(bucket(), both(bucket(), role(("s3:PutObject", "b"), ("s3:GetObject", "a"), ("s3:GetObject", "b"))))
    (line,) = (line for line in found.splitlines() if "permission" in line)
    assert line.endswith("is new and allows s3:GetObject, s3:PutObject, sts:AssumeRole")


def test_a_bucket_without_its_policy_is_open_to_what_that_prohibited(changes: Callable[[Build, Build], str]) -> None:
    found = changes(lambda stack: s3.Bucket(stack, "Raw", enforce_ssl=True), lambda stack: s3.Bucket(stack, "Raw"))
    assert "lifted prohibition: Lake/RawPolicy" in found


def both(*builds: Build) -> Build:
    return lambda stack: [build(stack) for build in builds]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (role(("s3:GetObject", "a"), ("s3:PutObject", "a")), role(("s3:GetObject", "a"))),
        (role(("s3:*", "a/*")), role(("s3:GetObject", "a/b"))),
        # One more than fits into a policy, in another order: what each of the two policies says changes.
        (
            role(*((f"s3:Action{n}", "a") for n in range(21))),
            role(*((f"s3:Action{n}", "a") for n in reversed(range(21)))),
        ),
    ],
    ids=["fewer", "within a wildcard", "another policy of the same role"],
)
def test_what_is_not_wider_needs_no_consent(tmp_path: Path, before: Build, after: Build) -> None:
    TemplateChanges(accept=True).check(synthesise(before), tmp_path / "baseline.json")
    TemplateChanges().check(synthesise(after), tmp_path / "baseline.json")


def test_a_new_acknowledgment_is_named_with_its_reason(changes: Callable[[Build, Build], str]) -> None:
    def acknowledged(stack: cdk.Stack) -> None:
        bucket()(stack)
        rule = cdk.Acknowledgment(id="AwsSolutions-S1", reason="nobody reads the logs")
        cdk.Validations.of(stack.node.find_child("Raw")).acknowledge(rule)

    found = changes(bucket(), acknowledged)
    assert "new acknowledgment: /Lake/Raw" in found
    assert "AwsSolutions-S1: nobody reads the logs" in found


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        (
            {"cdk_nag": {"rules_to_suppress": [{"id": "AwsSolutions-S1", "reason": "old"}]}},
            "cdk_nag: AwsSolutions-S1: old",
        ),
        ({"checkov": {"skip": [{"id": "CKV_AWS_18", "comment": "no"}]}}, "checkov: CKV_AWS_18: no"),
        ({"cfn-lint": {"config": {"ignore_checks": ["W3005"]}}}, "cfn-lint: W3005"),
        ({"guard": {"SuppressedRules": ["S3_BUCKET_LOGGING"]}}, "cfn-guard: S3_BUCKET_LOGGING"),
    ],
    ids=["cdk-nag 2", "checkov", "cfn-lint", "cfn-guard"],
)
def test_what_a_template_silences_is_an_acknowledgment(
    changes: Callable[[Build, Build], str], metadata: dict[str, dict[str, Any]], message: str
) -> None:
    def silenced(stack: cdk.Stack) -> None:
        resource = s3.CfnBucket(stack, "Raw")
        for tool, content in metadata.items():
            resource.add_metadata(tool, content)

    assert f"new acknowledgment: Lake/Raw: {message}" in changes(lambda stack: s3.CfnBucket(stack, "Raw"), silenced)


def test_says_how_to_accept(changes: Callable[[Build, Build], str], tmp_path: Path) -> None:
    found = changes(bucket("One"), bucket("Two"))
    assert found.startswith(f"2 changes against {tmp_path / 'baseline.json'} need consent:")
    assert found.endswith(
        "if they are meant, run 'pytest --accept-template-changes', and commit the baseline with them"
    )


def test_a_missing_baseline_is_no_consent(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=r"there is no baseline .*; write it by 'pytest --accept"):
        TemplateChanges().check(synthesise(bucket()), tmp_path / "baseline.json")


def test_refuses_a_folder_without_templates(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"holds no manifest\.json; give the folder that 'app.synth"):
        TemplateChanges().check(tmp_path, tmp_path / "baseline.json")


def test_stacks_of_stages_and_nested_stacks_are_part_of_the_baseline(tmp_path: Path) -> None:
    app = cdk.App(builtin_cloud_formation_validation=False, analytics_reporting=False)
    stack = cdk.Stack(cdk.Stage(app, "Prod"), "Lake")
    bucket("Outer")(stack)
    s3.Bucket(cdk.NestedStack(stack, "Inner"), "Bucket")
    TemplateChanges(accept=True).check(app.synth().directory, tmp_path / "baseline.json")
    text = (tmp_path / "baseline.json").read_text()
    assert '"Prod/Lake/Outer' in text
    assert '"ProdLakeInner' in text


def test_a_permission_belongs_to_the_role_in_whichever_of_its_policies_it_is() -> None:
    statement = {"Effect": "Allow", "Action": "glue:GetTable", "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    trust = {"Version": "2012-10-17", "Statement": []}

    def build(policy: Callable[[cdk.Stack, str], object]) -> str:
        return synthesise(
            lambda stack: policy(stack, iam.CfnRole(stack, "Role", assume_role_policy_document=trust).ref)
        )

    ways: list[Callable[[cdk.Stack, str], object]] = [
        lambda stack, role: iam.CfnPolicy(stack, "One", policy_name="one", roles=[role], policy_document=document),
        lambda stack, role: iam.CfnManagedPolicy(stack, "Two", roles=[role], policy_document=document),
        lambda stack, role: iam.CfnRolePolicy(
            stack, "Three", policy_name="three", role_name=role, policy_document=document
        ),
    ]
    found = {str(one) for way in ways for stack in read_assembly(build(way)) for one in permissions(stack)}
    assert sorted(found) == ["Lake/Role: Allow glue:GetTable on *"]
