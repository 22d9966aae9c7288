"""A warehouse beside the lake: Redshift Serverless, its network and its SQL."""

from lake_blueprints.warehouse.network import LakeNetwork
from lake_blueprints.warehouse.usage_limit import BreachAction, Period, UsageLimit
from lake_blueprints.warehouse.warehouse import Warehouse

__all__ = ("BreachAction", "LakeNetwork", "Period", "UsageLimit", "Warehouse")
