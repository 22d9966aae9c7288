"""Reusable AWS CDK constructs that compile a data lake from data contracts.

Names are imported when they are first used: contracts and the local cloud need no CDK, and importing the CDK starts
a Node process, which takes most of a second.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lake_blueprints.access import ServiceRole
    from lake_blueprints.catalog import ArrivalTime, ByPartitionKeys, Crawler, Database, Table, Unpartitioned
    from lake_blueprints.contracts import Classifications, Column, Contract, ContractError, Dataset
    from lake_blueprints.encryption import GlueSecurityConfiguration, HashSalt, LakeKey
    from lake_blueprints.etl import Curation, CurationJob, Derivation, ReferenceJoin, Worker, WorkerType
    from lake_blueprints.lake import ContractBaseline, DataLake, Shards
    from lake_blueprints.orchestration import Crawl, Curate, Load, Pipeline, Query, Register, Run, Together, Train
    from lake_blueprints.query import Workgroup
    from lake_blueprints.rules.plugin import LakeRules
    from lake_blueprints.storage import AccessLogBucket, LakeBucket, LifecycleRule, StorageClass, Transition, Zone
    from lake_blueprints.streaming import Delivery, Stream
    from lake_blueprints.training import Channel, TrainingJob
    from lake_blueprints.warehouse import LakeNetwork, Warehouse

_HOMES = {
    "access": ("ServiceRole",),
    "catalog": ("ArrivalTime", "ByPartitionKeys", "Crawler", "Database", "Table", "Unpartitioned"),
    "contracts": ("Classifications", "Column", "Contract", "ContractError", "Dataset"),
    "encryption": ("GlueSecurityConfiguration", "HashSalt", "LakeKey"),
    "etl": ("Curation", "CurationJob", "Derivation", "ReferenceJoin", "Worker", "WorkerType"),
    "lake": ("ContractBaseline", "DataLake", "Shards"),
    "orchestration": ("Crawl", "Curate", "Load", "Pipeline", "Query", "Register", "Run", "Together", "Train"),
    "query": ("Workgroup",),
    "rules.plugin": ("LakeRules",),
    "storage": ("AccessLogBucket", "LakeBucket", "LifecycleRule", "StorageClass", "Transition", "Zone"),
    "streaming": ("Delivery", "Stream"),
    "training": ("Channel", "TrainingJob"),
    "warehouse": ("LakeNetwork", "Warehouse"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = (
    "AccessLogBucket",
    "ArrivalTime",
    "ByPartitionKeys",
    "Channel",
    "Classifications",
    "Column",
    "Contract",
    "ContractBaseline",
    "ContractError",
    "Crawl",
    "Crawler",
    "Curate",
    "Curation",
    "CurationJob",
    "DataLake",
    "Database",
    "Dataset",
    "Delivery",
    "Derivation",
    "GlueSecurityConfiguration",
    "HashSalt",
    "LakeBucket",
    "LakeKey",
    "LakeNetwork",
    "LakeRules",
    "LifecycleRule",
    "Load",
    "Pipeline",
    "Query",
    "ReferenceJoin",
    "Register",
    "Run",
    "ServiceRole",
    "Shards",
    "StorageClass",
    "Stream",
    "Table",
    "Together",
    "Train",
    "TrainingJob",
    "Transition",
    "Unpartitioned",
    "Warehouse",
    "Worker",
    "WorkerType",
    "Workgroup",
    "Zone",
)


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'lake_blueprints' has no attribute '{name}'")
    return getattr(import_module(f"lake_blueprints.{_HOME_OF[name]}"), name)
