"""Sample of an index load job."""

from __future__ import annotations

from typing import Any

from aws_cdk import Duration

from lake_blueprints.databases.opensearch import SearchCollection
from lake_blueprints.processing.index_load import IndexLoadJob
from template_checks.limits import glue
from tests.conformance.fixtures import Fixtures
from tests.conformance.sample import Limited, Sample


def _target(lake: Fixtures) -> Any:
    """Return a target of its own for each job: two would delete each other's rows."""
    number = len([one for one in lake.scope.node.children if one.node.id.startswith("Search")])
    return SearchCollection(lake.scope, f"Search{number or ''}", encryption_key=lake.key)


SAMPLE = Sample(
    construct=IndexLoadJob,
    options=lambda lake: {"source": lake.table, "target": _target(lake)},
    limits={"timeout": Limited(limit=glue.JOB_TIMEOUT, options=lambda _, n: {"timeout": Duration.minutes(n)})},
    unavailable_in=frozenset({"aws-cn"}),
)
ICEBERG = Sample(
    construct=IndexLoadJob,
    variant="Iceberg table",
    options=lambda lake: {"source": lake.iceberg_table, "target": _target(lake)},
    unavailable_in=frozenset({"aws-cn"}),
)
