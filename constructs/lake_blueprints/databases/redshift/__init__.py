"""Redshift: serverless warehouses, and clusters."""

from lake_blueprints.databases.redshift.maintenance_window import MaintenanceWindow
from lake_blueprints.databases.redshift.model import WarehouseModel
from lake_blueprints.databases.redshift.model_sql import ModelObjective, ModelProblem
from lake_blueprints.databases.redshift.pause_resume import PauseResume, Weekday
from lake_blueprints.databases.redshift.queue import Priority, Queue
from lake_blueprints.databases.redshift.step import Load
from lake_blueprints.databases.redshift.train_model import TrainModel
from lake_blueprints.databases.redshift.usage_limit import (
    BreachAction,
    ClusterFeature,
    ClusterUsageLimit,
    Period,
    UsageLimit,
)
from lake_blueprints.databases.redshift.usage_limit_step import SetUsageLimits
from lake_blueprints.databases.redshift.warehouse import Warehouse
from lake_blueprints.databases.redshift.warehouse_cluster import WarehouseCluster

__all__ = (
    "BreachAction",
    "ClusterFeature",
    "ClusterUsageLimit",
    "Load",
    "MaintenanceWindow",
    "ModelObjective",
    "ModelProblem",
    "PauseResume",
    "Period",
    "Priority",
    "Queue",
    "SetUsageLimits",
    "TrainModel",
    "UsageLimit",
    "Warehouse",
    "WarehouseCluster",
    "WarehouseModel",
    "Weekday",
)
