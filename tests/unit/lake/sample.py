"""Sample of a data lake."""

from __future__ import annotations

from attrs import evolve

from lake_blueprints.contracts import AccessRole
from lake_blueprints.lake import DataLake
from tests.conformance.sample import Sample

WRITER = AccessRole(name="writer", access="write")
# CloudFormation has no AWS::Glue::TableOptimizer there.
WITHOUT_OPTIMIZERS = frozenset({"aws-cn", "aws-us-gov"})
SAMPLE = Sample(
    construct=DataLake,
    options=lambda lake: {"datasets": [evolve(lake.dataset, roles=[WRITER])], "warehouse": True},
    unavailable_in=WITHOUT_OPTIMIZERS,
    grants={
        "grant_put_records": lambda *_: {"dataset": "flights"},
        "grant_role": lambda *_: {"dataset": "flights", "role": "writer"},
    },
)
PLAIN = Sample(
    construct=DataLake,
    variant="without table optimizers",
    options=lambda lake: {"datasets": [lake.dataset], "table_optimizers": False},
)
