"""Glue Data Catalog: databases, tables, layouts."""

from template_checks.core.node import require_node

require_node()

from lake_blueprints.catalog.database import Database
from lake_blueprints.catalog.landing import Envelope, Landing
from lake_blueprints.catalog.layout import ArrivalTime, ByPartitionKeys, DeliveryLayout, Layout, Unpartitioned
from lake_blueprints.catalog.table import Table

__all__ = (
    "ArrivalTime",
    "ByPartitionKeys",
    "Database",
    "DeliveryLayout",
    "Envelope",
    "Landing",
    "Layout",
    "Table",
    "Unpartitioned",
)
