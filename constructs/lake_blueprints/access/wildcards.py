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

    Only resources that end in one of the given texts are acknowledged, each by the exact id of its finding.

    Parameters
    ----------
    policy: Construct
        A role or policy; every policy below it is looked at.
    reasons: mapping of str to str
        End of the resource, for instance `/flights/*` (`Resource::*` is the lone wildcard), and why an auditor
        would accept it.
    """
    policy.node.add_validation(_Acknowledger(policy, reasons))


@jsii.implements(IValidation)
class _Acknowledger:
    """Acknowledges at validation: only then are references to other stacks what the template will say."""

    def __init__(self, policy: Construct, reasons: Mapping[str, str]) -> None:
        self._policy = policy
        self._reasons = reasons

    def validate(self) -> list[str]:
        for node in self._policy.node.find_all():
            if isinstance(node, iam.CfnManagedPolicy | iam.CfnPolicy):
                self._acknowledge(node, Stack.of(node).resolve(node.policy_document))
        return []

    def _acknowledge(self, node: Construct, document: dict[str, Any]) -> None:
        for statement in document["Statement"]:
            for resource in _as_list(statement["Resource"]):
                finding = f"Resource::{_finding(resource)}"
                for end, reason in self._reasons.items():
                    if finding.endswith(end):
                        rule = f"AwsSolutions-IAM5[{finding}]"
                        Validations.of(node).acknowledge(Acknowledgment(id=rule, reason=reason))


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _finding(resource: Any) -> str:
    """Return a resource as cdk-nag writes it in the ids of its findings."""
    match resource:
        case {"Fn::Join": [separator, parts]}:
            return str(separator).join(_finding(part) for part in parts)
        case {"Fn::GetAtt": [name, attribute]}:
            return f"<{name}.{attribute}>"
        case {"Ref": name}:
            return f"<{name}>"
        case {"Fn::ImportValue": name}:
            return _finding(name)
    return str(resource)
