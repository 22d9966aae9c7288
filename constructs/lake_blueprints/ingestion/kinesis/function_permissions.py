"""Permissions of a Lambda function that reads a data stream, beside those of what it does with the records."""

from __future__ import annotations

from collections.abc import Iterator
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
_LOGS = f"{_DG}/monitoring-cloudwatchlogs.html"
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
    yield Permission(
        actions=("logs:CreateLogStream", "logs:PutLogEvents"),
        on=(log_group.log_group_arn,),
        because="writes logs",
        sources=(_LOGS,),
        wildcard="streams of its own log group, which Lambda names",
        by_service=True,
    )
