"""Permissions: service roles and grants."""

from lake_blueprints.foundation.access.admission import admit
from lake_blueprints.foundation.access.grants import allow, allowed_to, arn_of, combine, grant_on
from lake_blueprints.foundation.access.permissions import Permission, PermissionSet
from lake_blueprints.foundation.access.service_role import ServiceRole

__all__ = (
    "Permission",
    "PermissionSet",
    "ServiceRole",
    "admit",
    "allow",
    "allowed_to",
    "arn_of",
    "combine",
    "grant_on",
)
