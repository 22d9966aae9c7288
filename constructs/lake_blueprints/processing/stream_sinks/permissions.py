"""Permissions of functions that publish what a stream holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from aws_cdk import aws_events as events
from aws_cdk import aws_sns as sns
from constructs import Construct

from lake_blueprints.foundation.access import Permission, arn_of
from lake_blueprints.foundation.network import permissions as network

_TOPICS = "https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-language-api-permissions-reference.html"
_TOPIC_KEYS = "https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html"
_BUSES = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-putevents.html"
_METRICS = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/iam-cw-condition-keys-namespace.html"
_VPC = "https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html"


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


def put_metrics(namespace: str) -> Permission:
    """Put metrics into a namespace."""
    return Permission(
        actions=("cloudwatch:PutMetricData",),
        because="puts metrics",
        sources=(_METRICS,),
        conditions={"StringEquals": {"cloudwatch:namespace": namespace}},
        wildcard="IAM knows no resource for metrics, only their namespace",
    )


def attach(scope: Construct, *, subnets: Sequence[str], security_group: str) -> Iterator[Permission]:
    """Put the function into a network."""
    return network.attach(
        scope,
        subnets=subnets,
        security_group=security_group,
        manages=["ec2:AssignPrivateIpAddresses", "ec2:DeleteNetworkInterface", "ec2:UnassignPrivateIpAddresses"],
        describes=["ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"],
        source=_VPC,
    )
