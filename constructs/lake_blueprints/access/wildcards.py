"""Wildcards that a policy cannot do without, acknowledged one by one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jsii
from aws_cdk import Acknowledgment, Stack, Validations
from aws_cdk import aws_iam as iam
from constructs import Construct, IValidation


def acknowledge_wildcards(policy: Construct, reasons: Mapping[str, str]) -> None:
    """Tell cdk-nag why a policy names some of its resources by a wildcard.

    Parameters
    ----------
    policy: Construct
        A role or policy; every policy below it is looked at.
    reasons: mapping of str to str
        Each resource exactly as it was granted, and why an auditor would accept it.

    Example
    -------
        >>> objects = bucket.arn_for_objects("flights/*")
        >>> grant_on(bucket, role, ["s3:GetObject"], [objects])
        >>> acknowledge_wildcards(role, {objects: "objects below a prefix, whose names are not known"})
    """
    policy.node.add_validation(_Acknowledger(policy, reasons))


@jsii.implements(IValidation)
class _Acknowledger:
    """Acknowledges at validation: only then are references to other stacks what the template will say."""

    def __init__(self, policy: Construct, reasons: Mapping[str, str]) -> None:
        self._policy = policy
        self._reasons = reasons

    def validate(self) -> list[str]:
        stack = Stack.of(self._policy)
        acknowledgments = [
            Acknowledgment(id=f"AwsSolutions-IAM5[Resource::{_flat(stack.resolve(resource))}]", reason=reason)
            for resource, reason in self._reasons.items()
        ]
        for node in self._policy.node.find_all():
            if isinstance(node, iam.CfnManagedPolicy | iam.CfnPolicy):
                Validations.of(node).acknowledge(*acknowledgments)
        return []


def _flat(resource: Any) -> str:
    """Return a resource as cdk-nag writes it in the ids of its findings."""
    match resource:
        case {"Fn::Join": [separator, parts]}:
            return str(separator).join(_flat(part) for part in parts)
        case {"Fn::GetAtt": [name, attribute]}:
            return f"<{name}.{attribute}>"
        case {"Ref": name}:
            return f"<{name}>"
        case {"Fn::ImportValue": name}:
            return _flat(name)
    return str(resource)
