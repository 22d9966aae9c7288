"""EventBridge rules and schedules that start a pipeline."""

from __future__ import annotations

import jsii
from aws_cdk import Acknowledgment, Duration, Validations
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sqs as sqs
from aws_cdk.interfaces.aws_events import IRuleRef
from constructs import Construct

from lake_blueprints.foundation.access import ServiceRole, admit, allow
from lake_blueprints.foundation.arguments import checked_function
from lake_blueprints.orchestration.permissions import keep_undelivered, start_by_rule
from lake_blueprints.storage.s3 import Zone


@checked_function
def object_created(zone: Zone, *, prefix: str | None = None) -> events.EventPattern:
    """Return the pattern of a new object in a zone.

    Parameters
    ----------
    zone: Zone
        Where.
    prefix: str, optional
        Start of the keys, for instance `references/`. By default any object.

    Notes
    -----
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html

    Example
    -------
        >>> Pipeline(self, "OnArrival", steps=steps, event_pattern=object_created(raw, prefix="references/"))
    """
    key = {"object": {"key": [{"prefix": prefix}]}} if prefix else {}
    return events.EventPattern(
        source=["aws.s3"],
        detail_type=["Object Created"],
        detail={"bucket": {"name": [zone.bucket.bucket_name]}, **key},
    )


def start_by(
    scope: Construct, machine_arn: str, *, schedule: events.Schedule | None, event_pattern: events.EventPattern | None
) -> sqs.Queue:
    """Define a rule for each way to start a state machine, and the role that starts it.

    Returns
    -------
    The queue of events that could not start it: EventBridge tries for a day, then drops what has no such queue.
    """
    role = ServiceRole(
        scope, "Starter", services=["events.amazonaws.com"], description="Starts the lake's state machine"
    )
    allow(role, start_by_rule(machine_arn))
    undelivered = sqs.Queue(
        scope,
        "Undelivered",
        encryption=sqs.QueueEncryption.SQS_MANAGED,
        enforce_ssl=True,
        retention_period=Duration.days(14),
    )
    itself = "it is the queue of what could not be delivered"
    Validations.of(undelivered).acknowledge(
        *(
            Acknowledgment(id=finding, reason=itself)
            for finding in ("AwsSolutions-SQS3", "Serverless-SQSRedrivePolicy", "CT.SQS.PR.1")
        )
    )
    target = _StateMachine(machine_arn, role, undelivered)
    rules = []
    if schedule:
        rules.append(events.Rule(scope, "Schedule", schedule=schedule, targets=[target]))
    if event_pattern:
        rules.append(events.Rule(scope, "Events", event_pattern=event_pattern, targets=[target]))
    kept = keep_undelivered(undelivered.queue_arn, [rule.rule_arn for rule in rules])
    admit(undelivered, "UndeliveredEvents", "events.amazonaws.com", kept)
    return undelivered


@jsii.implements(events.IRuleTarget)
class _StateMachine:
    """A target by its ARN; that of the CDK warns that it cannot tell the account of a machine that is a token."""

    def __init__(self, arn: str, role: iam.IRole, undelivered: sqs.IQueue) -> None:
        self._arn = arn
        self._role = role
        self._undelivered = undelivered

    def bind(self, rule: IRuleRef, id: str | None = None) -> events.RuleTargetConfig:
        return events.RuleTargetConfig(
            arn=self._arn,
            role=self._role,
            dead_letter_config=events.CfnRule.DeadLetterConfigProperty(arn=self._undelivered.queue_arn),
        )
