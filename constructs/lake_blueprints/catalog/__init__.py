"""What the data is and how it lies: databases, tables and crawlers of the Glue Data Catalog."""

from lake_blueprints.catalog.database import Database
from lake_blueprints.catalog.layout import ArrivalTime, ByPartitionKeys, DeliveryLayout, Layout, Unpartitioned
from lake_blueprints.catalog.table import Table

__all__ = (
    "ArrivalTime",
    "ByPartitionKeys",
    "Database",
    "DeliveryLayout",
    "Layout",
    "Table",
    "Unpartitioned",
)
