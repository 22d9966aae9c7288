"""Kinesis data streams."""

from __future__ import annotations

from collections.abc import Iterator

from template_checks.core.rule import Violation, rule
from template_checks.core.template import Resource
from template_checks.core.values import absent, matching, required, within
from template_checks.limits import kinesis as limits

STREAM = "AWS::Kinesis::Stream"
_DOCS = "https://docs.aws.amazon.com/streams/latest/dev"


@rule(
    "LAKE-KINESIS-001",
    STREAM,
    title="A stream has a shard count unless it is on demand",
    fix="remove ShardCount, or set StreamModeDetails.StreamMode to PROVISIONED",
    source=f"{_DOCS}/how-do-i-size-a-stream.html",
)
def capacity_mode(stream: Resource) -> Iterator[Violation]:
    """Kinesis refuses a shard count on demand, as it sizes the stream itself, and its absence otherwise."""
    shards = stream.at("ShardCount")
    mode = stream.at("StreamModeDetails.StreamMode").text
    if mode == "ON_DEMAND":
        yield from absent(shards, "in mode ON_DEMAND")
    if mode == "PROVISIONED":
        yield from required(shards, "a number of shards in mode PROVISIONED")


@rule(
    "LAKE-KINESIS-002",
    STREAM,
    title="A stream keeps records for 24 to 8,760 hours",
    fix="set RetentionPeriodHours to 24 or more, up to 8760",
    source=f"{_DOCS}/kinesis-extended-retention.html",
)
def retention(stream: Resource) -> Iterator[Violation]:
    """Kinesis refuses other retention periods when the stream is created or changed."""
    yield from within(stream.at("RetentionPeriodHours"), limits.RETENTION)


@rule(
    "LAKE-KINESIS-003",
    STREAM,
    title="Records are 1 to 10 MiB at most",
    fix="set MaxRecordSizeInKiB between 1024 and 10240",
    source="https://docs.aws.amazon.com/kinesis/latest/APIReference/API_UpdateMaxRecordSize.html",
)
def record_size(stream: Resource) -> Iterator[Violation]:
    """Kinesis refuses other limits."""
    yield from within(stream.at("MaxRecordSizeInKiB"), limits.RECORD_SIZE)


@rule(
    "LAKE-KINESIS-004",
    STREAM,
    title="Names of streams are ones that Kinesis takes",
    fix="leave the name out, or use 1 to 128 letters, digits, '_', '.' and '-'",
    source="https://docs.aws.amazon.com/kinesis/latest/APIReference/API_CreateStream.html",
)
def name(stream: Resource) -> Iterator[Violation]:
    """Kinesis refuses other names."""
    yield from matching(stream.at("Name"), r"[a-zA-Z0-9_.-]{1,128}", "1 to 128 of a-z, A-Z, 0-9, _ . -")
