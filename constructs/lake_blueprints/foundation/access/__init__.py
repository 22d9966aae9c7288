"""Permissions: service roles and grants."""

from lake_blueprints.foundation.access.grants import combine, grant_on
from lake_blueprints.foundation.access.service_role import ServiceRole

__all__ = (
    "ServiceRole",
    "combine",
    "grant_on",
)
