"""The records of a batch as rows of RAW, FIELDS, PARSED, BROKEN and their origin."""

from __future__ import annotations

import csv
import re
import zlib
from functools import reduce

import boto3
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from lake_curation.columns import BLOCK, BROKEN, CORRUPT, FIELDS, MODIFIED, OBJECT, PARSED, RAW, ROW, quoted, schema
from lake_curation.dynamodb import FORMAT, plain_items
from lake_curation.parsing import JSON_OPTIONS, is_one_value
from lake_curation.plan import Field, Plan
from lake_curation.storage import SourceObject

_ORIGIN = (OBJECT, MODIFIED, BLOCK)


def records(spark: SparkSession, plan: Plan, bucket: str, objects: list[SourceObject]) -> DataFrame:
    """Read the objects; PARSED has a field for each column of the plan."""
    if plan.format == "parquet":
        rows = _parquet(spark, plan, bucket, objects)
    elif plan.format in ("json", FORMAT):
        rows = _json(spark, plan, bucket, objects)
    else:
        rows = _csv(spark, plan, bucket, objects)
    # Over all parts: within each of them it would count from zero.
    return rows.withColumn(ROW, F.monotonically_increasing_id())


def _json(spark: SparkSession, plan: Plan, bucket: str, objects: list[SourceObject]) -> DataFrame:
    wanted = schema([*((column.source, column.json_type) for column in plan.columns), (CORRUPT, "string")])
    rows = _lines(spark, bucket, objects)
    rows = rows.withColumn(FIELDS, plain_items(RAW) if plan.format == FORMAT else F.col(RAW))
    rows = rows.withColumn(PARSED, F.from_json(FIELDS, wanted, JSON_OPTIONS))
    broken = F.col(PARSED).isNull() | F.col(PARSED)[CORRUPT].isNotNull() | ~is_one_value(F.col(FIELDS))
    return rows.withColumn(BROKEN, broken)


def _csv(spark: SparkSession, plan: Plan, bucket: str, objects: list[SourceObject]) -> DataFrame:
    # Objects may have their columns in different order, and Spark would look at the first header only.
    by_header: dict[str, list[SourceObject]] = {}
    for item in objects:
        by_header.setdefault(_header(bucket, item), []).append(item)
    parts = (_csv_part(spark, plan, bucket, header, items) for header, items in by_header.items())
    return reduce(DataFrame.unionByName, parts)


def _csv_part(spark: SparkSession, plan: Plan, bucket: str, header: str, objects: list[SourceObject]) -> DataFrame:
    delimiter = plan.csv.get("delimiter", ",")
    names = next(csv.reader([header], delimiter=delimiter))
    options = {"sep": delimiter, "escape": '"', "columnNameOfCorruptRecord": CORRUPT}
    everything = schema([*((name, "string") for name in names), (CORRUPT, "string")])
    lines = _lines(spark, bucket, objects).where(F.regexp_replace(RAW, "^\ufeff", "") != header)
    rows = lines.withColumn(PARSED, F.from_csv(RAW, everything, options))

    def text(column: Field) -> Column:
        if column.source not in names:
            return F.lit(None).cast("string")
        found = F.col(PARSED).getField(column.source)
        return found if column.type == "string" else F.when(F.trim(found) != "", F.trim(found))

    fields = F.struct(*(text(column).alias(column.source) for column in plan.columns))
    broken = F.col(PARSED)[CORRUPT].isNotNull()
    rows = rows.select(RAW, *_ORIGIN, broken.alias(BROKEN), fields.alias(PARSED))
    return rows.withColumn(FIELDS, F.when(~F.col(BROKEN), F.to_json(PARSED)))


def _parquet(spark: SparkSession, plan: Plan, bucket: str, objects: list[SourceObject]) -> DataFrame:
    paths = _paths(bucket, objects)
    try:
        return _parquet_part(plan, spark.read.option("mergeSchema", "true").parquet(*paths))
    except Exception as error:
        # Spark 3.5 merges no INT32 with an INT64, which come together when the producers begin to write a wider type.
        if "CANNOT_MERGE_SCHEMAS" not in str(error):
            raise
    by_schema: dict[str, list[str]] = {}
    for path in paths:
        by_schema.setdefault(spark.read.parquet(path).schema.simpleString(), []).append(path)
    parts = (_parquet_part(plan, spark.read.parquet(*some)) for some in by_schema.values())
    return reduce(DataFrame.unionByName, parts)


def _parquet_part(plan: Plan, rows: DataFrame) -> DataFrame:
    folded = {name.lower(): name for name in rows.columns}

    def value(column: Field) -> Column:
        # Firehose's conversion gives columns the names of the catalog.
        found = folded.get(column.source.lower()) or folded.get(column.name)
        return F.col(quoted(found)) if found else F.lit(None).cast(column.type)

    fields = F.struct(*(value(column).alias(column.source) for column in plan.columns))
    text = F.to_json(PARSED)
    found = rows.select(fields.alias(PARSED), *_origin())
    return found.withColumn(RAW, text).withColumn(FIELDS, text).withColumn(BROKEN, F.lit(False))


def _lines(spark: SparkSession, bucket: str, objects: list[SourceObject]) -> DataFrame:
    lines = spark.read.text(_paths(bucket, objects)).where(F.trim("value") != "")
    return lines.select(F.col("value").alias(RAW), *_origin())


def _origin() -> list[Column]:
    return [
        F.col("_metadata.file_path").alias(OBJECT),
        F.col("_metadata.file_modification_time").alias(MODIFIED),
        F.col("_metadata.file_block_start").alias(BLOCK),
    ]


def _paths(bucket: str, objects: list[SourceObject]) -> list[str]:
    # Spark takes a path for a pattern; a backslash makes a character stand for itself.
    keys = (re.sub(r"([\[\]{}*?\\])", r"\\\1", item.key) for item in objects)
    return [f"s3://{bucket}/{key}" for key in keys]


def _header(bucket: str, item: SourceObject) -> str:
    reply = boto3.client("s3").get_object(Bucket=bucket, Key=item.key, Range="bytes=0-65535")
    head: bytes = reply["Body"].read()
    if item.key.endswith(".gz"):
        head = zlib.decompressobj(wbits=31).decompress(head)
    return head.decode("utf-8-sig", errors="replace").splitlines()[0]
