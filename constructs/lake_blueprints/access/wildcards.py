"""Wildcards that a policy cannot do without, explained one by one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import jsii
from aws_cdk import Acknowledgment, Stack, Validations
from aws_cdk import aws_iam as iam
from constructs import IValidation


def explain_wildcards(role: iam.Role, resource_arns: Sequence[str], because: str) -> None:
    """Tell cdk-nag why the role's policies name some resources by a wildcard.

    Each finding is acknowledged by its exact id; a wildcard without a reason remains one.
    """
    role.node.add_validation(_Explanation(role, resource_arns, because))


@jsii.implements(IValidation)
class _Explanation:
    """Acknowledges at validation: only then are references to other stacks what the template will say."""

    def __init__(self, role: iam.Role, resource_arns: Sequence[str], because: str) -> None:
        self._role = role
        self._resource_arns = list(resource_arns)
        self._because = because

    def validate(self) -> list[str]:
        for resource in Stack.of(self._role).resolve(self._resource_arns):
            flat = _flat(resource)
            if "*" in flat:
                finding = f"AwsSolutions-IAM5[Resource::{flat}]"
                Validations.of(self._role).acknowledge(Acknowledgment(id=finding, reason=self._because))
        return []


def _flat(resource: Any) -> str:
    """Return a resource as cdk-nag writes it in the ids of its findings."""
    match resource:
        case str():
            return resource
        case {"Fn::Join": [separator, parts]}:
            return str(separator).join(_flat(part) for part in parts)
        case {"Fn::GetAtt": [name, attribute]}:
            return f"<{name}.{attribute}>"
        case {"Fn::ImportValue": name}:
            return _flat(name)
        case {"Ref": name}:
            return f"<{name}>"
    return json.dumps(resource, separators=(",", ":"), ensure_ascii=False)
