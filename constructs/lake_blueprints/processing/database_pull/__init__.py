"""Database pulls: Glue jobs that copy the changed rows of a database's table into a zone."""

from lake_blueprints.processing.database_pull.database_pull import DatabasePull
from lake_blueprints.processing.database_pull.step import Pull

__all__ = (
    "DatabasePull",
    "Pull",
)
