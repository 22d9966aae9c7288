"""Alarms of an application."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from aws_cdk import Duration

from lake_blueprints.foundation.alarms import AlarmSpec
from lake_blueprints.processing.flink.runtime import FlinkRuntime

_NAMESPACE = "AWS/KinesisAnalytics"
_LAG = "millisBehindLatest"


def application_alarms(application: str, runtime: FlinkRuntime, late_after: Duration | None) -> Iterator[AlarmSpec]:
    """Yield the alarms on checkpoints that fail, on restarts and, where there is a source, on records read late.

    The first two count since the start and never fall, so that their rate is what is compared. The last one has further
    dimensions, which depend on the connector: the query takes all of the application.

    Notes
    -----
    https://docs.aws.amazon.com/managed-flink/latest/java/monitoring-metrics-alarms.html,
    https://docs.aws.amazon.com/managed-flink/latest/java/metrics-dimensions.html
    """
    common: dict[str, Any] = {
        "namespace": _NAMESPACE,
        "dimensions": {"Application": application},
        "statistic": "Maximum",
    }
    yield AlarmSpec(
        id="CheckpointsFail",
        metric="numberOfFailedCheckpoints",
        expression="RATE(m)",
        description="Checkpoints fail, so that a restart repeats more and more",
        **common,
    )
    yield AlarmSpec(
        id="Restarts",
        metric=runtime.restarts_metric,
        expression="RATE(m)",
        description="The job has failed, and was restarted from its last checkpoint",
        **common,
    )
    if late_after:
        yield AlarmSpec(
            id="Late",
            metric=_LAG,
            expression=f"SELECT MAX({_LAG}) FROM \"{_NAMESPACE}\" WHERE Application = '{application}'",
            threshold=late_after.to_milliseconds(),
            description="Records are read too late",
            **common,
        )
