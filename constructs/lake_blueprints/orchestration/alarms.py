"""Alarms on executions that fail unheard."""

from __future__ import annotations

from collections.abc import Iterator

from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn

from lake_blueprints.foundation.alarms import AT_LEAST, AlarmSpec


def execution_alarms(path: str, machine: sfn.IStateMachine, undelivered: sqs.IQueue | None) -> Iterator[AlarmSpec]:
    """Yield the alarms on executions that failed, timed out, or were never started.

    Notes
    -----
    https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html
    """
    for alarm_id, metric, what in (
        ("FailedAlarm", "ExecutionsFailed", "failed"),
        ("TimedOutAlarm", "ExecutionsTimedOut", "took too long"),
    ):
        yield AlarmSpec(
            id=alarm_id,
            namespace="AWS/States",
            metric=metric,
            dimensions={"StateMachineArn": machine.state_machine_arn},
            threshold=1,
            comparison=AT_LEAST,
            description=f"An execution of {path} {what}",
        )
    if undelivered:
        yield AlarmSpec(
            id="UndeliveredAlarm",
            namespace="AWS/SQS",
            metric="ApproximateNumberOfMessagesVisible",
            dimensions={"QueueName": undelivered.queue_name},
            statistic="Maximum",
            threshold=1,
            comparison=AT_LEAST,
            description=f"An execution of {path} was not started by its event",
        )
