"""Loads of curated tables into stores that serve them: what all jobs of this kind share."""

from lake_blueprints.processing.item_load.table_load.load_job import LoadJob

__all__ = ("LoadJob",)
