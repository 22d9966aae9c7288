"""Permissions of functions that publish what a stream holds."""

from __future__ import annotations

from collections.abc import Iterator

from aws_cdk import aws_events as events
from aws_cdk import aws_sns as sns

from lake_blueprints.foundation.access import Permission, arn_of

_TOPICS = "https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-language-api-permissions-reference.html"
_TOPIC_KEYS = "https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html"
_BUSES = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-putevents.html"


def publish_messages(topic: sns.ITopic) -> Iterator[Permission]:
    """Publish to a topic, and encrypt the messages if it has a key."""
    because = "publishes alerts"
    yield Permission(actions=("sns:Publish",), on=(topic.topic_arn,), because=because, sources=(_TOPICS,))
    if key := topic.master_key:
        yield Permission(
            actions=("kms:GenerateDataKey", "kms:Decrypt"),
            on=(arn_of(key),),
            because=because,
            sources=(_TOPIC_KEYS,),
            policy_of=key,
            contexts=(
                {
                    "kms:ViaService": "sns.${AWS::Region}.amazonaws.com",
                    "kms:EncryptionContext:aws:sns:topicArn": topic.topic_arn,
                },
            ),
        )


def put_events(bus: events.IEventBus) -> Permission:
    """Put events on a bus."""
    return Permission(
        actions=("events:PutEvents",), on=(bus.event_bus_arn,), because="publishes alerts", sources=(_BUSES,)
    )
