"""Permission sets of all principals of a construct tree: of its roles, and of services under their own names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import aws_cdk as cdk
from constructs import Construct, IConstruct

from lake_blueprints.foundation.access import Permission, PermissionSet, ServiceRole
from lake_blueprints.foundation.access.admission import admitted_by


def roles_in(*scopes: Construct) -> list[PermissionSet]:
    """Return what each role of some scopes may do."""
    return [found.permission_set for found in _all(scopes) if isinstance(found, ServiceRole)]


def services_in(*scopes: Construct) -> list[tuple[PermissionSet, cdk.Stack]]:
    """Return what services may do by the policies of resources, and in which stack."""
    found: list[tuple[PermissionSet, cdk.Stack]] = []
    for resource in _all(scopes):
        by_service: dict[str, dict[str, Permission]] = {}
        for service, permission in admitted_by(resource):
            by_service.setdefault(service, {})[repr(permission)] = permission
        for service, permissions in by_service.items():
            one = PermissionSet(name=readable(service), principal=service, allowed=tuple(permissions.values()))
            found.append((one, cdk.Stack.of(resource)))
    return found


def readable(service: str) -> str:
    """Return a service's name without tokens, which are its Region and the partition's domain."""
    first, _, rest = service.partition(".")
    return f"{first}.<Region>.<domain>" if "${Token" in rest else service


def _all(scopes: tuple[Construct, ...]) -> Iterator[IConstruct]:
    for scope in scopes:
        found: Any = scope.node.find_all()
        yield from found
