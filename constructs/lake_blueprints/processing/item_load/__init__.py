"""Item loads: Glue jobs that write curated tables into DynamoDB."""

from lake_blueprints.processing.item_load.item_load_job import ItemLoadJob
from lake_blueprints.processing.item_load.step import LoadItems

__all__ = (
    "ItemLoadJob",
    "LoadItems",
)
