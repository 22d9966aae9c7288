"""Data contracts as plain data: no CDK, no AWS."""

from lake_blueprints.contracts.classification import Classifications
from lake_blueprints.contracts.column import Column, Constraints, Part
from lake_blueprints.contracts.contract import Contract
from lake_blueprints.contracts.dataset import Dataset, DatasetFormat
from lake_blueprints.contracts.errors import ContractError
from lake_blueprints.contracts.governance import (
    AccessRole,
    Governance,
    Link,
    Note,
    Placement,
    Relationship,
    ServiceLevels,
    SupportChannel,
)
from lake_blueprints.contracts.masking import Masking
from lake_blueprints.contracts.partitioning import (
    Bucket,
    Day,
    Hour,
    Identity,
    Month,
    PartitionTransform,
    Truncate,
    Year,
)
from lake_blueprints.contracts.quality import Comparison, Metric, Operator, QualityRule, Severity
from lake_blueprints.contracts.types import ArrayType, DataType, MapType, ScalarType, StructType, parse_type

__all__ = (
    "AccessRole",
    "ArrayType",
    "Bucket",
    "Classifications",
    "Column",
    "Comparison",
    "Constraints",
    "Contract",
    "ContractError",
    "DataType",
    "Dataset",
    "DatasetFormat",
    "Day",
    "Governance",
    "Hour",
    "Identity",
    "Link",
    "MapType",
    "Masking",
    "Metric",
    "Month",
    "Note",
    "Operator",
    "Part",
    "PartitionTransform",
    "Placement",
    "QualityRule",
    "Relationship",
    "ScalarType",
    "ServiceLevels",
    "Severity",
    "StructType",
    "SupportChannel",
    "Truncate",
    "Year",
    "parse_type",
)
