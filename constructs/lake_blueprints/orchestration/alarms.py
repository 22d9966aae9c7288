"""Alarms on executions that fail unheard."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from lake_blueprints.foundation.alarms import add_alarm


def add_execution_alarms(
    scope: Construct, machine: sfn.IStateMachine, topic: sns.ITopic, *, undelivered: sqs.IQueue | None = None
) -> None:
    """Define alarms for failed, timed out and never started executions."""
    period = Duration.minutes(5)
    alarms = [
        ("FailedAlarm", "failed", machine.metric_failed(period=period, statistic="Sum")),
        ("TimedOutAlarm", "took too long", machine.metric_timed_out(period=period, statistic="Sum")),
    ]
    if undelivered:
        waiting = undelivered.metric_approximate_number_of_messages_visible(period=period, statistic="Maximum")
        alarms.append(("UndeliveredAlarm", "was not started by its event", waiting))
    for alarm_id, what, metric in alarms:
        add_alarm(
            scope,
            alarm_id,
            metric=metric,
            threshold=1,
            comparison=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            description=f"An execution of {scope.node.path} {what}",
            topic=topic,
        )
