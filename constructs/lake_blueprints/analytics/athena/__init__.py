"""Athena workgroups and queries."""

from lake_blueprints.analytics.athena.step import Query
from lake_blueprints.analytics.athena.workgroup import Workgroup

__all__ = (
    "Query",
    "Workgroup",
)
