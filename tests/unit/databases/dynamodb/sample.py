"""Sample of a serving table."""

from __future__ import annotations

from lake_blueprints.databases.dynamodb import ServingTable
from template_checks.limits import dynamodb
from tests.conformance.sample import Limited, Sample

SAMPLE = Sample(
    construct=ServingTable,
    options=lambda lake: {"dataset": lake.dataset, "time_to_live": "expires", "alarm_topic": lake.topic},
    limits={
        "max_read_request_units": Limited(
            limit=dynamodb.MAX_READ_REQUEST_UNITS, options=lambda _, n: {"max_read_request_units": n}
        ),
        "max_write_request_units": Limited(
            limit=dynamodb.MAX_WRITE_REQUEST_UNITS, options=lambda _, n: {"max_write_request_units": n}
        ),
    },
)
