"""Calls of CloudWatch under its own name when an alarm changes."""

from __future__ import annotations

from aws_cdk import Aws
from aws_cdk import aws_sns as sns

from lake_blueprints.foundation.access.declared import Call, Declared

_ALARMS = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html"
_STRANGER = "444455556666"


def alarm_calls(topic: sns.ITopic) -> Declared:
    """Return what alarms do with the topic that they are attached to, and with its key."""
    return Declared(
        name="Alarms of a topic",
        principal="cloudwatch.amazonaws.com",
        required=_publish(topic, "publishes that an alarm has changed", {"aws:SourceAccount": Aws.ACCOUNT_ID}),
        refused=(
            *_publish(topic, "alarms of another account", {"aws:SourceAccount": _STRANGER}),
            *_publish(topic, "acting for nobody known", {}),
        ),
    )


def _publish(topic: sns.ITopic, because: str, context: dict[str, str]) -> tuple[Call, ...]:
    told = (context,)
    publish = Call(
        actions=("sns:Publish",), resources=(topic.topic_arn,), contexts=told, because=because, source=_ALARMS
    )
    key = topic.master_key
    if key is None:
        return (publish,)
    use = ("kms:GenerateDataKey", "kms:Decrypt")
    return (publish, Call(actions=use, resources=(key.key_arn,), contexts=told, because=because, source=_ALARMS))
