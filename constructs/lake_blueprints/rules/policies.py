"""Policies in a template: where they are, and what their statements say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any, Final

from lake_blueprints.rules.template import Node, Resource

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


def statements(resource: Resource) -> Iterator[Statement]:
    """Yield the statements of all policies in a resource."""
    yield from _statements(resource.properties)


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


def policies_of(role: Resource) -> Iterator[Resource]:
    """Yield the policies of the same template that are attached to a role."""
    named = [item.target for item in role.at("ManagedPolicyArns").items()]
    for policy in role.template.of_type("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy"):
        attached = [*policy.at("Roles").items(), policy.at("RoleName")]
        if policy in named or any(item.target is role for item in attached if item.present):
            yield policy


def permissions(role: Resource) -> Iterator[Statement] | None:
    """Yield what a role allows; None if policies outside the app are part of it."""
    managed = [item.target for item in role.at("ManagedPolicyArns").items()]
    if any(policy is None for policy in managed):
        return None
    holders = {id(one): one for one in [role, *(one for one in managed if one), *policies_of(role)]}
    return (
        statement
        for holder in holders.values()
        for statement in statements(holder)
        if statement.kind is PolicyKind.IDENTITY
    )


def trusted_services(role: Resource) -> list[str]:
    """Return the services that may assume a role."""
    return [
        service
        for statement in statements(role)
        if statement.kind is PolicyKind.TRUST and statement.allows
        for service in statement.services
    ]
