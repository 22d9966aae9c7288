"""Sample of a delivery stream."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aws_cdk import Duration, Size

from lake_blueprints.catalog import ArrivalTime, Database, Table
from lake_blueprints.ingestion.firehose import (
    Buffer,
    DeliveryStream,
    IcebergDestination,
    ParquetDestination,
    S3Destination,
    Transform,
)
from template_checks.core.limit import Limit
from template_checks.limits import firehose
from tests.conformance.fixtures import Fixtures
from tests.conformance.sample import Limited, Sample


def buffering(limit: Limit, buffer: Callable[[Any], Buffer]) -> Limited:
    return Limited(limit=limit, options=lambda _, n: {"buffer": buffer(n)})


def transforming(limit: Limit, name: str, value: Callable[[Any], Any] = lambda n: n) -> Limited:
    return Limited(
        limit=limit, options=lambda lake, n: {"transform": Transform(function=lake.function, **{name: value(n)})}
    )


def schema(lake: Fixtures) -> Table:
    """Return a new table of the raw zone, to convert by."""
    raw = lake.raw
    database = Database(lake.scope, lake.unique("Schemas"), zone=raw, lake_formation=True)
    return database.add_table(lake.dataset, prefix="parquet/", layout=ArrivalTime())


def converting(lake: Fixtures, size: Any) -> dict[str, Any]:
    return {"destination": ParquetDestination(table=schema(lake)), "buffer": Buffer(size=Size.mebibytes(size))}


CONVERTING = Sample(
    construct=DeliveryStream,
    variant="parquet",
    options=lambda lake: {
        "source": lake.stream,
        "destination": ParquetDestination(table=schema(lake)),
        "transform": Transform(function=lake.function),
        "alarm_topic": lake.topic,
    },
)


def rows(lake: Fixtures) -> IcebergDestination:
    """Return a destination that is a new table of the curated zone, without optimizers, which not every Region has."""
    database = Database(lake.scope, lake.unique("Rows"), zone=lake.curated)
    prefix = f"{lake.unique('rows').lower()}/"
    table = database.add_iceberg_table(
        lake.dataset, prefix=prefix, compaction=None, snapshot_retention=None, orphan_file_deletion=None
    )
    return IcebergDestination(table=table, upsert=True, zone=lake.raw)


UPSERTING = Sample(
    construct=DeliveryStream,
    variant="iceberg",
    options=lambda lake: {
        "source": lake.stream,
        "destination": rows(lake),
        "transform": Transform(function=lake.function),
        "alarm_topic": lake.topic,
    },
)
SAMPLE = Sample(
    construct=DeliveryStream,
    options=lambda lake: {"destination": S3Destination(zone=lake.raw, dataset=lake.dataset)},
    limits={
        "Buffer.size": buffering(firehose.BUFFER_SIZE, lambda n: Buffer(size=Size.mebibytes(n))),
        "Buffer.size with conversion": Limited(limit=firehose.BUFFER_SIZE_REARRANGED, options=converting),
        "Buffer.interval": buffering(firehose.BUFFER_INTERVAL, lambda n: Buffer(interval=Duration.seconds(n))),
        "Transform.buffer_size": transforming(
            firehose.TRANSFORM_BUFFER_SIZE, "buffer_size", lambda n: Size.kibibytes(round(n * 1024))
        ),
        "Transform.buffer_interval": transforming(
            firehose.TRANSFORM_BUFFER_INTERVAL, "buffer_interval", Duration.seconds
        ),
        "Transform.retries": transforming(firehose.TRANSFORM_RETRIES, "retries"),
    },
)
