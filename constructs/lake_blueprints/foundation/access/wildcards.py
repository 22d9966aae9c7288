"""Wildcards that a policy cannot do without, acknowledged one by one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import jsii
from aws_cdk import Acknowledgment, Stack, Validations
from constructs import Construct, IValidation


@jsii.implements(IValidation)
class Explanations:
    """Reasons for wildcards in the policies of a role or another principal, acknowledged for cdk-nag.

    Each finding is acknowledged by its exact id; a wildcard without a reason remains one. It happens at validation:
    only then are references to other stacks what the template will say.
    """

    def __init__(self, role: Construct) -> None:
        self._role = role
        self._reasons: list[tuple[Sequence[str], str]] = []
        role.node.add_validation(self)

    def add(self, resource_arns: Sequence[str], because: str) -> None:
        self._reasons.append((list(resource_arns), because))

    def validate(self) -> list[str]:
        stack = Stack.of(self._role)
        resolved = stack.resolve([resource_arns for resource_arns, _ in self._reasons])
        acknowledgments = {
            f"AwsSolutions-IAM5[Resource::{_flat(resource)}]": because
            for resources, (_, because) in zip(resolved, self._reasons, strict=True)
            for resource in resources
            if "*" in _flat(resource)
        }
        Validations.of(self._role).acknowledge(
            *(Acknowledgment(id=finding, reason=because) for finding, because in acknowledgments.items())
        )
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
