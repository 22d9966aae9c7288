"""The lake: every capability, composed from data contracts."""

from template_checks.core.node import require_node

require_node()

from lake_blueprints.lake.contract_baseline import ContractBaseline
from lake_blueprints.lake.data_lake import DataLake
from lake_blueprints.lake.shards import Shards

__all__ = (
    "ContractBaseline",
    "DataLake",
    "Shards",
)
