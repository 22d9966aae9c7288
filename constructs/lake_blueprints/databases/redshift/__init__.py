"""Redshift Serverless."""

from lake_blueprints.databases.redshift.step import Load
from lake_blueprints.databases.redshift.usage_limit import BreachAction, Period, UsageLimit
from lake_blueprints.databases.redshift.warehouse import Warehouse

__all__ = (
    "BreachAction",
    "Load",
    "Period",
    "UsageLimit",
    "Warehouse",
)
