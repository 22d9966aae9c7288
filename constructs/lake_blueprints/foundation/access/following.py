"""Those that must know of every permission that a principal is granted, such as the endpoints of its network."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from weakref import WeakKeyDictionary

from aws_cdk import aws_iam as iam

from lake_blueprints.foundation.access.permissions import Permission
from lake_blueprints.foundation.access.service_role import ServiceRole

_FOLLOWERS: WeakKeyDictionary[Any, list[Callable[[Permission], None]]] = WeakKeyDictionary()


def follow(grantee: iam.IGrantable, granted: Iterable[Permission], tell: Callable[[Permission], None]) -> None:
    """Tell of each permission that a principal has been granted, and of each that it is granted from now on."""
    _FOLLOWERS.setdefault(_principal(grantee), []).append(tell)
    for permission in granted:
        tell(permission)


def announce(grantee: iam.IGrantable, permissions: Iterable[Permission]) -> None:
    """Tell those that follow a principal of permissions that it is granted."""
    for tell in _FOLLOWERS.get(_principal(grantee), ()):
        for permission in permissions:
            tell(permission)


def _principal(grantee: iam.IGrantable) -> Any:
    # A role of this library is its own principal; asking it would cross to the CDK's process.
    return grantee if isinstance(grantee, ServiceRole) else grantee.grant_principal
