"""parliament: the statements of policies against what IAM knows of actions, resources and conditions."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, Final

from template_checks.command.finding import Finding, Severity, Unread, value_at
from template_checks.core.arns import arn_of, overlap
from template_checks.core.assembly import StackTemplate
from template_checks.core.conditions import cases
from template_checks.core.intrinsics import is_function
from template_checks.core.policies import PolicyKind, Statement, identities_of, identity_statements, statements
from template_checks.core.template import Node, Template

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
_PAGE: Final = "https://docs.aws.amazon.com/service-authorization/latest/reference/"


def findings(templates: Sequence[StackTemplate]) -> Iterator[Finding | Unread]:
    """Analyse every policy that is attached to an identity, in each case of its template's conditions."""
    siblings: dict[str, Template] = {}
    for template in templates:
        siblings[template.name] = Template(
            template.document, scope=next(cases(template.document)), siblings=siblings, name=template.name
        )
    for template in templates:
        told = set()
        for scope in cases(template.document):
            one_case = Template(template.document, scope=scope, siblings=siblings, name=template.name)
            for resource in one_case.resources.values():
                for statement in statements(resource):
                    if statement.kind is not PolicyKind.IDENTITY:
                        continue
                    for one in _analysed(template, statement):
                        said = one if isinstance(one, Unread) else (one.logical_id, one.topic, one.message)
                        if said not in told:
                            told.add(said)
                            yield one


def _analysed(template: StackTemplate, statement: Statement) -> Iterator[Finding | Unread]:
    value = statement.node.value
    issues = _issues(json.dumps({"Version": "2012-10-17", "Statement": [_plain(value)]}, default=str))
    if issues is None:
        where = f"{statement.node.resource.logical_id}.{statement.node.path}"
        yield Unread(stack=template.name, gate="iam", what=f"{where}: a statement that parliament cannot analyse")
        return
    for issue, detail in issues:
        if issue == "RESOURCE_MISMATCH" and (_unknown_resources(statement) or _is_elsewhere(statement, detail)):
            continue
        # The type of a value that is only known at deployment is, too.
        if issue == "MISMATCHED_TYPE" and any(_has_functions(node.value) for _, node in statement.conditions):
            continue
        action = _action_in(str(detail), statement) if issue in _ABOUT_ACTIONS else None
        yield Finding(
            gates=("iam",),
            rules=(issue,),
            topic=value_at(action.path) if action else f"{issue} {detail}",
            severity=Severity.ERROR,
            stack=template.name,
            logical_id=statement.node.resource.logical_id,
            path=action.path if action else statement.node.path,
            message=f"{_ISSUES[issue]}: {_detail(detail)}",
            title=_ISSUES[issue].partition(":")[0].capitalize(),
            help=_PAGE,
        )


@lru_cache(maxsize=4096)
def _issues(policy: str) -> list[tuple[str, Any]] | None:
    """Return what parliament says of a policy; None if it cannot analyse it."""
    try:
        found = analyze_policy_string(policy).findings
    except Exception:
        # It raises whatever Python does where a part of a policy has another type than it expects.
        return None
    return [(one.issue, one.detail) for one in found if one.issue in _ISSUES]


def _action_in(detail: str, statement: Statement) -> Node | None:
    """Return the action of a statement that a detail ends with, or whose service."""
    said = detail.rpartition(" ")[2]
    actions = statement.actions
    if len(actions) == 1:
        return actions[0]
    texts = ((action, str(action.value)) for action in actions)
    return next((action for action, text in texts if said in {text, text.partition(":")[0]}), None)


def _is_elsewhere(statement: Statement, detail: Iterable[Any]) -> bool:
    """Whether everyone with a policy has other statements, of whichever policies, that allow what one lacks."""
    holder = statement.node.resource
    return all(
        any(
            one.node.value != statement.node.value
            and one.may_allow(missing["action"])
            and any(overlap(arn_of(item), missing["required_format"]) for item in one.resources)
            for one in [*statements(holder), *identity_statements(identity)]
        )
        for identity in identities_of(holder) or [holder]
        for missing in detail
    )


def _unknown_resources(statement: Statement) -> bool:
    """Whether a resource is only known when the stack is deployed."""
    return any(not isinstance(resource.value, str) for resource in statement.resources)


def _has_functions(value: Any) -> bool:
    if is_function(value):
        return True
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(map(_has_functions, parts))


def _detail(detail: object) -> str:
    return re.sub(r"[{}'\[\]]", "", str(detail))


def _plain(value: Any) -> Any:
    """Return a statement without intrinsics: what is only known at deployment becomes a star."""
    match value:
        case list():
            return [_plain(item) for item in value]
        case {"Ref": str(name)} if len(value) == 1:
            return _INTRINSICS.get(name, "*")
        case {"Fn::Join": [str(separator), [*parts]]} if len(value) == 1:
            return separator.join(str(_plain(part)) for part in parts)
        case dict() if is_function(value):
            return "*"
        case dict():
            return {key: _plain(item) for key, item in value.items()}
    return value
