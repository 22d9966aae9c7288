"""Permissions, each declared once: its statement, the acknowledgment of its wildcards, its documentation and its proof.

A capability declares them in its module `permissions.py`. `allow` makes statements of them and records them with the
principal, `admit` with the resource whose policy admits a service; tests and docs/permissions.md find them there.

Purpose and wildcard have a reason each: `because` says what a service or reader does with a permission, `wildcard` why
its resource cannot be named; cdk-nag's report and auditors get the second one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aws_cdk import aws_iam as iam

Conditions = Mapping[str, Mapping[str, Any]]

# https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
_VIA = "kms:ViaService"
_CALLED_BY_SERVICES = {_VIA, "kms:GrantIsForAWSResource"}


@dataclass(frozen=True, kw_only=True)
class Permission:
    """Actions on resources, under conditions, for one reason.

    Parameters
    ----------
    actions: tuple of str
        As IAM names them: `s3:GetObject`.
    on: tuple of str
        ARNs as the policy names them, wildcards included. By default `*`, for actions without resources.
    because: str
        What they are used for: "reads the table".
    sources: tuple of str
        Pages of AWS that say so.
    conditions: mapping, optional
        Conditions of the statement. By default none.
    wildcard: str, optional
        Why the resources are named by a wildcard, where they are; cdk-nag accepts it in the policies of a
        `ServiceRole`. By default a wildcard remains a finding.
    policy_of: iam.IResourceWithPolicy, optional
        The bucket, key or stream whose own policy can allow it as well. By default there is none.
    contexts: tuple of mapping
        Condition keys that the service's requests have beyond those of `conditions`, with `${AWS::Region}` for the
        Region. By default none.
    by_service: bool
        Whether the service that runs the role's work calls them from a network of its own, even if the work is in a
        VPC. By default the work itself calls them, unless a key says by which service they come.
    """

    actions: tuple[str, ...]
    on: tuple[str, ...] = ("*",)
    because: str
    sources: tuple[str, ...]
    conditions: Conditions | None = None
    wildcard: str | None = None
    policy_of: iam.IResourceWithPolicy | None = None
    contexts: tuple[Mapping[str, str], ...] = ({},)
    by_service: bool = False

    @property
    def called_services(self) -> frozenset[str]:
        """The prefixes, such as `glue`, of the services that whatever works under the role calls itself.

        None if another service calls on its behalf. To pass a role is a part of other calls.
        """
        keys = {key for asked in (self.conditions or {}).values() for key in asked}
        if self.by_service or keys & _CALLED_BY_SERVICES or all(_VIA in context for context in self.contexts):
            return frozenset()
        return frozenset(action.partition(":")[0] for action in self.actions if action != "iam:PassRole")

    def used_for(self, because: str, source: str | None = None) -> Permission:
        """Return the same permission for another reason, and with a further page that says so."""
        return replace(self, because=because, sources=(*self.sources, source) if source else self.sources)


@dataclass(frozen=True, kw_only=True)
class PermissionSet:
    """All that one principal may do.

    Parameters
    ----------
    name: str
        The construct and its role, or the service that acts under its own name.
    principal: iam.IRole or str
        The role, or the name of the service.
    assumed_by: tuple of str
        The services that assume the role. By default none.
    allowed: tuple of Permission
        What it may do.
    """

    name: str
    principal: iam.IRole | str
    assumed_by: tuple[str, ...] = ()
    allowed: tuple[Permission, ...]


def statements_of(permissions: Sequence[Permission]) -> Iterator[Permission]:
    """Yield permissions as statements: those that follow each other on the same resources are one."""
    current: Permission | None = None
    for permission in permissions:
        if current and _same_statement(current, permission):
            more = tuple(action for action in permission.actions if action not in current.actions)
            current = replace(current, actions=(*current.actions, *more))
            continue
        if current:
            yield current
        current = permission
    if current:
        yield current


def _same_statement(one: Permission, other: Permission) -> bool:
    return (
        one.on == other.on
        and one.conditions == other.conditions
        and one.wildcard == other.wildcard
        and one.policy_of is other.policy_of
    )


def metrics(namespace: str, source: str, *, wildcard: str = "IAM knows no resource for metrics") -> Permission:
    """Write metrics of one namespace."""
    return Permission(
        actions=("cloudwatch:PutMetricData",),
        because="writes metrics",
        sources=(source,),
        conditions={"StringEquals": {"cloudwatch:namespace": namespace}},
        wildcard=wildcard,
    )


def pass_role(role_arn: str, service: str, because: str) -> Permission:
    """Hand a role to a service, and to no other."""
    return Permission(
        actions=("iam:PassRole",),
        on=(role_arn,),
        because=because,
        sources=("https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html",),
        conditions={"StringEquals": {"iam:PassedToService": service}},
    )


def with_secret_key(key: Any, key_arn: str, secret_arn: str, because: str) -> Permission:
    """Decrypt a secret by way of Secrets Manager."""
    context = {
        "kms:ViaService": "secretsmanager.${AWS::Region}.amazonaws.com",
        "kms:EncryptionContext:SecretARN": secret_arn,
    }
    return Permission(
        actions=("kms:Decrypt",),
        on=(key_arn,),
        because=because,
        sources=("https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html",),
        policy_of=key,
        contexts=(context,),
    )
