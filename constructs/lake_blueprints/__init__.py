"""Reusable AWS CDK constructs that compile a data lake from data contracts.

The names that most apps need are here; every other one is in the package of its capability, for instance
`lake_blueprints.ingestion.firehose`. Names are imported when they are first used: contracts need no CDK, and importing
the CDK starts a Node process, which takes most of a second.
"""

from __future__ import annotations

import warnings
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lake_blueprints.analytics.athena import Workgroup
    from lake_blueprints.catalog import Database, Table
    from lake_blueprints.contracts import Classifications, Column, Contract, ContractError, Dataset
    from lake_blueprints.foundation.encryption import LakeKey
    from lake_blueprints.lake import ContractBaseline, DataLake, Shards
    from lake_blueprints.orchestration import Pipeline
    from lake_blueprints.processing.curation import CurationJob
    from lake_blueprints.storage.s3 import Zone
    from template_checks.cdk_plugin import LakeRules

_MODULES = {
    "Classifications": "lake_blueprints.contracts",
    "Column": "lake_blueprints.contracts",
    "Contract": "lake_blueprints.contracts",
    "ContractBaseline": "lake_blueprints.lake",
    "ContractError": "lake_blueprints.contracts",
    "CurationJob": "lake_blueprints.processing.curation",
    "DataLake": "lake_blueprints.lake",
    "Database": "lake_blueprints.catalog",
    "Dataset": "lake_blueprints.contracts",
    "LakeKey": "lake_blueprints.foundation.encryption",
    "LakeRules": "template_checks.cdk_plugin",
    "Pipeline": "lake_blueprints.orchestration",
    "Shards": "lake_blueprints.lake",
    "Table": "lake_blueprints.catalog",
    "Workgroup": "lake_blueprints.analytics.athena",
    "Zone": "lake_blueprints.storage.s3",
}
# Names that were here in version 0.1, for one release, some under another name today.
_RENAMED = {
    "Channel": "InputChannel",
    "Delivery": "DeliveryStream",
    "Run": "RunPipeline",
    "Together": "Parallel",
}
_MOVED = {
    "AccessLogBucket": "lake_blueprints.storage.s3",
    "ArrivalTime": "lake_blueprints.catalog",
    "ByPartitionKeys": "lake_blueprints.catalog",
    "Channel": "lake_blueprints.machine_learning.training",
    "Crawl": "lake_blueprints.ingestion.crawler",
    "Crawler": "lake_blueprints.ingestion.crawler",
    "Curate": "lake_blueprints.processing.curation",
    "Curation": "lake_blueprints.processing.curation",
    "Delivery": "lake_blueprints.ingestion.firehose",
    "Derivation": "lake_blueprints.processing.curation",
    "GlueSecurityConfiguration": "lake_blueprints.foundation.encryption",
    "HashSalt": "lake_blueprints.foundation.encryption",
    "LakeBucket": "lake_blueprints.storage.s3",
    "LakeNetwork": "lake_blueprints.foundation.network",
    "LifecycleRule": "lake_blueprints.storage.s3",
    "Load": "lake_blueprints.databases.redshift",
    "Query": "lake_blueprints.analytics.athena",
    "ReferenceJoin": "lake_blueprints.processing.curation",
    "Register": "lake_blueprints.machine_learning.training",
    "Replay": "lake_blueprints.processing.curation",
    "Run": "lake_blueprints.orchestration",
    "ServiceRole": "lake_blueprints.foundation.access",
    "StorageClass": "lake_blueprints.storage.s3",
    "Stream": "lake_blueprints.ingestion.kinesis",
    "Together": "lake_blueprints.orchestration",
    "Train": "lake_blueprints.machine_learning.training",
    "TrainingJob": "lake_blueprints.machine_learning.training",
    "Transition": "lake_blueprints.storage.s3",
    "Unpartitioned": "lake_blueprints.catalog",
    "Warehouse": "lake_blueprints.databases.redshift",
    "Worker": "lake_blueprints.processing.curation",
    "WorkerType": "lake_blueprints.processing.curation",
}

__all__ = (
    "Classifications",
    "Column",
    "Contract",
    "ContractBaseline",
    "ContractError",
    "CurationJob",
    "DataLake",
    "Database",
    "Dataset",
    "LakeKey",
    "LakeRules",
    "Pipeline",
    "Shards",
    "Table",
    "Workgroup",
    "Zone",
)


def __getattr__(name: str) -> Any:
    if name in _MOVED:
        module, today = _MOVED[name], _RENAMED.get(name, name)
        warnings.warn(
            f"'{name}' leaves lake_blueprints; import {today} from {module}", DeprecationWarning, stacklevel=2
        )
        return getattr(import_module(module), today)
    if name not in _MODULES:
        raise AttributeError(f"module 'lake_blueprints' has no attribute '{name}'")
    return getattr(import_module(_MODULES[name]), name)
