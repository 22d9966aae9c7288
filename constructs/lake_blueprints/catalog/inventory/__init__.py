"""Inventories of zones: each object with its size, age and storage class, as a table."""

from lake_blueprints.catalog.inventory.fields import InventoryField
from lake_blueprints.catalog.inventory.inventory import Inventory, InventoryFrequency

__all__ = (
    "Inventory",
    "InventoryField",
    "InventoryFrequency",
)
