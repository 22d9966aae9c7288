"""Sample of a serving table."""

from __future__ import annotations

from lake_blueprints.databases.dynamodb import ServingTable
from tests.conformance.sample import Sample

SAMPLE = Sample(
    construct=ServingTable,
    options=lambda lake: {"dataset": lake.dataset, "time_to_live": "expires", "alarm_topic": lake.topic},
)
