"""Permissions granted, and recorded with those who have them.

The L2 grants of aws-cdk-lib use wildcards (`s3:GetObject*`), which audits refuse and which need an acknowledgment
each; here every action is spelled out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any
from weakref import WeakKeyDictionary

from aws_cdk import Annotations, Resource
from aws_cdk import aws_iam as iam

from lake_blueprints.foundation.access.following import announce
from lake_blueprints.foundation.access.permissions import Permission, statements_of
from lake_blueprints.foundation.access.principals import (
    check_principal,
    check_resource,
    has_policies,
    is_of_another_account,
    is_out_of_reach,
    name_of,
)
from lake_blueprints.foundation.access.service_role import ServiceRole
from lake_blueprints.foundation.access.wildcards import Explanations

# Permissions of principals that are no `ServiceRole`.
_ALLOWED: WeakKeyDictionary[Any, list[Permission]] = WeakKeyDictionary()
_EXPLANATIONS: WeakKeyDictionary[Any, Explanations] = WeakKeyDictionary()


def allow(grantee: iam.IGrantable, *permissions: Permission) -> iam.Grant:
    """Grant permissions, and record them with the grantee.

    Permissions that follow each other on the same resources, under the same conditions, make one statement.

    Raises
    ------
    ValueError
        If no policy could allow them to the grantee; docs/permissions.md lists the kinds of principals.
    """
    granted = [
        grant_on(one.policy_of, grantee, one.actions, one.on, one.conditions, because=one.wildcard)
        for one in statements_of(permissions)
    ]
    if isinstance(grantee, ServiceRole):
        grantee.record(permissions)
    else:
        _ALLOWED.setdefault(grantee.grant_principal, []).extend(permissions)
    announce(grantee, permissions)
    return combine(*granted)


def allowed_to(grantee: iam.IGrantable) -> tuple[Permission, ...]:
    """Return the permissions that a principal has been granted."""
    if isinstance(grantee, ServiceRole):
        return grantee.permission_set.allowed
    return tuple(_ALLOWED.get(grantee.grant_principal, ()))


def grant_on(
    resource: iam.IResourceWithPolicy | None,
    grantee: iam.IGrantable,
    actions: Sequence[str],
    resource_arns: Sequence[str],
    conditions: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    because: str | None = None,
) -> iam.Grant:
    """Grant `actions` to `grantee`, and through the resource's own policy if it is of another account.

    Parameters
    ----------
    resource: iam.IResourceWithPolicy or None
        The bucket or key that has a policy of its own; None for services that have no such policy.
    grantee: iam.IGrantable
        Who is allowed.
    actions, resource_arns: sequence of str
        What, and on what.
    conditions: mapping, optional
        Conditions of the statement, as IAM writes them. By default none.
    because: str, optional
        Why a resource is named by a wildcard, where one is; it is acknowledged for cdk-nag at the grantee.
        By default a wildcard remains a finding.

    Raises
    ------
    ValueError
        If no policy could allow it to the grantee; docs/permissions.md lists the kinds of principals.
    """
    if isinstance(grantee, ServiceRole):
        if because:
            grantee.explain_wildcards(resource_arns, because)
        if resource is None or _account(resource) == _account(grantee):
            return grantee.allow(actions, resource_arns, conditions)
    check_principal(grantee)
    if because and not isinstance(grantee, ServiceRole):
        _explain(grantee.grant_principal, resource_arns, because)
    common: dict[str, Any] = {
        "grantee": grantee,
        "actions": list(actions),
        "resource_arns": list(resource_arns),
        "conditions": conditions,
    }
    if resource is None:
        if is_of_another_account(grantee):
            raise ValueError(
                f"'{actions[0]}' cannot be granted to another account: what it is called on has no policy of its own "
                "here; grant it to a role of this account that the other account may assume"
            )
        if not has_policies(grantee):
            raise ValueError(
                f"'{actions[0]}' cannot be granted to {name_of(grantee)}: neither that nor what it is called on has a "
                "policy here; grant it to a role of this account that may be assumed instead"
            )
        return iam.Grant.add_to_principal(**common)
    check_resource(resource, grantee)
    if is_out_of_reach(grantee) and not Resource.is_owned_resource(resource):
        Annotations.of(resource).add_warning_v2(
            f"lake-blueprints:policy-elsewhere:{actions[0]}",
            f"{name_of(grantee)} is granted {', '.join(actions)}, which the policy of '{resource.node.path}' has to "
            "allow; it was imported, so that it cannot be changed here: allow it there",
        )
    # In its own policy a key is `*`: its ARN there would be a resource that refers to itself.
    itself = ["*"] if hasattr(resource, "key_arn") else None
    if not conditions:
        return iam.Grant.add_to_principal_or_resource(**common, resource=resource, resource_self_arns=itself)
    grant = iam.Grant.add_to_principal(**common)
    if grant.success and grantee.grant_principal.principal_account in {None, _account(resource)}:
        return grant
    # The CDK's own way to both policies leaves the conditions out of the resource's.
    resource.add_to_resource_policy(
        iam.PolicyStatement(
            actions=list(actions),
            resources=itself or list(resource_arns),
            principals=[grantee.grant_principal],
            conditions=conditions,
        )
    )
    return grant


def _explain(principal: Any, resource_arns: Sequence[str], because: str) -> None:
    """Acknowledge wildcards at a principal that is a construct; a service or an account has no policy here."""
    if not hasattr(principal, "node"):
        return
    if principal not in _EXPLANATIONS:
        _EXPLANATIONS[principal] = Explanations(principal)
    _EXPLANATIONS[principal].add(resource_arns, because)


def arn_of(resource: Any) -> str:
    """Return the ARN of a bucket or key; each question crosses to the CDK's process, and every grant asks it again."""
    if resource not in _ARNS:
        _ARNS[resource] = resource.key_arn if hasattr(resource, "key_arn") else resource.bucket_arn
    return _ARNS[resource]


def combine(*grants: iam.Grant) -> iam.Grant:
    """Return several grants as one."""
    different = list({id(grant): grant for grant in grants}.values())
    return reduce(iam.Grant.combine, different)


# An account is asked for again with each grant, and each question crosses to the CDK's process.
_ARNS: WeakKeyDictionary[Any, str] = WeakKeyDictionary()
_ACCOUNTS: WeakKeyDictionary[Any, str] = WeakKeyDictionary()


def _account(resource: iam.IResourceWithPolicy | iam.Role) -> str:
    if resource not in _ACCOUNTS:
        _ACCOUNTS[resource] = resource.env.account
    return _ACCOUNTS[resource]
