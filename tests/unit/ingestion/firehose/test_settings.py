"""Buffer and Transform: the ranges that Firehose takes."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import Duration, Size
from aws_cdk import aws_lambda as lambda_

from lake_blueprints.catalog import ArrivalTime, ByPartitionKeys, Database
from lake_blueprints.contracts import Column, Dataset
from lake_blueprints.ingestion.firehose import Buffer, BufferingHints, ParquetDestination, S3Destination, Transform
from lake_blueprints.storage.s3 import Zone

FLIGHTS = Dataset(
    name="flights",
    columns=[Column(name="id", type="string"), Column(name="day", type="string")],
    partition_keys=["day"],
)


@pytest.fixture
def function(stack: cdk.Stack) -> lambda_.IFunction:
    return lambda_.Function(
        stack,
        "Function",
        runtime=lambda_.Runtime.PYTHON_3_13,
        handler="index.handler",
        code=lambda_.Code.from_inline("def handler(event, context): ..."),
    )


def destination(stack: cdk.Stack, kind: str) -> S3Destination:
    zone = Zone(stack, "Zone")
    if kind == "converted":
        table = Database(stack, "Database", zone=zone).add_table(FLIGHTS, layout=ArrivalTime())
        return ParquetDestination(table=table)
    layout = ByPartitionKeys() if kind == "dynamic" else ArrivalTime()
    return S3Destination(zone=zone, dataset=FLIGHTS, layout=layout)


@pytest.mark.parametrize("kind", ["converted", "dynamic", "plain"])
def test_collects_as_much_as_firehose_can_by_default(stack: cdk.Stack, kind: str) -> None:
    assert destination(stack, kind).buffering(Buffer()) == BufferingHints(megabytes=128, seconds=300)


@pytest.mark.parametrize(
    ("buffer", "kind", "message"),
    [
        (Buffer(size=Size.mebibytes(63)), "converted", "'size' must be 64 to 128 MiB with conversion.*got 63 MiB"),
        (Buffer(size=Size.mebibytes(5)), "dynamic", "'size' must be 64 to 128 MiB with layout by partition keys"),
        (Buffer(size=Size.mebibytes(129)), "plain", "'size' must be 1 to 128 MiB, got 129 MiB"),
        (Buffer(interval=Duration.seconds(901)), "plain", "'interval' must be 0 to 900 seconds, got 901 seconds"),
        (Buffer(interval=Duration.seconds(901)), "converted", "'interval' must be 0 to 900 seconds, got 901 seconds"),
        (Buffer(interval=Duration.seconds(59)), "dynamic", "'interval' must be 60 to 900 seconds with layout by"),
    ],
)
def test_refuses_a_buffer_that_firehose_refuses(stack: cdk.Stack, buffer: Buffer, kind: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        destination(stack, kind).buffering(buffer)


@pytest.mark.parametrize("buffer", [Buffer(size=Size.mebibytes(1)), Buffer(interval=Duration.seconds(0))])
def test_takes_small_buffers_for_records_as_they_came(stack: cdk.Stack, buffer: Buffer) -> None:
    destination(stack, "plain").buffering(buffer)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"buffer_size": Size.kibibytes(204)}, "'buffer_size' must be 0.2 to 3 MiB, got 0.19921875 MiB"),
        ({"buffer_size": Size.mebibytes(4)}, "'buffer_size' must be 0.2 to 3 MiB, got 4 MiB"),
        ({"buffer_interval": Duration.seconds(901)}, "'buffer_interval' must be 0 to 900 seconds, got 901"),
        ({"retries": 301}, "'retries' must be 0 to 300, got 301"),
        ({"retries": -1}, "'retries' must be 0 to 300, got -1"),
    ],
)
def test_refuses_a_transform_that_firehose_refuses(
    function: lambda_.IFunction, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        Transform(function=function, **options)
