"""Alarms of a data stream."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_kinesis as kinesis

from lake_blueprints.foundation.alarms import AlarmSpec


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
            threshold=retention.to_milliseconds() / 2,
            description="A consumer has used up half of the time before records are lost",
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
            threshold=retention.to_milliseconds() / 2,
            description="A reader has used up half of the time before records are lost",
        ),
    )
