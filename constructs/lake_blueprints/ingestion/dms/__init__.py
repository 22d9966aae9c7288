"""AWS DMS: tables of a database, replicated into a zone."""

from lake_blueprints.ingestion.dms.compute import Instance, Serverless
from lake_blueprints.ingestion.dms.replication import Replication, ReplicationMode
from lake_blueprints.ingestion.dms.step import StartReplication, StopReplication

__all__ = (
    "Instance",
    "Replication",
    "ReplicationMode",
    "Serverless",
    "StartReplication",
    "StopReplication",
)
