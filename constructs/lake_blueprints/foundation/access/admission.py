"""Admission of services by the policies of resources."""

from __future__ import annotations

from typing import Any, Protocol
from weakref import WeakKeyDictionary

from aws_cdk import aws_iam as iam

from lake_blueprints.foundation.access.permissions import Permission

_NAMELESS = ("key_arn", "table_arn")
_ADMITTED: WeakKeyDictionary[Any, list[tuple[str, Permission]]] = WeakKeyDictionary()


class TakesStatements(Protocol):
    """A resource with a policy of its own."""

    def add_to_resource_policy(self, statement: iam.PolicyStatement) -> object:
        """Add a statement to the policy."""
        ...


def admit(resource: TakesStatements, sid: str, service: str, permission: Permission) -> None:
    """Let a service act under its own name by the policy of a resource, and record it with the resource.

    In its own policy a key or table is `*`. The policy of an imported resource cannot be changed here.
    """
    _ADMITTED.setdefault(resource, []).append((service, permission))
    resource.add_to_resource_policy(
        iam.PolicyStatement(
            sid=sid,
            principals=[iam.ServicePrincipal(service)],
            actions=list(permission.actions),
            resources=["*"] if any(hasattr(resource, name) for name in _NAMELESS) else list(permission.on),
            conditions=permission.conditions,
        )
    )


def admitted_by(resource: Any) -> tuple[tuple[str, Permission], ...]:
    """Return what services may do by the policy of a resource, each with the service's name."""
    return tuple(_ADMITTED.get(resource, ()))
