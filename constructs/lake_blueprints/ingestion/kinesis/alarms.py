"""Alarms of a data stream."""

from __future__ import annotations

from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_kinesis as kinesis

from lake_blueprints.foundation.alarms import AT_LEAST, AlarmSpec

_MINUTE = Duration.minutes(1)
_NEARLY_FULL = 0.8
# A second.
_SHARD_BYTES, _SHARD_RECORDS = 1_048_576, 1_000


def consumer_alarms(stream: kinesis.IStream, consumer: str, retention: Duration) -> tuple[AlarmSpec, ...]:
    """Return the alarm on a consumer that falls behind.

    Notes
    -----
    https://docs.aws.amazon.com/streams/latest/dev/monitoring-with-cloudwatch.html
    """
    return (
        AlarmSpec(
            id="ConsumerLate",
            namespace="AWS/Kinesis",
            metric="SubscribeToShardEvent.MillisBehindLatest",
            dimensions={"StreamName": stream.stream_name, "ConsumerName": consumer},
            statistic="Maximum",
            threshold=half_of(retention),
            description="A consumer has used up half of the time before records are lost",
        ),
    )


def capacity_alarms(stream: kinesis.IStream, shards: int) -> tuple[AlarmSpec, ...]:
    """Return the alarms on a minute in which producers use 80 % of what the shards take, before they refuse records.

    A single shard may refuse them before, if keys are not spread evenly.

    Notes
    -----
    https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html
    """
    common: dict[str, Any] = {
        "namespace": "AWS/Kinesis",
        "dimensions": {"StreamName": stream.stream_name},
        "period": _MINUTE,
        "comparison": AT_LEAST,
    }
    share = _NEARLY_FULL * shards * _MINUTE.to_seconds()
    return (
        AlarmSpec(
            id="BytesNearLimit",
            metric="IncomingBytes",
            threshold=share * _SHARD_BYTES,
            description="Producers write 80 % of the bytes that the shards take",
            **common,
        ),
        AlarmSpec(
            id="RecordsNearLimit",
            metric="IncomingRecords",
            threshold=share * _SHARD_RECORDS,
            description="Producers write 80 % of the records that the shards take",
            **common,
        ),
    )


def stream_alarms(stream: kinesis.IStream, retention: Duration) -> tuple[AlarmSpec, ...]:
    """Return the alarms on producers or readers that are throttled, and on a reader that falls behind.

    Notes
    -----
    https://docs.aws.amazon.com/streams/latest/dev/monitoring-with-cloudwatch.html
    """
    namespace, dimensions = "AWS/Kinesis", {"StreamName": stream.stream_name}
    return (
        AlarmSpec(
            id="Throttled",
            namespace=namespace,
            metric="WriteProvisionedThroughputExceeded",
            dimensions=dimensions,
            description="Producers write faster than the stream takes records",
        ),
        AlarmSpec(
            id="ReadThrottled",
            namespace=namespace,
            metric="ReadProvisionedThroughputExceeded",
            dimensions=dimensions,
            description="Readers ask for more than the stream gives",
        ),
        AlarmSpec(
            id="ReaderLate",
            namespace=namespace,
            metric="GetRecords.IteratorAgeMilliseconds",
            dimensions=dimensions,
            statistic="Maximum",
            threshold=half_of(retention),
            description="A reader has used up half of the time before records are lost",
        ),
    )


def half_of(retention: Duration) -> float:
    """Return the age in milliseconds at which half of a retention is used up.

    Raises
    ------
    ValueError
        If the retention is known at deployment only, when it cannot be halved any more.
    """
    if retention.is_unresolved():
        raise ValueError(
            "an alarm goes off when half of the 'retention' is used up, so it must be known at synth, got one that is "
            "known at deployment only; give a number, or no 'alarm_topic'"
        )
    return retention.to_milliseconds() / 2
