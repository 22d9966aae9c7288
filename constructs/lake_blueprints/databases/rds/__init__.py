"""Database instances of RDS."""

from lake_blueprints.databases.rds.rds_instance import RdsInstance

__all__ = ("RdsInstance",)
