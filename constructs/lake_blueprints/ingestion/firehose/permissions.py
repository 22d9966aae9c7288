"""Permissions of a delivery, and of those who send records to it."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_secretsmanager as secretsmanager

from lake_blueprints.foundation.access import Permission
from lake_blueprints.foundation.connections.permissions import sign_in
from lake_blueprints.ingestion.kinesis.permissions import read_stream
from lake_blueprints.storage.s3 import Zone
from lake_blueprints.storage.s3 import permissions as objects

_FIREHOSE = "https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html"
_PUT = "https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecordBatch.html"

_ICEBERG = "https://docs.aws.amazon.com/firehose/latest/dev/apache-iceberg-prereq.html"
_SECRETS = "https://docs.aws.amazon.com/firehose/latest/dev/secrets-manager-how.html"
# Those that an interface is made in.
_PARTS = ("subnet", "security-group")
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


def read_secret(secret: secretsmanager.ISecret) -> tuple[Permission, ...]:
    """Read the credentials of a destination."""
    return tuple(sign_in(secret, "signs in to the destination", _SECRETS))


def write_index(domain_arn: str, index: str) -> tuple[Permission, ...]:
    """Write documents of an index, and look at its domain."""
    because, source = "writes documents", f"{_FIREHOSE}#using-iam-es"
    looked_at = ("_all/_settings", "_cluster/stats", f"{index}*/_mapping/*", "_nodes", "_nodes/stats", "_nodes/*/stats")
    wildcard = "requests for many indexes at once, indexes that Firehose names by the time, nodes that come and go"
    return (
        Permission(
            actions=("es:DescribeDomain", "es:DescribeDomains", "es:DescribeDomainConfig"),
            on=(domain_arn,),
            because=because,
            sources=(source,),
        ),
        Permission(
            actions=("es:ESHttpPost", "es:ESHttpPut"),
            on=(f"{domain_arn}/*",),
            because=because,
            sources=(source,),
            wildcard=wildcard,
        ),
        Permission(
            actions=("es:ESHttpGet",),
            on=tuple(f"{domain_arn}/{path}" for path in (*looked_at, "_stats", f"{index}*/_stats")),
            because=because,
            sources=(source,),
            wildcard=wildcard,
        ),
    )


def reach_collection(collection_arn: str) -> Permission:
    """Reach a collection of OpenSearch Serverless, whose own policy says what may be done there."""
    return Permission(
        actions=("aoss:APIAccessAll",),
        on=(collection_arn,),
        because="writes documents",
        sources=("https://docs.aws.amazon.com/opensearch-service/latest/developerguide/serverless-clients.html",),
    )


def attach_to_network(vpc: ec2.IVpc) -> tuple[Permission, ...]:
    """Attach to a network, and look at it."""
    because, source = "reaches the index in its network", f"{_FIREHOSE}#using-iam-es-vpc"
    interfaces = Stack.of(vpc).format_arn(service="ec2", resource="network-interface", resource_name="*")
    parts = [Stack.of(vpc).format_arn(service="ec2", resource=kind, resource_name="*") for kind in _PARTS]
    unnamed = "EC2 names network interfaces when it makes them"
    return (
        Permission(
            actions=("ec2:CreateNetworkInterface",),
            on=(interfaces, *parts),
            because=because,
            sources=(source,),
            wildcard=unnamed,
        ),
        Permission(
            actions=("ec2:CreateNetworkInterfacePermission", "ec2:DeleteNetworkInterface"),
            on=(interfaces,),
            because=because,
            sources=(source,),
            wildcard=unnamed,
        ),
        Permission(
            actions=(
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeSubnets",
                "ec2:DescribeVpcs",
            ),
            because=because,
            sources=(source,),
            wildcard="IAM knows no resource for what describes a network",
        ),
        Permission(actions=("ec2:DescribeVpcAttribute",), on=(vpc.vpc_arn,), because=because, sources=(source,)),
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
