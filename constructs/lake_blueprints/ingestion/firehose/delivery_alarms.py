"""Alarms of a delivery that can fire, and do so only when something is wrong."""

from __future__ import annotations

from typing import Any

from aws_cdk import Duration

from lake_blueprints.foundation.alarms import BELOW, AlarmSpec


def delivery_alarm(delivery_stream_name: str, id: str, metric: str, description: str, **options: Any) -> AlarmSpec:
    """Return an alarm on a metric of a delivery stream.

    Notes
    -----
    https://docs.aws.amazon.com/firehose/latest/dev/monitoring-with-cloudwatch-metrics.html,
    https://docs.aws.amazon.com/firehose/latest/dev/firehose-cloudwatch-metrics-best-practices.html
    """
    dimensions = {"DeliveryStreamName": delivery_stream_name}
    return AlarmSpec(
        id=id, namespace="AWS/Firehose", metric=metric, dimensions=dimensions, description=description, **options
    )


def transform_failed(delivery_stream_name: str) -> AlarmSpec:
    """Return the alarm on a function that fails to transform records."""
    return delivery_alarm(
        delivery_stream_name,
        "TransformFailed",
        "ExecuteProcessing.Success",
        "The function that transforms records failed; what is given up lies below the error prefix",
        statistic="Minimum",
        threshold=1,
        comparison=BELOW,
    )


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
