"""Limits: both ends of each range that a construct documents pass the rules, and what lies beyond them nowhere does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import Duration, Size
from aws_cdk import aws_lambda as lambda_

from lake_blueprints import CurationJob, Database, Zone
from lake_blueprints.analytics.quality import QualityRuleset
from lake_blueprints.catalog import ArrivalTime
from lake_blueprints.databases.redshift import Warehouse
from lake_blueprints.ingestion.firehose import Buffer, DeliveryStream, ParquetDestination, S3Destination, Transform
from lake_blueprints.ingestion.kinesis import Stream
from lake_blueprints.processing.curation import Worker
from template_checks.core import check
from template_checks.core.limit import Limit
from template_checks.limits import firehose, glue, redshift
from template_checks.limits import kinesis as streams
from tests.support import new_stack, template_of
from tests.unit.everything import FLIGHTS

Build = Callable[[cdk.Stack, Any], object]


def database(stack: cdk.Stack) -> Database:
    return Database(stack, "Database", zone=Zone(stack, "Curated"))


def curation(stack: cdk.Stack, **options: Any) -> CurationJob:
    target = database(stack).add_table(FLIGHTS)
    return CurationJob(stack, "Job", dataset=FLIGHTS, source=Zone(stack, "Raw"), target=target, **options)


def delivery(stack: cdk.Stack, **options: Any) -> DeliveryStream:
    return DeliveryStream(
        stack, "Delivery", destination=S3Destination(zone=Zone(stack, "Raw"), dataset=FLIGHTS), **options
    )


def transforming(stack: cdk.Stack, **options: Any) -> DeliveryStream:
    code = lambda_.Code.from_inline("def handler(event, context): ...")
    runtime = lambda_.Runtime.PYTHON_3_13
    function = lambda_.Function(
        stack, "Function", code=code, handler="index.handler", runtime=runtime, timeout=Duration.minutes(1)
    )
    return delivery(stack, transform=Transform(function=function, **options))


def converting(stack: cdk.Stack, **options: Any) -> DeliveryStream:
    table = database(stack).add_table(FLIGHTS, layout=ArrivalTime())
    return DeliveryStream(stack, "Delivery", destination=ParquetDestination(table=table), buffer=Buffer(**options))


# Each option of a construct that is limited, with the unit of the limit.
OPTIONS: dict[str, tuple[Limit, Build]] = {
    "CurationJob.timeout": (glue.JOB_TIMEOUT, lambda stack, n: curation(stack, timeout=Duration.minutes(n))),
    "CurationJob.max_retries": (glue.JOB_RETRIES, lambda stack, n: curation(stack, max_retries=n)),
    "Worker.count": (glue.WORKERS, lambda stack, n: curation(stack, worker=Worker(count=n))),
    "QualityRuleset.workers": (
        glue.WORKERS,
        lambda stack, n: QualityRuleset(stack, "Rules", table=database(stack).add_table(FLIGHTS), workers=n),
    ),
    "Stream.retention": (streams.RETENTION, lambda stack, n: Stream(stack, "S", retention=Duration.hours(n))),
    "Buffer.size": (
        firehose.BUFFER_SIZE,
        lambda stack, n: delivery(stack, buffer=Buffer(size=Size.mebibytes(n))),
    ),
    "Buffer.interval": (
        firehose.BUFFER_INTERVAL,
        lambda stack, n: delivery(stack, buffer=Buffer(interval=Duration.seconds(n))),
    ),
    "Buffer.size with conversion": (
        firehose.BUFFER_SIZE_REARRANGED,
        lambda stack, n: converting(stack, size=Size.mebibytes(n)),
    ),
    "Transform.buffer_size": (
        firehose.TRANSFORM_BUFFER_SIZE,
        lambda stack, n: transforming(stack, buffer_size=Size.kibibytes(round(n * 1024))),
    ),
    "Transform.buffer_interval": (
        firehose.TRANSFORM_BUFFER_INTERVAL,
        lambda stack, n: transforming(stack, buffer_interval=Duration.seconds(n)),
    ),
    "Transform.retries": (firehose.TRANSFORM_RETRIES, lambda stack, n: transforming(stack, retries=n)),
    "Warehouse.base_capacity": (redshift.BASE_CAPACITY, lambda stack, n: Warehouse(stack, "W", base_capacity=n)),
    "Warehouse.max_capacity": (
        redshift.MAX_CAPACITY,
        lambda stack, n: Warehouse(stack, "W", base_capacity=4, max_capacity=n),
    ),
    "Warehouse.port": (redshift.PORT, lambda stack, n: Warehouse(stack, "W", port=n)),
}
ENDS = [
    pytest.param(build, end, id=f"{name} {end:g}")
    for name, (limit, build) in OPTIONS.items()
    for span in limit.spans
    for end in dict.fromkeys((span.least, span.most))
]
BEYOND = [
    pytest.param(build, limit, beyond, id=f"{name} {beyond:g}")
    for name, (limit, build) in OPTIONS.items()
    for beyond in (limit.ends[0] - 1, limit.ends[1] + 1)
    if beyond >= 0
]


@pytest.mark.parametrize(("build", "end"), ENDS)
def test_both_ends_of_a_documented_range_pass_the_rules(build: Build, end: float) -> None:
    stack = new_stack()
    build(stack, int(end) if end == int(end) else end)
    assert [found.message for found in check(template_of(stack)) if found.rule.severity == "error"] == []


@pytest.mark.parametrize(("build", "limit", "beyond"), BEYOND)
def test_beyond_a_range_the_construct_names_the_allowed_values(build: Build, limit: Limit, beyond: float) -> None:
    with pytest.raises(ValueError, match=str(limit)):
        build(new_stack(), int(beyond))


def test_no_limit_is_without_an_option() -> None:
    known = {id(limit) for limit, _ in OPTIONS.values()}
    # No construct sets them: rules alone read them.
    rules_only = {"RECORD_SIZE", "BUFFER_SIZE_OPENSEARCH"}
    # By partition keys, in tests/unit/ingestion/firehose.
    elsewhere = {"BUFFER_INTERVAL_PARTITIONED"}
    missing = {
        name
        for module in (firehose, glue, streams, redshift)
        for name, limit in vars(module).items()
        if isinstance(limit, Limit) and id(limit) not in known
    }
    assert missing == rules_only | elsewhere
