"""Data contracts as plain data: no CDK, no AWS."""

from lake_blueprints.contracts.column import Column, Constraints
from lake_blueprints.contracts.contract import Contract
from lake_blueprints.contracts.dataset import Dataset, DatasetFormat
from lake_blueprints.contracts.errors import ContractError
from lake_blueprints.contracts.types import ArrayType, DataType, MapType, ScalarType, StructType, parse_type

__all__ = (
    "ArrayType",
    "Column",
    "Constraints",
    "Contract",
    "ContractError",
    "DataType",
    "Dataset",
    "DatasetFormat",
    "MapType",
    "ScalarType",
    "StructType",
    "parse_type",
)
