"""Database instances of RDS, and exports of them."""

from lake_blueprints.databases.rds.instance_export import InstanceExport
from lake_blueprints.databases.rds.rds_instance import RdsInstance
from lake_blueprints.databases.rds.step import ExportInstance

__all__ = (
    "ExportInstance",
    "InstanceExport",
    "RdsInstance",
)
