"""A whole lake in one construct."""

from lake_blueprints.lake.data_lake import DataLake

__all__ = ("DataLake",)
