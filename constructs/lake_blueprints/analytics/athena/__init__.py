"""Athena workgroups, queries and exports."""

from lake_blueprints.analytics.athena.export import Export
from lake_blueprints.analytics.athena.step import Query
from lake_blueprints.analytics.athena.unload import ExportFormat, Timestamps
from lake_blueprints.analytics.athena.workgroup import Workgroup

__all__ = (
    "Export",
    "ExportFormat",
    "Query",
    "Timestamps",
    "Workgroup",
)
