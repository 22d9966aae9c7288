"""Kinesis data streams."""

from __future__ import annotations

from collections.abc import Iterator

from lake_blueprints.rules.rule import Fault, rule
from lake_blueprints.rules.template import Resource
from lake_blueprints.rules.values import between

STREAM = "AWS::Kinesis::Stream"
_DOCS = "https://docs.aws.amazon.com/streams/latest/dev"


@rule(
    "LAKE-KINESIS-001",
    STREAM,
    title="An on-demand stream has no shard count",
    fix="remove ShardCount, or set StreamModeDetails.StreamMode to PROVISIONED",
    source=f"{_DOCS}/how-do-i-size-a-stream.html",
)
def capacity_mode(stream: Resource) -> Iterator[Fault]:
    """Kinesis refuses both: it sizes an on-demand stream itself."""
    shards = stream.at("ShardCount")
    if stream.at("StreamModeDetails.StreamMode").text == "ON_DEMAND" and shards.present:
        yield Fault(at=shards, allowed="nothing in mode ON_DEMAND")


@rule(
    "LAKE-KINESIS-002",
    STREAM,
    title="A stream keeps records for 24 to 8,760 hours",
    fix="set RetentionPeriodHours to 24 or more, up to 8760",
    source=f"{_DOCS}/kinesis-extended-retention.html",
)
def retention(stream: Resource) -> Iterator[Fault]:
    """Kinesis refuses other retention periods when the stream is created or changed."""
    yield from between(stream.at("RetentionPeriodHours"), 24, 8760)


@rule(
    "LAKE-KINESIS-003",
    STREAM,
    title="Records are 1 to 10 MiB at most",
    fix="set MaxRecordSizeInKiB between 1024 and 10240",
    source="https://docs.aws.amazon.com/kinesis/latest/APIReference/API_UpdateMaxRecordSize.html",
)
def record_size(stream: Resource) -> Iterator[Fault]:
    """Kinesis refuses other limits."""
    yield from between(stream.at("MaxRecordSizeInKiB"), 1024, 10240)
