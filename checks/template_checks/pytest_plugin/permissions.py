"""Permissions in a template's policies, one line for each action, resource and principal."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from typing import Any

from attrs import evolve, frozen

from template_checks.pytest_plugin.assembly import Synthesised

_ASSET = re.compile(r"[0-9a-f]{64}")
_POLICIES = {"AWS::IAM::ManagedPolicy", "AWS::IAM::Policy", "AWS::IAM::RolePolicy"}


@frozen
class Permission:
    """One thing that one statement allows or denies.

    The principal and the condition may be empty: the permission is its holder's own, or is unconditional.
    """

    holder: str
    effect: str
    action: str
    resource: str
    principal: str
    condition: str

    def __str__(self) -> str:
        who = f" by {self.principal}" if self.principal else ""
        when = f" if {self.condition}" if self.condition else ""
        return f"{self.holder}: {self.effect} {self.action} on {self.resource}{who}{when}"

    def covers(self, other: Permission) -> bool:
        """Whether everything that the other one says is said by this one as well."""
        same = (self.holder, self.effect, self.condition) == (other.holder, other.effect, other.condition)
        pairs = ((self.action.lower(), other.action.lower()), (self.resource, other.resource))
        return (
            same
            and self.principal in {other.principal, "*"}
            and all(one == another or fnmatchcase(another, _literal(one)) for one, another in pairs)
        )


def permissions(stack: Synthesised) -> set[Permission]:
    """Return the permissions of every policy document in a template, whatever the type of its resource.

    Those of policies that are attached to roles are the roles': which of its policies says it makes no difference.
    """
    resources = stack.template.get("Resources", {})
    roles = _roles_of_policies(resources)
    return {
        evolve(permission, holder=f"{stack.name}/{holder}")
        for logical_id, resource in resources.items()
        for permission in _of_resource(resource)
        for holder in roles.get(logical_id, [logical_id])
    }


def _roles_of_policies(resources: dict[str, Any]) -> dict[str, list[str]]:
    """Return the logical ids of the roles, by those of the policies that are attached to them."""
    found: dict[str, list[str]] = {}
    for logical_id, resource in resources.items():
        for attached in resource.get("Properties", {}).get("ManagedPolicyArns", []):
            if isinstance(attached, dict) and attached.get("Ref") in resources:
                found.setdefault(attached["Ref"], []).append(logical_id)
        if resource["Type"] in _POLICIES:
            properties = resource["Properties"]
            for role in [*properties.get("Roles", []), *_many(properties.get("RoleName", []))]:
                name = role["Ref"] if isinstance(role, dict) and "Ref" in role else _flat(role)
                found.setdefault(logical_id, []).append(name)
    return found


def widened(before: Iterable[Permission], after: Iterable[Permission]) -> list[str]:
    """Return what is allowed now and was not, and what was denied and is not, in words."""
    old, new = set(before), set(after)
    known = {one.holder for one in old}
    allowed = [one for one in new - old if one.effect == "Allow" and not _covered(one, old)]
    undenied = [one for one in old - new if one.effect == "Deny" and not _covered(one, new)]
    return [
        *(f"new permission: {one}" for one in sorted(allowed, key=str) if one.holder in known),
        *_newcomers([one for one in allowed if one.holder not in known]),
        *(f"lifted prohibition: {one}" for one in sorted(undenied, key=str)),
    ]


def _newcomers(permissions: Iterable[Permission]) -> list[str]:
    """Return a line for each role or policy that is new: all that it allows is, and would fill the screen."""
    actions: dict[str, set[str]] = {}
    for one in permissions:
        actions.setdefault(one.holder, set()).add(one.action)
    return [
        f"new permissions: {holder} is new and allows {', '.join(sorted(found))}"
        for holder, found in sorted(actions.items())
    ]


def _covered(permission: Permission, others: Iterable[Permission]) -> bool:
    return any(other.covers(permission) for other in others)


def _literal(pattern: str) -> str:
    """Return an IAM pattern as fnmatch reads it, for which brackets would mean a choice."""
    return re.sub(r"\[", "[[]", pattern)


def _of_resource(resource: dict[str, Any]) -> Iterator[Permission]:
    properties = resource.get("Properties", {})
    for document in _documents(properties):
        for statement in _many(document["Statement"]):
            yield from _of_statement(statement)
    for arn in _many(properties.get("ManagedPolicyArns", [])):
        # Those of this template are listed by themselves.
        if not (isinstance(arn, dict) and "Ref" in arn):
            yield Permission("", "Allow", "everything", _flat(arn), "", "")
    if resource["Type"] == "AWS::Lambda::Permission":
        limits = {key: properties[key] for key in ("SourceArn", "SourceAccount") if key in properties}
        action, function, principal = (_flat(properties.get(key)) for key in ("Action", "FunctionName", "Principal"))
        yield Permission("", "Allow", action, function, principal, _flat(limits) if limits else "")
    if resource["Type"] == "AWS::LakeFormation::PrincipalPermissions":
        on, principal = (_flat(properties.get(key)) for key in ("Resource", "Principal"))
        for action in properties.get("Permissions", []):
            yield Permission("", "Allow", action, on, principal, "")


def _documents(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        if "Statement" in node:
            yield node
        for value in node.values():
            yield from _documents(value)
    if isinstance(node, list):
        for item in node:
            yield from _documents(item)


def _of_statement(statement: dict[str, Any]) -> Iterator[Permission]:
    actions = [_flat(action) for action in _many(statement.get("Action", []))]
    actions += [f"all but {_flat(action)}" for action in _many(statement.get("NotAction", []))]
    found = [_flat(resource) for resource in _many(statement.get("Resource", []))]
    found += [f"all but {_flat(resource)}" for resource in _many(statement.get("NotResource", []))]
    condition = _flat(statement["Condition"]) if statement.get("Condition") else ""
    for action in actions:
        for resource in found or ["itself"]:
            for principal in _principals(statement):
                yield Permission("", statement["Effect"], action, resource, principal, condition)


def _principals(statement: dict[str, Any]) -> list[str]:
    for key, prefix in (("Principal", ""), ("NotPrincipal", "all but ")):
        match statement.get(key):
            case None:
                continue
            case dict() as by_kind:
                return [f"{prefix}{_flat(one)}" for ones in by_kind.values() for one in _many(ones)]
            case principal:
                return [f"{prefix}{_flat(principal)}"]
    return [""]


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _flat(value: Any) -> str:
    """Return a value of a template as one text; the hashes of assets, which change with every edit, left out."""
    match value:
        case str():
            text = value
        case {"Ref": str(name)}:
            text = f"<{name}>"
        case {"Fn::GetAtt": [name, attribute]}:
            text = f"<{name}.{attribute}>"
        case {"Fn::Join": [str(separator), list(parts)]}:
            text = separator.join(_flat(part) for part in parts)
        case {"Fn::Sub": str(pattern)}:
            text = pattern
        case _:
            text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return _ASSET.sub("<asset>", text)
