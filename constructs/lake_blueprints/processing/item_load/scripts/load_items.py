"""Glue job: put every row of a curated table into a DynamoDB table as an item, each key once."""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any

import boto3
from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.utils import getResolvedOptions
from boto3.dynamodb.types import TypeSerializer
from pyspark import SparkContext
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.utils import AnalysisException

# Of one BatchWriteItem: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
BATCH = 25
# Of a request of which DynamoDB takes nothing; each waits twice as long as the one before, up to 20 seconds.
ATTEMPTS = 12
LONGEST_WAIT = 20.0


class LoadError(Exception):
    """A table that cannot be loaded as it is."""


def attribute(value: Any) -> Any:
    """Return a value as DynamoDB's clients take it; nulls inside of it are left out of maps and kept in lists."""
    match value:
        case float():
            return Decimal(repr(value))
        case datetime():
            # Spark hands times over in the time zone of the worker; text of one length has the order of time.
            return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case dict():
            return {str(name): attribute(part) for name, part in value.items() if part is not None}
        case list():
            return [attribute(part) for part in value]
    return bytes(value) if isinstance(value, bytearray) else value


def item(row: Row, time_to_live: str | None) -> dict[str, Any]:
    """Return a row as an item, without the columns that are null."""
    values = {name: value for name, value in row.asDict(recursive=True).items() if value is not None}
    if time_to_live in values:
        values[time_to_live] = seconds(values[time_to_live])
    return {name: serialized(name, value) for name, value in values.items()}


def seconds(value: datetime | date | int) -> int:
    """Return a time, a day's midnight UTC or a number as seconds since 1970."""
    match value:
        case datetime():
            return int(value.timestamp())
        case date():
            return int(datetime(value.year, value.month, value.day, tzinfo=UTC).timestamp())
    return value


def serialized(column: str, value: Any) -> dict[str, Any]:
    """Return the value of a column as DynamoDB writes it; errors do not say the value, which may be confidential."""
    try:
        found: dict[str, Any] = TypeSerializer().serialize(attribute(value))
    except (ArithmeticError, TypeError):
        raise LoadError(
            f"column '{column}' has a number that DynamoDB cannot hold: NaN, infinite, or out of its range"
        ) from None
    return found


def put(client: Any, table: str, items: list[dict[str, Any]]) -> None:
    """Put up to 25 items, and what DynamoDB hands back again, later and later while it takes none."""
    requests, attempt = [{"PutRequest": {"Item": one}} for one in items], 0
    while attempt < ATTEMPTS:
        rest = client.batch_write_item(RequestItems={table: requests})["UnprocessedItems"].get(table, [])
        if not rest:
            return
        attempt = attempt + 1 if len(rest) == len(requests) else 1
        requests = rest
        time.sleep(random.uniform(0, min(LONGEST_WAIT, 0.1 * 2**attempt)))
    raise LoadError(f"DynamoDB took none of {len(requests)} items, at {ATTEMPTS} attempts")


def put_rows(rows: Iterator[Row], table: str, time_to_live: str | None, region: str | None) -> Iterator[int]:
    """Put the rows of one partition; yield their number."""
    client, count = boto3.client("dynamodb", region_name=region), 0
    while batch := [item(row, time_to_live) for row in islice(rows, BATCH)]:
        put(client, table, batch)
        count += len(batch)
    yield count


def check_keys(rows: DataFrame, keys: list[str]) -> int:
    """Return the number of rows, each of which has a key of its own."""
    named = [F.col(f"`{key}`") for key in keys]
    total: int = rows.count()
    missing = rows.where(" OR ".join(f"`{key}` IS NULL" for key in keys)).count()
    if missing:
        raise LoadError(f"{missing} rows have no {' or '.join(keys)}, which is the key of the items")
    distinct = rows.select(*named).distinct().count()
    if distinct != total:
        raise LoadError(
            f"{total - distinct} rows have the {', '.join(keys)} of another row; an item would replace the other"
        )
    return total


def table_of(spark: SparkSession, schema: str, source: str) -> DataFrame:
    """Return the rows of an Iceberg table, by its name, or of files, by their URI; before the first row are none."""
    if not source.startswith("s3://"):
        return spark.table(source)
    try:
        return spark.read.schema(schema).parquet(source)
    except AnalysisException as error:
        if "PATH_NOT_FOUND" not in str(error):
            raise
        return spark.createDataFrame([], schema)


def load(spark: SparkSession, args: dict[str, str]) -> None:
    """Load the table, and check that every row was put."""
    spark.conf.set("spark.sql.session.timeZone", "UTC")
    schema = ", ".join(f"`{name}` {kind}" for name, kind in json.loads(args["columns"]))
    rows = table_of(spark, schema, args["source"])
    table, time_to_live = args["table"], args.get("time_to_live")
    # Of the driver: executors need not know it.
    region = boto3.Session().region_name
    expected = check_keys(rows, json.loads(args["keys"]))
    written = sum(rows.rdd.mapPartitions(lambda part: put_rows(part, table, time_to_live, region)).collect())
    print(json.dumps({"table": table, "rows": expected, "items": written}))
    if written != expected:
        raise LoadError(f"{expected} rows were read and {written} items written")


def main() -> None:
    required = ["JOB_NAME", "source", "columns", "table", "keys"]
    optional = ["time_to_live"] if any(word.startswith("--time_to_live") for word in sys.argv) else []
    args = getResolvedOptions(sys.argv, [*required, *optional])
    context = GlueContext(SparkContext.getOrCreate())
    job = Job(context)
    job.init(args["JOB_NAME"], args)
    load(context.spark_session, args)
    job.commit()


if __name__ == "__main__":
    main()
