"""An alarm that fires once something is wrong, and is silent while nothing flows."""

from __future__ import annotations

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct

from lake_blueprints.foundation.alarms.admission import admit_alarms


def add_alarm(
    scope: Construct,
    construct_id: str,
    *,
    metric: cloudwatch.IMetric,
    threshold: float,
    description: str,
    topic: sns.ITopic,
    comparison: cloudwatch.ComparisonOperator = cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
) -> cloudwatch.Alarm:
    """Define an alarm on the first period in which a metric is beyond a threshold, and let it publish to a topic.

    Parameters
    ----------
    metric: cloudwatch.IMetric
        With the dimension of the one resource that it is about.
    threshold: float
        What the metric is compared with, in its unit.
    description: str
        What has happened, for the people who are called.
    topic: sns.ITopic
        Where the message goes; its policy and its key's then admit CloudWatch.
    comparison: cloudwatch.ComparisonOperator
        When the alarm fires. By default above the threshold.
    """
    alarm = cloudwatch.Alarm(
        scope,
        construct_id,
        metric=metric,
        threshold=threshold,
        comparison_operator=comparison,
        evaluation_periods=1,
        treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        alarm_description=description,
    )
    alarm.add_alarm_action(actions.SnsAction(topic))
    admit_alarms(topic)
    return alarm
