"""Calls of Firehose under a delivery's role, and of readers and writers of a stream."""

from __future__ import annotations

from aws_cdk import ArnFormat, Aws, Stack
from aws_cdk import aws_iam as iam

from lake_blueprints.catalog.calls import in_catalog
from lake_blueprints.foundation.access.declared import Call, Declared
from lake_blueprints.ingestion.firehose.delivery_stream import DeliveryStream
from lake_blueprints.ingestion.kinesis.stream import Stream
from lake_blueprints.storage.s3 import calls as objects

_FIREHOSE = "https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html"
_TO_S3 = f"{_FIREHOSE}#using-iam-s3"
_FROM_STREAM = f"{_FIREHOSE}#firehose-assume-role-kinesis"
_WITH_LAMBDA = f"{_FIREHOSE}#using-iam-lambda"
_WITH_GLUE = f"{_FIREHOSE}#using-iam-glue"
_PUT = "https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecordBatch.html"
_READERS = "https://docs.aws.amazon.com/streams/latest/dev/kcl-iam-permissions.html"
_WRITERS = "https://docs.aws.amazon.com/streams/latest/dev/controlling-access.html"
_STREAM_KEY = "https://docs.aws.amazon.com/streams/latest/dev/permissions-user-key-KMS.html"


def delivery_calls(delivery: DeliveryStream) -> Declared:
    """Return what Firehose does from taking records to writing objects."""
    zone, written = delivery.zone, (delivery.prefix, delivery.error_prefix)
    because = "writes objects, and what fails"
    return Declared(
        name="Delivery",
        principal=delivery.role,
        assumed_by=("firehose.amazonaws.com",),
        required=(
            *(call for prefix in written for call in objects.uploading(zone, prefix, because, "s3:GetObject")),
            Call(
                actions=("s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"),
                resources=(zone.bucket.bucket_arn,),
                because="finds the bucket and its unfinished uploads",
                source=_TO_S3,
            ),
            Call(
                actions=("logs:PutLogEvents",),
                resources=(_log_stream(delivery),),
                because="logs what fails",
                source=f"{_FIREHOSE}#using-iam-cw",
            ),
            *_source(delivery),
            *_transform(delivery),
            *_schema(delivery),
        ),
        refused=(
            objects.kept(zone, delivery.prefix),
            *objects.beside(zone, delivery.prefix)[:1],
            *objects.ruling(zone),
        ),
    )


def stream_read_calls(stream: Stream, reader: iam.IRole) -> Declared:
    """Return what a consumer of records does."""
    arn = stream.stream.stream_arn
    actions = ("DescribeStream", "DescribeStreamSummary", "GetRecords", "GetShardIterator", "ListShards")
    return Declared(
        name="Reader of a stream",
        principal=reader,
        required=(
            Call(
                actions=tuple(f"kinesis:{action}" for action in actions),
                resources=(arn,),
                because="reads records",
                source=_READERS,
            ),
            _with_stream_key(stream, "kms:Decrypt", "reads records"),
        ),
        refused=(
            _on_stream(arn, "changing what is only read", "PutRecord", "PutRecords", "DeleteStream", "MergeShards"),
            _with_stream_key(stream, "kms:GenerateDataKey", "changing what is only read"),
        ),
    )


def stream_write_calls(stream: Stream, writer: iam.IRole) -> Declared:
    """Return what a producer of records does."""
    arn = stream.stream.stream_arn
    return Declared(
        name="Writer of a stream",
        principal=writer,
        required=(
            _on_stream(arn, "writes records", "PutRecord", "PutRecords"),
            _with_stream_key(stream, "kms:GenerateDataKey", "writes records"),
        ),
        refused=(
            _on_stream(arn, "reading what is only written", "GetRecords", "GetShardIterator", "DeleteStream"),
            _with_stream_key(stream, "kms:Decrypt", "reading what is only written"),
        ),
    )


def delivery_write_calls(delivery: DeliveryStream, writer: iam.IRole) -> Declared:
    """Return what a producer does that has no stream."""
    arn = (delivery.delivery_stream_arn,)
    return Declared(
        name="Writer of a delivery",
        principal=writer,
        required=(
            Call(
                actions=("firehose:PutRecord", "firehose:PutRecordBatch"),
                resources=arn,
                because="sends records",
                source=_PUT,
            ),
        ),
        refused=(
            Call(
                actions=("firehose:UpdateDestination", "firehose:DeleteDeliveryStream"),
                resources=arn,
                because="changing where records go",
                source=_PUT,
            ),
        ),
    )


def _source(delivery: DeliveryStream) -> tuple[Call, ...]:
    source = delivery.source
    if source is None:
        return ()
    read = tuple(f"kinesis:{action}" for action in ("DescribeStream", "GetRecords", "GetShardIterator", "ListShards"))
    because = "takes records from the stream"
    told = {
        "kms:ViaService": f"kinesis.{Aws.REGION}.amazonaws.com",
        "kms:EncryptionContext:aws:kinesis:arn": source.stream_arn,
    }
    key = source.encryption_key
    decrypt = (
        Call(actions=("kms:Decrypt",), resources=(key.key_arn,), contexts=(told,), because=because, source=_FROM_STREAM)
        if key
        else None
    )
    call = Call(actions=read, resources=(source.stream_arn,), because=because, source=_FROM_STREAM)
    return (call, decrypt) if decrypt else (call,)


def _transform(delivery: DeliveryStream) -> tuple[Call, ...]:
    if delivery.transform is None:
        return ()
    arn = delivery.transform.function.function_arn
    return (
        Call(
            actions=("lambda:InvokeFunction", "lambda:GetFunctionConfiguration"),
            resources=(arn, f"{arn}:$LATEST"),
            because="has records transformed",
            source=_WITH_LAMBDA,
        ),
    )


def _schema(delivery: DeliveryStream) -> tuple[Call, ...]:
    if delivery.schema is None:
        return ()
    actions = ("glue:GetTable", "glue:GetTableVersion", "glue:GetTableVersions")
    return (in_catalog(delivery.schema, actions, "converts records by the columns of the table", _WITH_GLUE),)


def _log_stream(delivery: DeliveryStream) -> str:
    name = f"{delivery.log_group.log_group_name}:log-stream:{delivery.log_stream.log_stream_name}"
    return Stack.of(delivery).format_arn(
        service="logs", resource="log-group", resource_name=name, arn_format=ArnFormat.COLON_RESOURCE_NAME
    )


def _on_stream(arn: str, because: str, *actions: str) -> Call:
    called = tuple(f"kinesis:{action}" for action in actions)
    return Call(actions=called, resources=(arn,), because=because, source=_WRITERS)


def _with_stream_key(stream: Stream, action: str, because: str) -> Call:
    told = {
        "kms:ViaService": f"kinesis.{Aws.REGION}.amazonaws.com",
        "kms:EncryptionContext:aws:kinesis:arn": stream.stream.stream_arn,
    }
    return Call(
        actions=(action,), resources=(stream.key.key_arn,), contexts=(told,), because=because, source=_STREAM_KEY
    )
