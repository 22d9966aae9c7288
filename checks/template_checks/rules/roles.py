"""Roles: that they are some, trust who uses them, and allow what is done with them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Final

from template_checks.core.arns import arn_of
from template_checks.core.policies import PolicyKind, may, may_on, statements, trusted_services
from template_checks.core.rule import Violation, rule
from template_checks.core.template import Node, Resource
from template_checks.core.values import between

_GUIDE: Final = "https://docs.aws.amazon.com/IAM/latest/UserGuide"
_ROLE_PROPERTIES: Final = re.compile(
    r"(.*Role(Arn|ARN)|Role|(Service)?ExecutionRole|ServiceRole|IamRole|DefaultIamRoleArn|.*RoleARN)"
)
# Services that assume the roles of a type; any of them will do.
_TRUST: Final[dict[str, tuple[str, ...]]] = {
    "AWS::Glue::*": ("glue",),
    "AWS::KinesisFirehose::DeliveryStream": ("firehose",),
    "AWS::StepFunctions::StateMachine": ("states",),
    "AWS::Lambda::Function": ("lambda",),
    "AWS::SageMaker::*": ("sagemaker",),
    "AWS::RedshiftServerless::Namespace": ("redshift-serverless", "redshift"),
    "AWS::Redshift::Cluster": ("redshift",),
    "AWS::Redshift::ScheduledAction": ("scheduler.redshift",),
    "AWS::KinesisAnalyticsV2::Application": ("kinesisanalytics",),
    "AWS::LakeFormation::Resource": ("lakeformation",),
    "AWS::Scheduler::Schedule": ("scheduler",),
    "AWS::Pipes::Pipe": ("pipes",),
    "AWS::Events::Rule": ("events",),
    "AWS::OSIS::Pipeline": ("osis-pipelines",),
    "AWS::DMS::Endpoint": ("dms",),
    "AWS::DataSync::Location*": ("datasync",),
    "AWS::DataBrew::*": ("databrew",),
    "AWS::EMRServerless::Application": ("emr-serverless",),
    "AWS::KafkaConnect::Connector": ("kafkaconnect",),
    "AWS::IoT::TopicRule": ("iot",),
    "AWS::CloudTrail::Trail": ("cloudtrail",),
    "AWS::EC2::FlowLog": ("vpc-flow-logs",),
    "AWS::Batch::ComputeEnvironment": ("batch", "spotfleet", "ec2"),
    "AWS::MWAA::Environment": ("airflow", "airflow-env"),
    "AWS::DataZone::Domain": ("datazone",),
    "AWS::Backup::BackupSelection": ("backup",),
}


@rule(
    "LAKE-IAM-006",
    "AWS::*",
    title="A role is a role",
    fix="give the ARN of an IAM role",
    source=f"{_GUIDE}/reference_identifiers.html",
)
def is_role(resource: Resource) -> Iterator[Violation]:
    """The service refuses the ARN of something else, at creation or when it first tries it."""
    for node in _role_values(resource):
        target = node.target
        if target is not None and _is_no_role(target):
            yield Violation(
                at=node, found=f"the {target.kind} {target.logical_id}", allowed="the ARN of an AWS::IAM::Role"
            )
        elif not _may_name_role(node):
            yield Violation(at=node, allowed="the ARN of a role, arn:<partition>:iam::<account>:role/<name>")


@rule(
    "LAKE-IAM-007",
    *_TRUST,
    title="A role trusts the service that uses it",
    fix="add the service to the role's AssumeRolePolicyDocument",
    source=f"{_GUIDE}/id_roles_create_for-service.html",
)
def trust(resource: Resource) -> Iterator[Violation]:
    """The service cannot assume the role: creation fails, or the first run."""
    wanted = next(services for kind, services in _TRUST.items() if fnmatchcase(resource.kind, kind))
    for node in _role_values(resource):
        role = node.target
        if role is None or role.kind != "AWS::IAM::Role" or not role.at("AssumeRolePolicyDocument").known:
            continue
        trusted = trusted_services(role)
        hosts = [f"{service}." for service in wanted]
        if not any(name.startswith((*hosts, "${", "*")) for name in trusted):
            found = f"{role.logical_id}, which trusts {', '.join(trusted) or 'no service'}"
            yield Violation(at=node, found=found, allowed=f"a role that trusts {wanted[0]}.amazonaws.com")


@rule(
    "LAKE-IAM-008",
    "AWS::IAM::Role",
    title="Sessions of a role last 1 to 12 hours",
    fix="set MaxSessionDuration between 3600 and 43200",
    source=f"{_GUIDE}/id_roles_update-role-settings.html",
)
def session(role: Resource) -> Iterator[Violation]:
    """IAM refuses other durations, and a trust policy that assumes by another action than sts has."""
    yield from between(role.at("MaxSessionDuration"), 3600, 43200, "seconds")
    for statement in statements(role):
        if statement.kind is PolicyKind.TRUST:
            for node in statement.actions:
                if node.text and not node.text.lower().startswith(("sts:", "*")):
                    yield Violation(at=node, allowed="an action of sts, such as sts:AssumeRole")


def _role_values(resource: Resource) -> Iterator[Node]:
    """Yield the values of properties that name roles, at any depth outside of policies."""
    if not resource.kind.startswith(("AWS::IAM::", "AWS::CloudFormation::", "AWS::SSM::", "AWS::RAM::")):
        yield from _roles_in(resource.properties)


def _roles_in(node: Node) -> Iterator[Node]:
    for child in node.children():
        name = child.path.rpartition(".")[2]
        if name in {"Statement", "Environment", "Parameters", "DefaultArguments", "Tags"}:
            continue
        if _ROLE_PROPERTIES.fullmatch(name) and not isinstance(child.value, list) and not _is_object(child):
            yield child
        elif name == "IamRoles":
            yield from child.items()
        else:
            yield from _roles_in(child)


def _is_object(node: Node) -> bool:
    return isinstance(node.value, dict) and node.known


def _is_no_role(target: Resource) -> bool:
    """Whether a resource can neither be a role nor know the ARN of one."""
    if target.kind.startswith("AWS::IAM::"):
        return target.kind in {"AWS::IAM::ManagedPolicy", "AWS::IAM::User", "AWS::IAM::Group"}
    return True


def _may_name_role(node: Node) -> bool:
    if node.rendered.startswith("arn:"):
        return re.match(r"arn:[^:]+:iam::[^:]*:(role/|\*)", arn_of(node)) is not None
    by_name = not node.path.lower().endswith("arn")
    return node.text is None or by_name or node.text.startswith("{{") or not node.text


def role_must_allow_on(node: Node, action: str, about: Node) -> Iterator[Violation]:
    """Refuse a role of the app that does not allow an action on what a value names."""
    role = node.target
    if role is not None and role.kind == "AWS::IAM::Role" and not may_on(role, action, about):
        yield Violation(
            at=node, found=f"{role.logical_id}, which may not", allowed=f"a role with {action} on {about.rendered}"
        )


def role_must_allow(node: Node, action: str) -> Iterator[Violation]:
    """Refuse a role of the app that does not allow an action; roles and policies from elsewhere pass."""
    role = node.target
    if role is not None and role.kind == "AWS::IAM::Role" and not may(role, action):
        yield Violation(at=node, found=f"{role.logical_id}, which may not", allowed=f"a role with {action}")
