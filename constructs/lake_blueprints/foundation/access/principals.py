"""Principals of grants: those that have policies, those that only policies of resources can name, and all others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from aws_cdk import Stack, Token
from aws_cdk import aws_iam as iam
from constructs import IConstruct

from lake_blueprints.foundation.access.service_role import ServiceRole

# Keys of conditions that say who calls, so that `*` is no longer everyone:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
_WHO = {"aws:principalaccount", "aws:principalarn", "aws:principalorgid", "aws:principalorgpaths", "aws:sourceorgid"}


def has_policies(grantee: iam.IGrantable) -> bool:
    """Tell whether a grantee is a role, user or group, and so has policies; all others are named by resources'."""
    return isinstance(grantee, ServiceRole) or hasattr(grantee.grant_principal, "node")


def is_of_another_account(grantee: iam.IGrantable) -> bool:
    """Tell whether a role, user or group is known to be of another account than the stack that names it."""
    if isinstance(grantee, ServiceRole) or not has_policies(grantee):
        return False
    principal = grantee.grant_principal
    accounts = {principal.principal_account, Stack.of(cast(IConstruct, principal)).account}
    return len(accounts) > 1 and not any(account is None or Token.is_unresolved(account) for account in accounts)


def is_out_of_reach(grantee: iam.IGrantable) -> bool:
    """Tell whether no policy of this app is the grantee's own, so that only policies of resources can allow it."""
    return not has_policies(grantee) or is_of_another_account(grantee)


def is_anybody(grantee: iam.IGrantable) -> bool:
    """Tell whether a principal is `*`, with conditions that say who calls."""
    return not has_policies(grantee) and "*" in _named(grantee.grant_principal)[0]


def name_of(grantee: iam.IGrantable) -> str:
    """Return a grantee's name for messages."""
    principal = grantee.grant_principal
    return f"'{principal.node.path}'" if has_policies(grantee) else type(principal).__name__  # type: ignore[attr-defined]


def check_principal(grantee: iam.IGrantable) -> None:
    """Refuse principals that a lake is not granted to.

    Raises
    ------
    ValueError
        If the grantee is everyone, a federated or an unknown identity, a service that acts for any account, or a
        group of another account.
    """
    if isinstance(grantee, ServiceRole):
        return
    principal = grantee.grant_principal
    if isinstance(principal, iam.UnknownPrincipal):
        raise ValueError(
            "the grantee was imported without its role, so that nothing can be granted to it; import it with its role"
        )
    if has_policies(grantee):
        if hasattr(principal, "group_arn") and is_of_another_account(grantee):
            raise ValueError(
                f"{name_of(grantee)} is a group of another account, which no policy can name; grant a role"
            )
        return
    kinds, conditions = _named(principal)
    name = name_of(grantee)
    if "*" in kinds and not _says_who(conditions):
        raise ValueError(
            f"{name} is everyone, and a lake is never public; grant it to a role, an account or an organization"
        )
    if "Federated" in kinds:
        raise ValueError(f"{name} is a federated identity, which acts as the role that it assumes; grant that role")
    if "CanonicalUser" in kinds:
        raise ValueError(f"{name} is known to S3 alone, not to the key of its objects; grant its AccountPrincipal")
    if "Service" in kinds and not conditions:
        raise ValueError(
            f"{name} acts for every account of AWS; say for whom, for instance ServicePrincipal(..., conditions="
            "{'StringEquals': {'aws:SourceAccount': account}}), or grant a role that the service assumes"
        )


def check_resource(resource: iam.IResourceWithPolicy, grantee: iam.IGrantable) -> None:
    """Refuse principals that the policy of a resource would name to no effect.

    Raises
    ------
    ValueError
        If the grantee is the account of the resource itself.
    """
    if has_policies(grantee):
        return
    stack = Stack.of(resource)
    named, own = stack.resolve([dict(grantee.grant_principal.policy_fragment.principal_json), stack.account])
    for value in _values(named.get("AWS")):
        # Resolved, an account is named by its number or by the ARN of its root, whole or in parts.
        *before, last = value["Fn::Join"][1] if isinstance(value, dict) else [value]
        by_reference = last == ":root" and before[-1:] in ([own], [{"Ref": "AWS::AccountId"}])
        if by_reference or last == own or str(last).endswith(f":iam::{own}:root"):
            raise ValueError(
                f"{name_of(grantee)} is the lake's own account: its roles and users need policies of their own "
                "beside it, which are all that they need; grant these"
            )


def _named(principal: iam.IPrincipal) -> tuple[set[str], Mapping[str, Any]]:
    """Return the kinds of principals that a principal stands for, `*` among them, and the conditions."""
    fragment = principal.policy_fragment
    kinds = set(fragment.principal_json)
    if any("*" in _values(values) for values in fragment.principal_json.values()):
        kinds.add("*")
    return kinds, fragment.conditions


def _says_who(conditions: Mapping[str, Any]) -> bool:
    return any(
        key.lower() in _WHO and "*" not in _values(values)
        for operator, keys in conditions.items()
        if "Not" not in operator and not operator.endswith("IfExists")
        for key, values in keys.items()
    )


def _values(value: Any) -> list[Any]:
    return [value] if isinstance(value, str | dict) else list(value or ())
