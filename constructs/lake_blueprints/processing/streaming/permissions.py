"""Permissions of a function on a stream."""

from __future__ import annotations

from collections.abc import Iterator

from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs

from lake_blueprints.foundation.access import Permission, arn_of
from lake_blueprints.storage.s3 import Zone
from lake_blueprints.storage.s3 import permissions as objects

_LAMBDA = "https://docs.aws.amazon.com/lambda/latest/dg"
_SQS_KEY = (
    "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html"
    "#sqs-what-permissions-for-sse"
)


def write_log(log_group: logs.ILogGroup) -> Permission:
    """Write to the function's log group."""
    return Permission(
        actions=("logs:CreateLogStream", "logs:PutLogEvents"),
        on=(log_group.log_group_arn,),
        because="writes the log",
        sources=(f"{_LAMBDA}/monitoring-cloudwatchlogs.html",),
        wildcard="the ARN of a log group ends in a wildcard",
    )


def keep_state(zone: Zone, key: str) -> Iterator[Permission]:
    """Read and write the one object of the state."""
    because = "keeps its state"
    yield objects.on_objects(zone, (*objects.GET, "s3:PutObject"), [key], because)
    yield objects.head_missing(zone.bucket, key, because)
    yield objects.with_key(zone, objects.ENCRYPT, [key], because)


def report_failures(queue: sqs.IQueue, key: kms.IKey) -> Iterator[Permission]:
    """Send which records could not be taken."""
    because, source = "says which records it could not take", f"{_LAMBDA}/kinesis-on-failure-destination.html"
    yield Permission(
        actions=("sqs:SendMessage",), on=(queue.queue_arn,), because=because, sources=(source,), by_service=True
    )
    yield Permission(
        actions=("kms:GenerateDataKey", "kms:Decrypt"),
        on=(arn_of(key),),
        because=because,
        sources=(_SQS_KEY,),
        policy_of=key,
        contexts=({"kms:ViaService": "sqs.${AWS::Region}.amazonaws.com"},),
        by_service=True,
    )
