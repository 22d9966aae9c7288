"""Sample of an instance of InfluxDB."""

from __future__ import annotations

from lake_blueprints.databases.influxdb import TimeSeries
from template_checks.limits import influxdb as limits
from tests.conformance.sample import Limited, Sample

SAMPLE = Sample(
    construct=TimeSeries,
    options=lambda lake: {"network": lake.network},
    limits={"storage_gib": Limited(limit=limits.STORAGE_GIB, options=lambda _, n: {"storage_gib": n})},
    unavailable_in=frozenset({"aws-us-gov"}),
)
