"""Apache Iceberg tables."""

from lake_blueprints.catalog.iceberg.iceberg_table import WITHOUT_OPTIMIZERS, IcebergTable, IcebergTableOptions
from lake_blueprints.catalog.iceberg.optimizer_role import OptimizerRole
from lake_blueprints.catalog.iceberg.optimizers import (
    Compaction,
    CompactionStrategy,
    OrphanFileDeletion,
    SnapshotRetention,
)
from lake_blueprints.catalog.iceberg.sort_order import SortField
from lake_blueprints.contracts import Bucket, Day, Hour, Identity, Month, PartitionTransform, Truncate, Year

__all__ = (
    "WITHOUT_OPTIMIZERS",
    "Bucket",
    "Compaction",
    "CompactionStrategy",
    "Day",
    "Hour",
    "IcebergTable",
    "IcebergTableOptions",
    "Identity",
    "Month",
    "OptimizerRole",
    "OrphanFileDeletion",
    "PartitionTransform",
    "SnapshotRetention",
    "SortField",
    "Truncate",
    "Year",
)
