"""Permissions of the Lambda functions that read a data stream, and of who calls one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from aws_cdk import aws_logs as logs

from lake_blueprints.foundation.access import Permission
from lake_blueprints.ingestion.kinesis.permissions import read_stream
from lake_blueprints.ingestion.kinesis.stream import Stream
from lake_blueprints.storage.s3 import Zone
from lake_blueprints.storage.s3 import permissions as objects

_DG = "https://docs.aws.amazon.com/lambda/latest/dg"
_READS = f"{_DG}/services-kinesis-create.html"
_DISCARDS = f"{_DG}/kinesis-on-failure-destination.html"
_CALLS = "https://docs.aws.amazon.com/step-functions/latest/dg/connect-lambda.html"
_LOGS = f"{_DG}/monitoring-cloudwatchlogs.html"
_RANGE = ("kinesis:DescribeStreamSummary", "kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:ListShards")
DISCARDED = "aws/lambda/"
"""Prefix that Lambda gives to the objects of discarded batches; the id of the mapping follows.

https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
"""


def run_on_stream(stream: Stream, errors: Zone, log_group: logs.ILogGroup) -> Iterator[Permission]:
    """Be polled for: read the stream, keep what is discarded, and write the log; Lambda itself calls them all."""
    for permission in read_stream(stream.stream, because="polls the stream for the function", source=_READS):
        yield replace(permission, by_service=True)
    because = "keeps batches that the function failed to take"
    # Lambda lists the whole bucket, of which its page says no prefix.
    yield replace(objects.on_bucket(errors.bucket, objects.LIST, because, _DISCARDS), by_service=True)
    put = objects.on_objects(
        errors, ("s3:PutObject",), [DISCARDED], because, wildcard="objects that are named by Lambda"
    )
    yield replace(put.used_for(because, _DISCARDS), by_service=True)
    yield objects.with_key(errors, ("kms:GenerateDataKey",), [DISCARDED], because)
    yield write_logs(log_group)


def replay_range(
    stream: Stream, zone: Zone, prefixes: Sequence[str], log_group: logs.ILogGroup
) -> Iterator[Permission]:
    """Read a range of the stream, write its records and the report below prefixes, and write the log."""
    yield from read_stream(stream.stream, _RANGE, "reads the range")
    because = "writes the records of the range"
    yield objects.on_objects(
        zone, ("s3:PutObject",), prefixes, because, wildcard="objects that are named by shards, numbers and times"
    )
    yield objects.with_key(zone, ("kms:GenerateDataKey",), prefixes, because)
    yield write_logs(log_group)


def call_function(function_arn: str) -> Permission:
    """Call a function."""
    return Permission(
        actions=("lambda:InvokeFunction",), on=(function_arn,), because="replays the range", sources=(_CALLS,)
    )


def write_logs(log_group: logs.ILogGroup) -> Permission:
    """Write the log of a function, which Lambda itself does."""
    return Permission(
        actions=("logs:CreateLogStream", "logs:PutLogEvents"),
        on=(log_group.log_group_arn,),
        because="writes logs",
        sources=(_LOGS,),
        wildcard="streams of its own log group, which Lambda names",
        by_service=True,
    )
