"""Alarms that fire once something is wrong, and are silent while nothing flows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct

from lake_blueprints.foundation.alarms.admission import admit_alarms
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.units import DurationInSeconds

ABOVE = cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD
AT_LEAST = cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD
BELOW = cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD


@checked
@dataclass(frozen=True, kw_only=True)
class AlarmSpec:
    """An alarm as data: a metric of one resource, and the value beyond which something is wrong.

    Parameters
    ----------
    id: str
        Construct id of the alarm.
    namespace, metric: str
        Namespace and name of the metric.
    dimensions: mapping of str to str
        Dimensions of the metric, which name the one resource.
    threshold: float
        Value that the metric is compared with, in its unit. By default 0.
    description: str
        What has happened, for the people who are called.
    statistic: str
        Statistic over the period. By default Sum.
    period: Duration
        Period that is evaluated. By default 5 minutes.
    comparison: cloudwatch.ComparisonOperator
        When the alarm fires. By default above the threshold.
    unit: cloudwatch.Unit, optional
        Unit that samples must have. By default all of them count.
    band: float, optional
        Width of the band of expected values, in standard deviations: CloudWatch learns it from two weeks of the metric,
        and it takes the place of the threshold. By default there is none.
    periods: int
        Periods that must all be beyond the threshold or the band. By default 1.
    missing: cloudwatch.TreatMissingData
        What a period without samples is. By default not beyond.
    expression: str, optional
        What is compared in place of the metric itself: metric math in which the metric is `m`, such as `RATE(m)`, or a
        query of CloudWatch Metrics Insights, which names its metric. By default the metric.
    """

    id: str
    namespace: str
    metric: str
    dimensions: Mapping[str, str]
    description: str
    threshold: float = 0
    statistic: str = "Sum"
    period: DurationInSeconds = field(default_factory=lambda: Duration.minutes(5))
    comparison: cloudwatch.ComparisonOperator = ABOVE
    unit: cloudwatch.Unit | None = None
    band: float | None = None
    periods: int = 1
    missing: cloudwatch.TreatMissingData = cloudwatch.TreatMissingData.NOT_BREACHING
    expression: str | None = None

    def to_metric(self) -> cloudwatch.Metric | cloudwatch.MathExpression:
        """Return the metric, or what is calculated from it, for an alarm or a dashboard."""
        metric = cloudwatch.Metric(
            namespace=self.namespace,
            metric_name=self.metric,
            dimensions_map=dict(self.dimensions),
            statistic=self.statistic,
            period=self.period,
            unit=self.unit,
        )
        if self.expression is None:
            return metric
        math = not self.expression.startswith("SELECT")
        return cloudwatch.MathExpression(
            expression=self.expression, using_metrics={"m": metric} if math else {}, label=self.id, period=self.period
        )


def add_alarms(scope: Construct, specs: Iterable[AlarmSpec], topic: sns.ITopic) -> list[cloudwatch.Alarm]:
    """Define alarms that fire once a metric is beyond its threshold or its band.

    Parameters
    ----------
    scope: Construct
        Construct whose children the alarms become.
    specs: iterable of AlarmSpec
        The alarms.
    topic: sns.ITopic
        Topic that receives the alarms; its policy and its key's then admit CloudWatch, unless they are imported.
    """
    alarms = []
    for spec in specs:
        alarm = _alarm(scope, spec)
        alarm.add_alarm_action(actions.SnsAction(topic))
        alarms.append(alarm)
    if alarms:
        admit_alarms(topic)
    return alarms


def _alarm(scope: Construct, spec: AlarmSpec) -> cloudwatch.Alarm:
    common: Mapping[str, Any] = {
        "metric": spec.to_metric(),
        "comparison_operator": spec.comparison,
        "evaluation_periods": spec.periods,
        "treat_missing_data": spec.missing,
        "alarm_description": spec.description,
    }
    if spec.band is None:
        return cloudwatch.Alarm(scope, spec.id, threshold=spec.threshold, **common)
    return cloudwatch.AnomalyDetectionAlarm(scope, spec.id, std_devs=spec.band, **common)
