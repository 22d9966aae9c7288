"""Policies in a template: where they are, and what their statements say.

Above 200 lines: every place in which a template holds a policy, and what it allows.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any, Final

from template_checks.core.arns import arn_of, overlap
from template_checks.core.intrinsics import is_function
from template_checks.core.once import once
from template_checks.core.template import Node, Resource, Template

_IDENTITY: Final = (
    "AWS::IAM::Group",
    "AWS::IAM::GroupPolicy",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::Policy",
    "AWS::IAM::Role",
    "AWS::IAM::RolePolicy",
    "AWS::IAM::User",
    "AWS::IAM::UserPolicy",
)
POLICY_HOLDERS: Final = (
    *_IDENTITY,
    "AWS::Backup::BackupVault",
    "AWS::DynamoDB::Table",
    "AWS::EC2::VPCEndpoint",
    "AWS::ECR::Repository",
    "AWS::EFS::FileSystem",
    "AWS::Events::EventBusPolicy",
    "AWS::KMS::Key",
    "AWS::KMS::ReplicaKey",
    "AWS::Kinesis::ResourcePolicy",
    "AWS::Logs::ResourcePolicy",
    "AWS::MSK::ClusterPolicy",
    "AWS::OpenSearchService::Domain",
    "AWS::S3::AccessPoint",
    "AWS::S3::BucketPolicy",
    "AWS::S3Express::BucketPolicy",
    "AWS::S3Tables::TableBucketPolicy",
    "AWS::S3Tables::TablePolicy",
    "AWS::SecretsManager::ResourcePolicy",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::QueuePolicy",
    "AWS::RedshiftServerless::Namespace",
)

# The identities that policies are attached to, and the properties that name them.
_IDENTITIES: Final = {"AWS::IAM::Role": "RoleName", "AWS::IAM::User": "UserName", "AWS::IAM::Group": "GroupName"}
_POLICIES: Final = tuple(kind for kind in _IDENTITY if kind not in _IDENTITIES)
# The address of an identity that only CloudFormation knows.
_UNKNOWN: Final = ("", "")
_LOGS: Final = ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents")
# What AWS's own policies allow that functions and crawlers mostly have; of the buckets of others, AWSGlueServiceRole
# lets no object be read.
_MANAGED: Final[dict[str, tuple[str, ...]]] = {
    "service-role/AWSLambdaBasicExecutionRole": _LOGS,
    "service-role/AWSLambdaVPCAccessExecutionRole": (
        *_LOGS,
        *("ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"),
        *("ec2:DeleteNetworkInterface", "ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses"),
    ),
    "service-role/AWSLambdaSQSQueueExecutionRole": (
        *_LOGS,
        *("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"),
    ),
    "service-role/AWSLambdaKinesisExecutionRole": (
        *_LOGS,
        *("kinesis:DescribeStream", "kinesis:DescribeStreamSummary", "kinesis:GetRecords", "kinesis:GetShardIterator"),
        *("kinesis:ListShards", "kinesis:ListStreams", "kinesis:SubscribeToShard"),
    ),
    "service-role/AWSLambdaDynamoDBExecutionRole": (
        *_LOGS,
        *("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"),
    ),
    "service-role/AWSGlueServiceRole": (
        *("glue:*", "logs:*", "ec2:*", "iam:*", "cloudwatch:*", "kms:*", "s3:Get[!O]*", "s3:List*", "s3:CreateBucket"),
        *("s3:PutObject", "s3:DeleteObject"),
    ),
}
# The ARN of a bucket whose name has three characters is the shortest that there is.
_SHORTEST_ARN: Final = 16
_SHORTEST: Final = {
    "AWS::AccountId": "1" * 12,
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::StackId": "s" * 60,
    "AWS::URLSuffix": "amazonaws.com",
}


class PolicyKind(StrEnum):
    """Whom a policy speaks of."""

    IDENTITY = "identity"
    RESOURCE = "resource"
    TRUST = "trust"


@dataclass(frozen=True)
class Statement:
    """A statement of a policy."""

    node: Node
    kind: PolicyKind

    @property
    def allows(self) -> bool:
        return self.node.at("Effect").text == "Allow"

    @property
    def actions(self) -> list[Node]:
        return self.node.at("Action").items()

    @property
    def resources(self) -> list[Node]:
        return self.node.at("Resource").items()

    @property
    def conditions(self) -> Iterator[tuple[str, Node]]:
        """The operators of the condition, each with the keys that it compares."""
        for operator in self.node.at("Condition").children():
            yield operator.path.rpartition("Condition.")[2], operator

    @property
    def services(self) -> list[str]:
        """The service principals, with holes for what is not known of them."""
        return [item.rendered for item in self.node.at("Principal.Service").items()]

    def covers(self, action: str) -> bool:
        """Whether an action is among those of the statement."""
        patterns = [item.text or "" for item in self.actions]
        excluded = [item.text or "" for item in self.node.at("NotAction").items()]
        if excluded:
            return not any(fnmatchcase(action.lower(), pattern.lower()) for pattern in excluded)
        return any(fnmatchcase(action.lower(), pattern.lower()) for pattern in patterns)

    def may_cover(self, action: str) -> bool:
        """Whether an action is, or may be once it is deployed, among those of the statement."""
        return self.covers(action) or any(
            item.unknown for name in ("Action", "NotAction") for item in self.node.at(name).items()
        )

    def may_allow(self, action: str) -> bool:
        """Whether the statement allows an action, or may once it is deployed."""
        return (self.allows or self.node.at("Effect").unknown) and self.may_cover(action)

    def forbids(self, action: str) -> bool:
        """Whether the statement denies an action for every resource and principal."""
        everywhere = any(item.text == "*" for item in self.resources)
        denies = self.node.at("Effect").text == "Deny" and not self.node.at("Condition").present
        return denies and everywhere and self.covers(action)


@once
def statements(resource: Resource) -> list[Statement]:
    """Return the statements of all policies in a resource."""
    return list(_statements(resource.properties))


def _statements(node: Node) -> Iterator[Statement]:
    for child in node.children():
        if child.path.rpartition(".")[2] == "Statement":
            for statement in child.items():
                if isinstance(statement.value, dict):
                    yield Statement(statement, _kind(child))
        elif isinstance(child.value, str) and '"Statement"' in child.value:
            yield from _statements(Node(child.resource, child.path, _parsed(child.value)))
        else:
            yield from _statements(child)


def _parsed(text: str) -> Any:
    """Return a policy that is given as text."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _kind(node: Node) -> PolicyKind:
    if "AssumeRolePolicyDocument" in node.path:
        return PolicyKind.TRUST
    return PolicyKind.IDENTITY if node.resource.kind in _IDENTITY else PolicyKind.RESOURCE


def policies_of(identity: Resource) -> list[Resource]:
    """Return the policies that are attached to a role, user or group, in whichever stack of the app they are."""
    return _linked(identity)


def identities_of(policy: Resource) -> list[Resource]:
    """Return the roles, users and groups of the app that a policy is attached to, or is written into."""
    return [policy] if policy.kind in _IDENTITIES else _linked(policy)


@once
def identity_statements(identity: Resource) -> list[Statement]:
    """Return the statements of all policies of a role, user or group, as far as the app has them."""
    return _of_identity([identity, *policies_of(identity)])


@once
def _possible_policies(identity: Resource) -> list[Resource]:
    """Return the policies that are attached to a role, user or group, and those that may be."""
    everywhere = {one.name: one for one in (identity.template, *identity.template.siblings.values())}
    return [*policies_of(identity), *(one for where in everywhere.values() for one in _links(where).get(_UNKNOWN, ()))]


@once
def _possible_statements(identity: Resource) -> list[Statement]:
    return _of_identity([identity, *_possible_policies(identity)])


def _of_identity(holders: Iterable[Resource]) -> list[Statement]:
    return [one for holder in holders for one in statements(holder) if one.kind is PolicyKind.IDENTITY]


def may(role: Resource, action: str) -> bool:
    """Whether a role may do something somewhere; True also where policies outside the app could allow it.

    A statement that denies it everywhere, or a permissions boundary without it, counts more than one that allows it.
    """
    boundary = role.at("PermissionsBoundary").target
    if boundary is not None and not allows(statements(boundary), action):
        return False
    if any(one.forbids(action) for one in identity_statements(role)):
        return False
    elsewhere = [arn.rendered for arn in role.at("ManagedPolicyArns").items() if arn.target is None]
    unread = any(_is_unread(holder.properties) for holder in [role, *_possible_policies(role)])
    found = _possible_statements(role)
    return any(_may_allow(arn, action) for arn in elsewhere) or unread or allows(found, action)


def may_on(role: Resource, action: str, node: Node) -> bool:
    """Whether a role may do something with the resource that a value names; True also where `may` is in doubt."""
    if not may(role, action):
        return False
    elsewhere = [arn.rendered for arn in role.at("ManagedPolicyArns").items() if arn.target is None]
    granted = (one for one in _possible_statements(role) if one.may_allow(action))
    unread = any(_is_unread(holder.properties) for holder in [role, *_possible_policies(role)])
    return unread or any(_may_allow(arn, action) for arn in elsewhere) or any(_is_about(one, node) for one in granted)


def _is_about(statement: Statement, node: Node) -> bool:
    """Whether a statement may be about the resource that a value names."""
    if not statement.resources:
        return True
    about = node.target
    for item in statement.resources:
        other = item.target
        if about is None or other is None or other.kind != about.kind or not item.rendered.startswith("${"):
            # Only ARNs that start with a reference to one resource are known for sure to differ.
            if overlap(arn_of(item), arn_of(node)) or item.rendered == "*":
                return True
        elif (other.template.name, other.logical_id) == (about.template.name, about.logical_id):
            return True
    return False


def _may_allow(arn: str, action: str) -> bool:
    """Whether a managed policy from outside the app allows an action; of most nobody knows here."""
    known = _MANAGED.get(arn.rpartition(":policy/")[2]) if ":aws:policy/" in arn else None
    return known is None or any(fnmatchcase(action.lower(), pattern.lower()) for pattern in known)


def _is_unread(node: Node) -> bool:
    """Whether only CloudFormation knows the policies of an object, or statements of theirs."""
    document = node.at("PolicyDocument")
    parts = [node.at("Policies"), *node.at("Policies").items(), document, document.at("Statement")]
    unknown = any(part.present and not part.known for part in (*parts, *document.at("Statement").items()))
    return unknown or any(_is_unread(policy) for policy in node.at("Policies").items())


def allows(granted: list[Statement], action: str) -> bool:
    """Whether some statement allows an action, or may, on whatever."""
    return any(statement.may_allow(action) for statement in granted)


@once
def _linked(resource: Resource) -> list[Resource]:
    template = resource.template
    others = [one for one in template.siblings.values() if one.name != template.name]
    found = [one for where in (template, *others) for one in _links(where).get(resource.address, ())]
    return list({one.address: one for one in found}.values())


@once
def _links(template: Template) -> dict[tuple[str, str], list[Resource]]:
    """Return what a template attaches to what: the policies of each identity, the identities of each policy.

    Policies of an identity that only CloudFormation knows may be those of any.
    """
    found: dict[tuple[str, str], list[Resource]] = {}
    for policy, identity in _attachments(template):
        if identity is None:
            found.setdefault(_UNKNOWN, []).append(policy)
            continue
        found.setdefault(identity.address, []).append(policy)
        found.setdefault(policy.address, []).append(identity)
    return found


def _attachments(template: Template) -> Iterator[tuple[Resource, Resource | None]]:
    identities = list(template.of_type(*_IDENTITIES))
    named = {(one.kind, name): one for one in identities if (name := one.at(_IDENTITIES[one.kind]).text)}
    for policy in template.of_type(*_POLICIES):
        for kind, name in _IDENTITIES.items():
            for node in [*policy.at(f"{name.removesuffix('Name')}s").items(), *policy.at(name).items()]:
                identity = node.target or named.get((kind, node.text or ""))
                if identity is not None or node.unknown:
                    yield policy, identity
    for identity in identities:
        for node in identity.at("ManagedPolicyArns").items():
            if (target := node.target) is not None and target.kind == "AWS::IAM::ManagedPolicy":
                yield target, identity


def least_length(document: Any) -> int:
    """Return how many characters a policy has at the least, wherever it is deployed."""
    return len(json.dumps(_shortest(document), separators=(",", ":"), default=str))


def _shortest(value: Any) -> Any:  # noqa: PLR0911 - one case per function
    """Return a part of a policy with the shortest text in place of each function of CloudFormation."""
    match value:
        case {"Ref": str(name)} if len(value) == 1:
            return _SHORTEST.get(name, "r")
        case {"Fn::GetAtt": [_, str(attribute)]} if len(value) == 1:
            return "r" * (_SHORTEST_ARN if attribute.endswith("Arn") else 1)
        case {"Fn::Join": [str(separator), [*parts]]} if len(value) == 1:
            return separator.join(str(_shortest(part)) for part in parts)
        case dict() if is_function(value):
            return ""
        case dict():
            return {key: _shortest(item) for key, item in value.items()}
        case list():
            return [_shortest(item) for item in value]
    return value


def trusted_services(role: Resource) -> list[str]:
    """Return the services that may assume a role."""
    return [
        service
        for statement in statements(role)
        if statement.kind is PolicyKind.TRUST and (statement.allows or statement.node.at("Effect").unknown)
        for service in statement.services
    ]
