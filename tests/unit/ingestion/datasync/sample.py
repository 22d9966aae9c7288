"""Samples of a transfer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_secretsmanager as secretsmanager

from lake_blueprints.ingestion.datasync import (
    FileTransfer,
    Hdfs,
    NfsShare,
    ObjectStorage,
    S3Location,
    SmbShare,
    TransferSource,
)
from template_checks.limits import datasync as limits
from tests.conformance.fixtures import Fixtures
from tests.conformance.sample import Limited, Sample


def bucket(lake: Fixtures) -> S3Location:
    """Return objects of a bucket that is not the target."""
    return S3Location(bucket=lake.analytics.bucket, key=lake.key, prefix="exports/")


def server(lake: Fixtures, agents: int = 1) -> dict[str, Any]:
    """Return a server, and agents beside it."""
    stack = Stack.of(lake.scope)
    arns = [
        stack.format_arn(service="datasync", resource="agent", resource_name=f"agent-{number:017}")
        for number in range(agents)
    ]
    return {"host": "files.example.com", "agent_arns": arns}


def secret(lake: Fixtures) -> secretsmanager.ISecret:
    """Return a secret of another stack."""
    arn = Stack.of(lake.scope).format_arn(
        service="secretsmanager",
        resource="secret",
        resource_name="share-AbCdEf",
        arn_format=ArnFormat.COLON_RESOURCE_NAME,
    )
    return secretsmanager.Secret.from_secret_attributes(
        lake.scope, lake.unique("Secret"), secret_complete_arn=arn, encryption_key=lake.key
    )


def options(lake: Fixtures, source: TransferSource, **given: Any) -> dict[str, Any]:
    return {"source": source, "zone": lake.raw, "prefix": "flights/", **given}


def of(variant: str, source: Callable[[Fixtures], TransferSource]) -> Sample:
    return Sample(construct=FileTransfer, variant=variant, options=lambda lake: options(lake, source(lake)))


SAMPLE = Sample(
    construct=FileTransfer,
    options=lambda lake: options(lake, bucket(lake)),
    limits={
        "bytes_per_second": Limited(
            limit=limits.BANDWIDTH, options=lambda lake, n: options(lake, bucket(lake), bytes_per_second=n)
        ),
        "agent_arns": Limited(
            limit=limits.AGENTS,
            options=lambda lake, n: options(
                lake, SmbShare(**server(lake, n), path="/flights", user="lake", secret=secret(lake))
            ),
        ),
    },
)
NFS = of("nfs", lambda lake: NfsShare(**server(lake), path="/exports/flights"))
SMB = of("smb", lambda lake: SmbShare(**server(lake), path="/flights", user="lake", secret=secret(lake)))
HDFS = of("hdfs", lambda lake: Hdfs(**server(lake), path="/flights", user="lake"))
STORE = of(
    "object storage",
    lambda lake: ObjectStorage(
        host="storage.example.com", bucket_name="exports", access_key="lake-reader", secret=secret(lake)
    ),
)
