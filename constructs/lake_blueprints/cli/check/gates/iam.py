"""parliament: the statements of policies against what IAM knows of actions, resources and conditions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from parliament import analyze_policy_string

from lake_blueprints.cli.check.finding import Finding, Severity
from lake_blueprints.rules.assembly import StackTemplate

# Others are matters of taste, or wrong about statements whose actions take different resources.
_ISSUES = {
    "UNKNOWN_ACTION": "no such action",
    "UNKNOWN_PREFIX": "no such service",
    "UNKNOWN_CONDITION_FOR_ACTION": "the condition key is not one of the action's: the statement never applies",
    "UNKNOWN_OPERATOR": "no such operator",
    "MISMATCHED_TYPE": "the operator does not fit the condition key's type",
    "RESOURCE_MISMATCH": "none of the resources is one that the action works on",
}
_INTRINSICS = {
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::AccountId": "123456789012",
}


def findings(templates: Sequence[StackTemplate]) -> Iterator[Finding]:
    """Analyse every policy that is attached to an identity."""
    for template in templates:
        for logical_id, resource in template.document.get("Resources", {}).items():
            for policy in _policies(resource):
                yield from _analysed(template, logical_id, policy)


def _policies(resource: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    properties = resource.get("Properties") or {}
    if resource.get("Type") in {"AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"}:
        yield properties.get("PolicyDocument") or {}
    if resource.get("Type") in {"AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Group"}:
        yield from (inline.get("PolicyDocument") or {} for inline in properties.get("Policies") or [])


def _analysed(template: StackTemplate, logical_id: str, policy: Mapping[str, Any]) -> Iterator[Finding]:
    for statement in _listed(policy.get("Statement")):
        whole = {"Version": "2012-10-17", "Statement": [_plain(statement)]}
        for one in analyze_policy_string(json.dumps(whole)).findings:
            if one.issue not in _ISSUES or (one.issue == "RESOURCE_MISMATCH" and _unknown_resources(statement)):
                continue
            yield Finding(
                gates=("iam",),
                rules=(one.issue,),
                topic=f"{one.issue} {one.detail}",
                severity=Severity.ERROR,
                stack=template.name,
                logical_id=logical_id,
                message=f"{_ISSUES[one.issue]}: {_detail(one.detail)}",
            )


def _unknown_resources(statement: Mapping[str, Any]) -> bool:
    """Whether a resource is only known when the stack is deployed."""
    return any(not isinstance(resource, str) for resource in _listed(statement.get("Resource")))


def _detail(detail: object) -> str:
    return re.sub(r"[{}'\[\]]", "", str(detail))


def _plain(value: Any) -> Any:
    """Return a statement without intrinsics: what is only known at deployment becomes a star."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((name, argument),) = value.items()
        if name == "Ref":
            return _INTRINSICS.get(argument, "*")
        if name == "Fn::Join":
            return str(argument[0]).join(str(_plain(part)) for part in argument[1])
        if name.startswith("Fn::"):
            return "*"
    return {key: _plain(item) for key, item in value.items()}


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
