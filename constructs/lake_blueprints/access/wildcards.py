"""Wildcards that a policy cannot do without, acknowledged one by one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import jsii
from aws_cdk import Acknowledgment, Stack, Validations
from aws_cdk import aws_iam as iam
from constructs import Construct, IValidation


def acknowledge_wildcards(policy: Construct, reasons: Mapping[str, str]) -> None:
    """Tell cdk-nag why a policy names some of its resources by a wildcard.

    Each finding is acknowledged by its exact id; a wildcard without a reason remains one.

    Parameters
    ----------
    policy: Construct
        A role or policy; every policy below it is looked at.
    reasons: mapping of str to str
        A resource as it was granted, or the end of one, for instance `/flights/*` (`::*` is all resources), and why
        an auditor would accept it. It may grow until synthesis.

    Example
    -------
        >>> acknowledge_wildcards(role, {"/flights/*": "objects below a prefix, whose names are not known"})
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
        reasons = {_flat(stack.resolve(end)): reason for end, reason in self._reasons.items()}
        for node in self._policy.node.find_all():
            if isinstance(node, iam.CfnManagedPolicy | iam.CfnPolicy):
                _acknowledge(node, stack.resolve(node.policy_document), reasons)
        return []


def _acknowledge(policy: Construct, document: Mapping[str, Any], reasons: Mapping[str, str]) -> None:
    for statement in document["Statement"]:
        granted = statement["Resource"]
        for resource in granted if isinstance(granted, list) else [granted]:
            finding = f"Resource::{_flat(resource)}"
            for end, reason in reasons.items():
                # A lone `*` ends every wildcard, but means only itself.
                if finding.endswith("::*" if end == "*" else end):
                    acknowledgment = Acknowledgment(id=f"AwsSolutions-IAM5[{finding}]", reason=reason)
                    Validations.of(policy).acknowledge(acknowledgment)


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
        case {}:
            return json.dumps(resource, separators=(",", ":"))
    return str(resource)
