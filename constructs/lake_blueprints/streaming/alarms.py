"""Alarms that fire once something is wrong, and are silent while nothing flows."""

from __future__ import annotations

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct


def add_alarm(
    scope: Construct,
    construct_id: str,
    *,
    metric: cloudwatch.IMetric,
    threshold: float,
    description: str,
    topic: sns.ITopic,
    below: bool = False,
) -> cloudwatch.Alarm:
    """Define an alarm on the first period in which a metric is beyond a threshold, and tell a topic.

    Parameters
    ----------
    metric: cloudwatch.IMetric
        With the dimension of the one resource that it is about.
    threshold: float
        The last value that is all right, in the metric's unit.
    description: str
        What has happened, for whoever is called.
    topic: sns.ITopic
        Who is told.
    below: bool
        Whether less than the threshold is wrong. By default more is.
    """
    comparison = cloudwatch.ComparisonOperator
    alarm = cloudwatch.Alarm(
        scope,
        construct_id,
        metric=metric,
        threshold=threshold,
        comparison_operator=comparison.LESS_THAN_THRESHOLD if below else comparison.GREATER_THAN_THRESHOLD,
        evaluation_periods=1,
        treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        alarm_description=description,
    )
    alarm.add_alarm_action(actions.SnsAction(topic))
    return alarm
