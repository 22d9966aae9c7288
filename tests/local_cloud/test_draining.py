"""Output of `local-cloud drain`: records that were delivered, and records that went to errors."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import pytest

from local_cloud.cli import draining
from local_cloud.cli.session import Session
from local_cloud.cloud import LocalCloud
from tests.local_cloud.iceberg.conftest import orders

ROLE = "arn:aws:iam::123456789012:role/firehose"


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[LocalCloud]:
    with LocalCloud(workdir=tmp_path) as running:
        running.client("s3").create_bucket(Bucket="lake")
        yield running


def test_counts_what_was_delivered_and_what_went_to_errors(
    cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    firehose = cloud.client("firehose")
    query = [
        {"ParameterName": "MetadataExtractionQuery", "ParameterValue": "{day: .day}"},
        {"ParameterName": "JsonParsingEngine", "ParameterValue": "JQ-1.6"},
    ]
    firehose.create_delivery_stream(
        DeliveryStreamName="orders",
        ExtendedS3DestinationConfiguration={
            "RoleARN": ROLE,
            "BucketARN": "arn:aws:s3:::lake",
            "Prefix": "orders/day=!{partitionKeyFromQuery:day}/",
            "ErrorOutputPrefix": "errors/!{firehose:error-output-type}/",
            "BufferingHints": {"SizeInMBs": 64, "IntervalInSeconds": 900},
            "DynamicPartitioningConfiguration": {"Enabled": True},
            "ProcessingConfiguration": {
                "Enabled": True,
                "Processors": [{"Type": "MetadataExtraction", "Parameters": query}],
            },
        },
    )
    # Nothing stands between the records: they are values on one line.
    records = [b'{"day": "1"}', b'{"day": "1"}', b"no json"]
    firehose.put_record_batch(DeliveryStreamName="orders", Records=[{"Data": data} for data in records])
    key = cloud.access_key
    state = {"endpoint": cloud.endpoint, "account": cloud.account, "pid": 0, **key.variables}
    session = Session(workdir=Path(), state=state)
    monkeypatch.setattr(Session, "of", lambda _: session)
    draining._drain(argparse.Namespace(region="us-east-1"))
    delivered, failed = capsys.readouterr().out.splitlines()
    assert delivered.startswith("orders: 2 records delivered: 1 object in s3://lake/orders/day=1/")
    assert failed.startswith("orders: 1 record went to errors: 1 object in s3://lake/errors/")
    draining._drain(argparse.Namespace(region="us-east-1"))
    assert capsys.readouterr().out == "nothing was buffered\n"


def test_counts_what_became_rows_of_a_table(
    cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cloud.client("glue").create_database(DatabaseInput={"Name": "shop"})
    cloud.client("glue").create_table(**orders("orders"))
    firehose = cloud.client("firehose")
    errors = {"RoleARN": ROLE, "BucketARN": "arn:aws:s3:::lake", "ErrorOutputPrefix": "errors/"}
    firehose.create_delivery_stream(
        DeliveryStreamName="rows",
        IcebergDestinationConfiguration={
            "RoleARN": ROLE,
            "CatalogConfiguration": {"CatalogARN": f"arn:aws:glue:us-east-1:{cloud.account}:catalog"},
            "DestinationTableConfigurationList": [
                {"DestinationDatabaseName": "shop", "DestinationTableName": "orders"}
            ],
            "S3Configuration": errors,
        },
    )
    records = [b'{"id": 1, "day": "2026-01-02", "amount": 1}', b'{"id": 1, "day": null, "amount": 1}', b"no json"]
    firehose.put_record_batch(DeliveryStreamName="rows", Records=[{"Data": data} for data in records])
    state = {"endpoint": cloud.endpoint, "account": cloud.account, "pid": 0, **cloud.access_key.variables}
    session = Session(workdir=Path(), state=state)
    monkeypatch.setattr(Session, "of", lambda _: session)
    draining._drain(argparse.Namespace(region="us-east-1"))
    delivered, failed = capsys.readouterr().out.splitlines()
    assert delivered == "rows: 2 records delivered: 1 commit in table shop.orders"
    assert failed.startswith("rows: 1 record went to errors: 1 object in s3://lake/errors/iceberg-failed/")
    draining._drain(argparse.Namespace(region="us-east-1"))
    assert capsys.readouterr().out == "nothing was buffered\n"
