"""Permissions of a delivery, and of those who send records to it."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import aws_kinesis as kinesis

from lake_blueprints.foundation.access import Permission
from lake_blueprints.ingestion.kinesis.permissions import read_stream
from lake_blueprints.storage.s3 import Zone
from lake_blueprints.storage.s3 import permissions as objects

_FIREHOSE = "https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html"
_PUT = "https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecordBatch.html"

_ICEBERG = "https://docs.aws.amazon.com/firehose/latest/dev/apache-iceberg-prereq.html"
_FIND = ("s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads")
_TAKE = ("kinesis:DescribeStream", "kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:ListShards")


def write_to_zone(zone: Zone, prefixes: Sequence[str]) -> tuple[Permission, ...]:
    """Write objects, and what fails, below prefixes of a zone."""
    because, actions = "writes objects, and what fails", (*objects.GET, *objects.UPLOAD)
    source, wildcard = f"{_FIREHOSE}#using-iam-s3", "objects below a prefix, which Firehose names"
    return (
        objects.on_objects(zone, actions, prefixes, because, wildcard=wildcard),
        objects.on_bucket(zone.bucket, _FIND, "finds the bucket and its unfinished uploads", source),
        objects.with_key(zone, objects.ENCRYPT, prefixes, because),
    )


def write_table(zone: Zone, prefix: str) -> tuple[Permission, ...]:
    """Read the metadata of an Iceberg table, and add and delete files of it."""
    because, actions = "writes rows", (*objects.GET, *objects.UPLOAD, *objects.DELETE)
    wildcard = "files of a table, which Firehose names"
    return (
        objects.on_objects(zone, actions, [prefix], because, wildcard=wildcard).used_for(because, _ICEBERG),
        objects.on_bucket(zone.bucket, _FIND, because, _ICEBERG),
        objects.with_key(zone, objects.ENCRYPT, [prefix], because),
    )


def log_failures(log_stream_arn: str) -> Permission:
    """Log what fails."""
    return Permission(
        actions=("logs:PutLogEvents",),
        on=(log_stream_arn,),
        because="logs what fails",
        sources=(f"{_FIREHOSE}#using-iam-cw",),
    )


def take_records(stream: kinesis.IStream) -> tuple[Permission, ...]:
    """Take records from a stream."""
    return read_stream(stream, _TAKE, "takes records from the stream", f"{_FIREHOSE}#firehose-assume-role-kinesis")


def transform_records(function_arns: Sequence[str]) -> Permission:
    """Have records transformed by a function and its versions; of a version or alias, by itself alone."""
    return Permission(
        actions=("lambda:InvokeFunction", "lambda:GetFunctionConfiguration"),
        on=tuple(function_arns),
        because="has records transformed",
        sources=(f"{_FIREHOSE}#using-iam-lambda",),
        wildcard="versions of the function that transforms records",
    )


def put_records(delivery_stream_arn: str) -> Permission:
    """Send records."""
    actions = ("firehose:PutRecord", "firehose:PutRecordBatch")
    return Permission(actions=actions, on=(delivery_stream_arn,), because="sends records", sources=(_PUT,))
