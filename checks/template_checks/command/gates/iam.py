"""parliament: the statements of policies against what IAM knows of actions, resources and conditions."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from template_checks.command.finding import Finding, Severity, value_at
from template_checks.core.arns import arn_of, overlap
from template_checks.core.assembly import StackTemplate
from template_checks.core.conditions import cases
from template_checks.core.policies import identities_of, identity_statements, statements
from template_checks.core.template import Resource, Template

with warnings.catch_warnings():
    # That pkg_resources goes away is parliament's concern, not the reader's.
    warnings.simplefilter("ignore", UserWarning)
    from parliament import analyze_policy_string

# Others are matters of taste, or wrong about statements whose actions take different resources.
_ISSUES = {
    "UNKNOWN_ACTION": "no such action",
    "UNKNOWN_PREFIX": "no such service",
    "UNKNOWN_CONDITION_FOR_ACTION": "the condition key is not one of the action's: the statement never applies",
    "UNKNOWN_OPERATOR": "no such operator",
    "MISMATCHED_TYPE": "the operator does not fit the condition key's type",
    "RESOURCE_MISMATCH": "none of the resources is one that the action works on",
}
_ABOUT_ACTIONS = {"UNKNOWN_ACTION", "UNKNOWN_PREFIX"}
_INTRINSICS = {
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::AccountId": "123456789012",
}


def findings(templates: Sequence[StackTemplate]) -> Iterator[Finding]:
    """Analyse every policy that is attached to an identity."""
    siblings: dict[str, Template] = {}
    for template in templates:
        siblings[template.name] = Template(
            template.document, scope=next(cases(template.document)), siblings=siblings, name=template.name
        )
    for template in templates:
        for logical_id, resource in template.document.get("Resources", {}).items():
            for path, policy in _policies(resource):
                holder = siblings[template.name].resources.get(logical_id)
                yield from _analysed(template, logical_id, path, policy, holder)


def _policies(resource: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the policies of a resource, each after the path to it."""
    properties = resource.get("Properties") or {}
    if resource.get("Type") in {"AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"}:
        yield "Properties.PolicyDocument", properties.get("PolicyDocument") or {}
    if resource.get("Type") in {"AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Group"}:
        for index, inline in enumerate(properties.get("Policies") or []):
            yield f"Properties.Policies.{index}.PolicyDocument", inline.get("PolicyDocument") or {}


def _analysed(
    template: StackTemplate, logical_id: str, path: str, policy: Mapping[str, Any], holder: Resource | None
) -> Iterator[Finding]:
    for index, statement in enumerate(_listed(policy.get("Statement"))):
        whole = {"Version": "2012-10-17", "Statement": [_plain(statement)]}
        for one in analyze_policy_string(json.dumps(whole)).findings:
            if one.issue not in _ISSUES:
                continue
            if one.issue == "RESOURCE_MISMATCH" and (
                _unknown_resources(statement) or (holder and _is_elsewhere(holder, statement, one.detail))
            ):
                continue
            action = _action_in(str(one.detail), statement) if one.issue in _ABOUT_ACTIONS else None
            yield Finding(
                gates=("iam",),
                rules=(one.issue,),
                topic=value_at(f"{path}.Statement.{index}.{action}") if action else f"{one.issue} {one.detail}",
                severity=Severity.ERROR,
                stack=template.name,
                logical_id=logical_id,
                message=f"{_ISSUES[one.issue]}: {_detail(one.detail)}",
            )


def _action_in(detail: str, statement: Mapping[str, Any]) -> str | None:
    """Return where in a statement the action is that a detail ends with, or whose service."""
    actions = statement.get("Action")
    if isinstance(actions, str):
        return "Action"
    said = detail.rpartition(" ")[2]
    found = (index for index, action in enumerate(_listed(actions)) if said in {action, action.partition(":")[0]})
    return next((f"Action.{index}" for index in found), None)


def _is_elsewhere(holder: Resource, statement: Mapping[str, Any], detail: Iterable[Mapping[str, str]]) -> bool:
    """Whether everyone with a policy has other statements, of whichever policies, that allow what one lacks."""
    return all(
        any(
            one.allows
            and one.node.value != statement
            and one.covers(missing["action"])
            and any(overlap(arn_of(item), missing["required_format"]) for item in one.resources)
            for one in [*statements(holder), *identity_statements(identity)]
        )
        for identity in identities_of(holder) or [holder]
        for missing in detail
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
