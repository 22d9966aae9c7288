"""Sample of a pull."""

from __future__ import annotations

from aws_cdk import Duration

from lake_blueprints.contracts import Column, Dataset
from lake_blueprints.foundation.connections import Connection
from lake_blueprints.processing.database_pull import DatabasePull
from template_checks.limits import glue
from tests.conformance.fixtures import Fixtures
from tests.conformance.sample import Limited, Sample
from tests.unit.foundation.connections.sample import shop

ORDERS = Dataset(
    name="orders",
    columns=[
        Column(name="id", type="int"),
        Column(name="total", type="decimal(12,2)"),
        Column(name="updated_at", type="timestamp", required=True),
    ],
    primary_key=["id"],
)


def connection(lake: Fixtures) -> Connection:
    """Return the way to a database outside AWS."""
    return Connection(lake.scope, lake.unique("Shop"), endpoint=shop(lake), network=lake.network)


SAMPLE = Sample(
    construct=DatabasePull,
    options=lambda lake: {
        "connection": connection(lake),
        "dataset": ORDERS,
        "zone": lake.raw,
        "watermark": "updated_at",
    },
    limits={"timeout": Limited(limit=glue.JOB_TIMEOUT, options=lambda _, n: {"timeout": Duration.minutes(n)})},
)
