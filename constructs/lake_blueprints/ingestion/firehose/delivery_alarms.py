"""Alarms of a delivery that can fire, and do so only when something is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sns as sns
from constructs import Construct

from lake_blueprints.foundation.alarms import add_alarm

_ABOVE = cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD
_BELOW = cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD


@dataclass(frozen=True, kw_only=True)
class _Alarm:
    """An alarm on a metric of Firehose."""

    id: str
    metric: str
    statistic: str = "Sum"
    threshold: float = 0
    comparison: cloudwatch.ComparisonOperator = _ABOVE
    description: str


def late_after(buffer_seconds: float, freshness: Duration | None, retention: Duration | None) -> float:
    """Return the age in seconds at which a waiting record is late.

    Parameters
    ----------
    buffer_seconds: float
        How long records wait in the buffer.
    freshness: Duration, optional
        The age that is asked for. By default twice the buffer's and five minutes.
    retention: Duration, optional
        How long the source keeps records; an alarm after that is about records that are gone.
    """
    if freshness is None:
        return buffer_seconds * 2 + 300
    if freshness.is_unresolved():
        return freshness.to_seconds()
    seconds = freshness.to_seconds()
    if seconds <= buffer_seconds:
        raise ValueError(
            f"'freshness' must be more than the {buffer_seconds:g} seconds that records wait in the buffer, "
            f"got {seconds:g} seconds"
        )
    if retention and not retention.is_unresolved() and seconds >= retention.to_seconds():
        raise ValueError(
            f"'freshness' must be less than the {retention.to_hours():g} hours for which the stream keeps records, got "
            f"{seconds / 3600:g} hours; the alarm would fire when records are lost already"
        )
    return seconds


def add_delivery_alarms(
    scope: Construct,
    *,
    delivery_stream_name: str,
    late_after_seconds: float,
    from_stream: bool,
    converted: bool,
    transformed: bool,
    dynamic: bool,
    topic: sns.ITopic,
) -> None:
    """Define the alarms of a delivery to S3.

    Parameters
    ----------
    delivery_stream_name: str
        What it is called.
    late_after_seconds: float
        Age of a waiting record at which it is late.
    from_stream: bool
        Whether it reads a Kinesis stream, so that the stream throttles it and not it its producers.
    converted: bool
        Whether it converts records.
    transformed: bool
        Whether a function changes records.
    dynamic: bool
        Whether records go into folders of their keys.
    topic: sns.ITopic
        Where the messages go.

    Notes
    -----
    https://docs.aws.amazon.com/firehose/latest/dev/monitoring-with-cloudwatch-metrics.html,
    https://docs.aws.amazon.com/firehose/latest/dev/firehose-cloudwatch-metrics-best-practices.html
    """
    alarms = _alarms(
        late_after_seconds, from_stream=from_stream, converted=converted, transformed=transformed, dynamic=dynamic
    )
    for one in alarms:
        add_alarm(
            scope,
            one.id,
            metric=cloudwatch.Metric(
                namespace="AWS/Firehose",
                metric_name=one.metric,
                dimensions_map={"DeliveryStreamName": delivery_stream_name},
                statistic=one.statistic,
                period=Duration.minutes(5),
            ),
            threshold=one.threshold,
            comparison=one.comparison,
            description=one.description,
            topic=topic,
        )


def _alarms(
    late_after_seconds: float, *, from_stream: bool, converted: bool, transformed: bool, dynamic: bool
) -> Iterator[_Alarm]:
    yield _Alarm(
        id="Late",
        metric="DeliveryToS3.DataFreshness",
        statistic="Maximum",
        threshold=late_after_seconds,
        description="Records wait longer than the buffer explains",
    )
    yield _Alarm(
        id="WriteFailed",
        metric="DeliveryToS3.Success",
        statistic="Minimum",
        threshold=1,
        comparison=_BELOW,
        description="Objects could not be written to the zone",
    )
    if from_stream:
        yield _Alarm(id="Throttled", metric="ThrottledGetRecords", description="The stream throttles the delivery")
    else:
        yield _Alarm(
            id="Throttled",
            metric="ThrottledRecords",
            description="Producers send faster than the delivery takes records",
        )
    if converted:
        yield _Alarm(
            id="ConversionFailed",
            metric="FailedConversion.Records",
            description="Records could not be converted to Parquet and lie below the error prefix",
        )
    if transformed:
        yield _Alarm(
            id="TransformFailed",
            metric="ExecuteProcessing.Success",
            statistic="Minimum",
            threshold=1,
            comparison=_BELOW,
            description="The function that transforms records failed; what is given up lies below the error prefix",
        )
    if dynamic:
        yield _Alarm(
            id="TooManyPartitions",
            metric="PartitionCountExceeded",
            statistic="Maximum",
            description="Records have more partition keys than Firehose takes; some lie below the error prefix",
        )
