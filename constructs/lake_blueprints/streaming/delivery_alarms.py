"""Alarms of a delivery that can fire, and do so only when something is wrong."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sns as sns
from constructs import Construct

from lake_blueprints.streaming.alarms import add_alarm


def late_after(buffer_seconds: float, freshness: Duration | None) -> float:
    """Return the age in seconds at which a waiting record is late."""
    if freshness is None:
        return buffer_seconds * 2 + 300
    if not freshness.is_unresolved() and freshness.to_seconds() <= buffer_seconds:
        raise ValueError(
            f"'freshness' must be more than the {buffer_seconds:g} seconds that records wait in the buffer, "
            f"got {freshness.to_seconds():g} seconds"
        )
    return freshness.to_seconds()


def add_delivery_alarms(
    scope: Construct, *, delivery_stream_name: str, late_after_seconds: float, converted: bool, topic: sns.ITopic
) -> None:
    """Define the alarms of a delivery to S3.

    Notes
    -----
    https://docs.aws.amazon.com/firehose/latest/dev/monitoring-with-cloudwatch-metrics.html
    """

    def metric(name: str, statistic: str) -> cloudwatch.Metric:
        return cloudwatch.Metric(
            namespace="AWS/Firehose",
            metric_name=name,
            dimensions_map={"DeliveryStreamName": delivery_stream_name},
            statistic=statistic,
            period=Duration.minutes(5),
        )

    add_alarm(
        scope,
        "Late",
        metric=metric("DeliveryToS3.DataFreshness", "Maximum"),
        threshold=late_after_seconds,
        description="Records wait longer than the buffer explains",
        topic=topic,
    )
    add_alarm(
        scope,
        "WriteFailed",
        metric=metric("DeliveryToS3.Success", "Minimum"),
        threshold=1,
        below=True,
        description="Objects could not be written to the zone",
        topic=topic,
    )
    if converted:
        add_alarm(
            scope,
            "ConversionFailed",
            metric=metric("FailedConversion.Records", "Sum"),
            threshold=0,
            description="Records could not be converted to Parquet and lie below the error prefix",
            topic=topic,
        )
