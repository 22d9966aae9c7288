"""DynamoDB tables that serve the rows of a lake by key."""

from lake_blueprints.databases.dynamodb.export_items import ExportItems
from lake_blueprints.databases.dynamodb.serving_table import ServingTable

__all__ = (
    "ExportItems",
    "ServingTable",
)
