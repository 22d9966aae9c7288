"""Sample of a data lake."""

from __future__ import annotations

from lake_blueprints.lake import DataLake
from tests.conformance.sample import Sample

SAMPLE = Sample(
    construct=DataLake,
    options=lambda lake: {"datasets": [lake.dataset], "warehouse": True},
)
