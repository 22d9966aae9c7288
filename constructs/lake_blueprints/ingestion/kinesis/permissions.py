"""Permissions of readers and writers of a data stream, with the key that it is encrypted with."""

from __future__ import annotations

from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kms as kms

from lake_blueprints.foundation.access import Permission, arn_of

_READERS = "https://docs.aws.amazon.com/streams/latest/dev/kcl-iam-permissions.html"
_WRITERS = "https://docs.aws.amazon.com/streams/latest/dev/controlling-access.html"
_CONSUMERS = "https://docs.aws.amazon.com/streams/latest/dev/building-enhanced-consumers-api.html"
_KEY = "https://docs.aws.amazon.com/streams/latest/dev/permissions-user-key-KMS.html"

_WRITE = ("kinesis:PutRecord", "kinesis:PutRecords")
_READ = (
    "kinesis:DescribeStream",
    "kinesis:DescribeStreamSummary",
    "kinesis:GetRecords",
    "kinesis:GetShardIterator",
    "kinesis:ListShards",
)


def read_stream(
    stream: kinesis.IStream,
    actions: tuple[str, ...] = _READ,
    because: str = "reads records",
    source: str = _READERS,
) -> tuple[Permission, ...]:
    """Read the records of any stream, and decrypt them if it has a key."""
    key, arn = stream.encryption_key, stream.stream_arn
    read = Permission(actions=actions, on=(arn,), because=because, sources=(source,), policy_of=stream)
    return (read, _with_key(key, arn, "kms:Decrypt", because)) if key else (read,)


def write_stream(stream: kinesis.IStream, key: kms.IKey, actions: tuple[str, ...] = _WRITE) -> tuple[Permission, ...]:
    """Write records, and encrypt them."""
    because, arn = "writes records", stream.stream_arn
    return (
        Permission(actions=actions, on=(arn,), because=because, sources=(_WRITERS,), policy_of=stream),
        _with_key(key, arn, "kms:GenerateDataKey", because),
    )


def subscribe(stream: kinesis.IStream, consumer_arn: str) -> tuple[Permission, ...]:
    """Read the records of a stream as one of its consumers, to whom Kinesis pushes them."""
    key, arn, because = stream.encryption_key, stream.stream_arn, "reads records as a consumer"
    find = Permission(
        actions=("kinesis:DescribeStreamSummary", "kinesis:ListShards"),
        on=(arn,),
        because=because,
        sources=(_CONSUMERS,),
        policy_of=stream,
    )
    read = Permission(
        actions=("kinesis:DescribeStreamConsumer", "kinesis:SubscribeToShard"),
        on=(consumer_arn,),
        because=because,
        sources=(_CONSUMERS,),
    )
    return (find, read, _with_key(key, arn, "kms:Decrypt", because)) if key else (find, read)


def _with_key(key: kms.IKey, stream_arn: str, action: str, because: str) -> Permission:
    context = {
        "kms:ViaService": "kinesis.${AWS::Region}.amazonaws.com",
        "kms:EncryptionContext:aws:kinesis:arn": stream_arn,
    }
    return Permission(
        actions=(action,), on=(arn_of(key),), because=because, sources=(_KEY,), policy_of=key, contexts=(context,)
    )
