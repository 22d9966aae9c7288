"""Buffer and Transform: the ranges that Firehose takes."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import Duration, Size
from aws_cdk import aws_lambda as lambda_

from lake_blueprints.ingestion.firehose import Buffer, Transform


@pytest.fixture
def function(stack: cdk.Stack) -> lambda_.IFunction:
    return lambda_.Function(
        stack,
        "Function",
        runtime=lambda_.Runtime.PYTHON_3_13,
        handler="index.handler",
        code=lambda_.Code.from_inline("def handler(event, context): ..."),
    )


def test_collects_as_much_as_firehose_can_by_default() -> None:
    Buffer().check(converted=True, dynamic=True)
    assert (Buffer().megabytes, Buffer().seconds) == (128, 300)


@pytest.mark.parametrize(
    ("buffer", "feature", "message"),
    [
        (Buffer(size=Size.mebibytes(63)), "converted", "'size' must be 64 to 128 MiB with conversion.*got 63 MiB"),
        (Buffer(size=Size.mebibytes(5)), "dynamic", "'size' must be 64 to 128 MiB with layout by partition keys"),
        (Buffer(size=Size.mebibytes(129)), "plain", "'size' must be 1 to 128 MiB, got 129 MiB"),
        (Buffer(interval=Duration.seconds(901)), "plain", "'interval' must be 0 to 900 seconds, got 901 seconds"),
        (Buffer(interval=Duration.seconds(59)), "dynamic", "'interval' must be 60 to 900 seconds with layout by"),
    ],
)
def test_refuses_a_buffer_that_firehose_refuses(buffer: Buffer, feature: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        buffer.check(converted=feature == "converted", dynamic=feature == "dynamic")


@pytest.mark.parametrize("buffer", [Buffer(size=Size.mebibytes(1)), Buffer(interval=Duration.seconds(0))])
def test_takes_small_buffers_for_records_as_they_came(buffer: Buffer) -> None:
    buffer.check(converted=False, dynamic=False)


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
