"""Limits of Amazon Timestream for InfluxDB."""

from __future__ import annotations

from template_checks.core.limit import Limit, Span

STORAGE_GIB = Limit(
    "AWS::Timestream::InfluxDBInstance",
    "AllocatedStorage",
    Span(20, 15_360),
    unit="GiB",
    source="https://docs.aws.amazon.com/ts-influxdb/latest/ts-influxdb-api/API_CreateDbInstance.html",
)
