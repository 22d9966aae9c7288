"""A cloud with a table for each test."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from local_cloud.cloud import LocalCloud


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with LocalCloud(workdir=tmp_path_factory.mktemp("cloud")) as running:
        running.client("s3").create_bucket(Bucket="exports")
        yield running


@pytest.fixture
def table(cloud: LocalCloud, request: pytest.FixtureRequest) -> Iterator[str]:
    """A table with a sort key and point-in-time recovery, named after the test."""
    dynamodb, name = cloud.client("dynamodb"), request.node.originalname
    dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "device", "KeyType": "HASH"}, {"AttributeName": "timestamp", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in ("device", "timestamp")],
        BillingMode="PAY_PER_REQUEST",
    )
    recovery = {"PointInTimeRecoveryEnabled": True}
    dynamodb.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification=recovery)
    yield name
    dynamodb.delete_table(TableName=name)


def key(device: str = "foo", timestamp: str = "2024-07-12T01:17:42") -> dict[str, Any]:
    return {"device": {"S": device}, "timestamp": {"S": timestamp}}


def arn(name: str) -> str:
    return f"arn:aws:dynamodb:us-east-1:123456789012:table/{name}"


Export = Callable[..., dict[str, Any]]


@pytest.fixture
def export(cloud: LocalCloud, table: str) -> Export:
    """Export the table, and wait until that has ended."""
    dynamodb = cloud.client("dynamodb")

    def export(**request: Any) -> dict[str, Any]:
        started = dynamodb.export_table_to_point_in_time(TableArn=arn(table), S3Bucket="exports", **request)
        while True:
            found = dynamodb.describe_export(ExportArn=started["ExportDescription"]["ExportArn"])["ExportDescription"]
            if found["ExportStatus"] != "IN_PROGRESS":
                return dict(found)
            time.sleep(0.02)

    return export
