"""Sample of an item load job."""

from __future__ import annotations

from typing import Any

from aws_cdk import Duration

from lake_blueprints.databases.dynamodb import ServingTable
from lake_blueprints.processing.item_load import ItemLoadJob
from template_checks.limits import glue
from tests.conformance.fixtures import Fixtures
from tests.conformance.sample import Limited, Sample


def _target(lake: Fixtures) -> Any:
    """Return a target of its own for each job: two would delete each other's rows."""
    number = len([one for one in lake.scope.node.children if one.node.id.startswith("Serving")])
    return ServingTable(lake.scope, f"Serving{number or ''}", dataset=lake.dataset, encryption_key=lake.key)


SAMPLE = Sample(
    construct=ItemLoadJob,
    options=lambda lake: {"source": lake.table, "target": _target(lake)},
    limits={"timeout": Limited(limit=glue.JOB_TIMEOUT, options=lambda _, n: {"timeout": Duration.minutes(n)})},
)
ICEBERG = Sample(
    construct=ItemLoadJob,
    variant="Iceberg table",
    options=lambda lake: {"source": lake.iceberg_table, "target": _target(lake)},
)
