"""Zero-ETL integrations: tables of a database, current in a warehouse without a job in between."""

from lake_blueprints.databases.zero_etl.step import CreateDestination
from lake_blueprints.databases.zero_etl.zero_etl import ZeroEtl

__all__ = (
    "CreateDestination",
    "ZeroEtl",
)
