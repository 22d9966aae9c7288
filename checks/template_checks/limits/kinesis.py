"""Limits of Kinesis Data Streams."""

from __future__ import annotations

from template_checks.core.limit import Limit, Span

_STREAM = "AWS::Kinesis::Stream"

RETENTION = Limit(
    _STREAM,
    "RetentionPeriodHours",
    Span(24, 8_760, 1),
    unit="hours",
    source="https://docs.aws.amazon.com/streams/latest/dev/kinesis-extended-retention.html",
)
RECORD_SIZE = Limit(
    _STREAM,
    "MaxRecordSizeInKiB",
    Span(1_024, 10_240, 1),
    unit="KiB",
    source="https://docs.aws.amazon.com/kinesis/latest/APIReference/API_UpdateMaxRecordSize.html",
)
