"""Alarms on executions that fail unheard."""

from __future__ import annotations

from aws_cdk import Aws, Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct


def add_execution_alarms(
    scope: Construct, machine: sfn.IStateMachine, topic: sns.ITopic, *, undelivered: sqs.IQueue | None = None
) -> None:
    """Define alarms for failed, timed out and never started executions, and let alarms publish to the topic."""
    # A topic with a policy of its own admits only whom this names.
    topic.add_to_resource_policy(
        iam.PolicyStatement(
            sid="Alarms",
            principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
            actions=["sns:Publish"],
            resources=[topic.topic_arn],
            conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
        )
    )
    period = Duration.minutes(5)
    alarms = [
        ("FailedAlarm", "failed", machine.metric_failed(period=period, statistic="Sum")),
        ("TimedOutAlarm", "took too long", machine.metric_timed_out(period=period, statistic="Sum")),
    ]
    if undelivered:
        waiting = undelivered.metric_approximate_number_of_messages_visible(period=period, statistic="Maximum")
        alarms.append(("UndeliveredAlarm", "was not started by its event", waiting))
    for alarm_id, what, metric in alarms:
        alarm = metric.create_alarm(
            scope,
            alarm_id,
            threshold=1,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
            alarm_description=f"An execution of {scope.node.path} {what}",
        )
        alarm.add_alarm_action(actions.SnsAction(topic))
