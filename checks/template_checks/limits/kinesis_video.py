"""Limits of Kinesis Video Streams."""

from __future__ import annotations

from template_checks.core.limit import Limit, Span

RETENTION = Limit(
    "AWS::KinesisVideo::Stream",
    "DataRetentionInHours",
    Span(1, 87_600, 1),
    unit="hours",
    source="https://docs.aws.amazon.com/kinesisvideostreams/latest/dg/API_CreateStream.html",
)
