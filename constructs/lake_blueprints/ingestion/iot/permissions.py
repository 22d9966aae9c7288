"""Permissions of a rule at what its actions write to, and those of devices."""

from __future__ import annotations

from collections.abc import Iterator

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_sqs as sqs

from lake_blueprints.foundation.access import Permission, arn_of
from lake_blueprints.storage.s3 import permissions as objects
from lake_blueprints.storage.s3.permissions import Storage

_ACTIONS = "https://docs.aws.amazon.com/iot/latest/developerguide"
_DYNAMODB_KEY = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html"
_SQS_KEY = (
    "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html"
    "#sqs-what-permissions-for-sse"
)
THING = "${iot:Connection.Thing.ThingName}"
"""Name of the thing to which the certificate of a connection is attached, in policies of devices."""


def put_records(delivery_stream_arn: str) -> Permission:
    """Send records to a delivery stream."""
    return Permission(
        actions=("firehose:PutRecord",),
        on=(delivery_stream_arn,),
        because="sends messages",
        sources=(f"{_ACTIONS}/kinesis-firehose-rule-action.html",),
    )


def put_objects(storage: Storage, prefix: str, because: str) -> Iterator[Permission]:
    """Write an object for each message below a prefix."""
    wildcard = "objects that are named by messages"
    found = objects.on_objects(storage, ("s3:PutObject",), [prefix], because, wildcard=wildcard)
    yield found.used_for(because, f"{_ACTIONS}/s3-rule-action.html")
    yield objects.with_key(storage, ("kms:GenerateDataKey",), [prefix], because)


def send_messages(queue: sqs.IQueue) -> Iterator[Permission]:
    """Send messages to a queue, and encrypt them if it has a key."""
    because = "sends messages"
    yield Permission(
        actions=("sqs:SendMessage",),
        on=(queue.queue_arn,),
        because=because,
        sources=(f"{_ACTIONS}/sqs-rule-action.html",),
    )
    if key := queue.encryption_master_key:
        yield Permission(
            actions=("kms:GenerateDataKey", "kms:Decrypt"),
            on=(arn_of(key),),
            because=because,
            sources=(_SQS_KEY,),
            policy_of=key,
            contexts=({"kms:ViaService": "sqs.${AWS::Region}.amazonaws.com"},),
        )


def put_items(table: dynamodb.ITable) -> Iterator[Permission]:
    """Put an item for each message, and encrypt it if the table has a key."""
    because = "puts items"
    yield Permission(
        actions=("dynamodb:PutItem",),
        on=(table.table_arn,),
        because=because,
        sources=(f"{_ACTIONS}/dynamodb-v2-rule-action.html",),
    )
    if key := table.encryption_key:
        yield Permission(
            actions=("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"),
            on=(arn_of(key),),
            because=because,
            sources=(_DYNAMODB_KEY,),
            policy_of=key,
            contexts=(
                {
                    "kms:ViaService": "dynamodb.${AWS::Region}.amazonaws.com",
                    "kms:EncryptionContext:aws:dynamodb:tableName": table.table_name,
                    "kms:EncryptionContext:aws:dynamodb:subscriberId": Stack.of(table).account,
                },
            ),
        )


def of_device(stack: Stack, topics: list[str]) -> list[dict[str, object]]:
    """Return statements of a policy by which a thing connects under its own name and publishes to topics.

    https://docs.aws.amazon.com/iot/latest/developerguide/connect-and-pub.html
    """
    attached = {"Bool": {"iot:Connection.Thing.IsAttached": "true"}}
    return [
        {
            "Effect": "Allow",
            "Action": "iot:Connect",
            "Resource": _arn(stack, "client", THING),
            "Condition": attached,
        },
        {
            "Effect": "Allow",
            "Action": "iot:Publish",
            "Resource": [_arn(stack, "topic", topic) for topic in topics],
            "Condition": attached,
        },
    ]


def _arn(stack: Stack, resource: str, name: str) -> str:
    return stack.format_arn(
        service="iot", resource=resource, resource_name=name, arn_format=ArnFormat.SLASH_RESOURCE_NAME
    )
