"""The lines of text objects, with their origin."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from lake_curation.columns import BLOCK, HEADER, MISCODED, MODIFIED, OBJECT, RAW
from lake_curation.parsing import is_text
from lake_curation.storage import SourceObject

BYTE_ORDER_MARK = "\ufeff"


def lines(spark: SparkSession, bucket: str, objects: Sequence[SourceObject]) -> DataFrame:
    """Return the lines that are not blank."""
    if not objects:
        empty = (
            f"{RAW} string, {HEADER} string, {MISCODED} boolean, {OBJECT} string, {MODIFIED} timestamp, {BLOCK} bigint"
        )
        return spark.createDataFrame([], empty)
    found = spark.read.text(paths(bucket, objects)).where(F.trim("value") != "")
    raw = F.col("value")
    # Hadoop's reader takes the mark away at the begin of an object; one may stand at the begin of a line nevertheless.
    unmarked = F.when(raw.startswith(BYTE_ORDER_MARK), F.substring(raw, 2, 2**31 - 1)).otherwise(raw)
    return found.select(
        unmarked.alias(RAW),
        F.lit(None).cast("string").alias(HEADER),
        (~is_text(raw)).alias(MISCODED),
        *origin(),
    )


def origin() -> list[Column]:
    return [
        F.col("_metadata.file_path").alias(OBJECT),
        F.col("_metadata.file_modification_time").alias(MODIFIED),
        F.col("_metadata.file_block_start").alias(BLOCK),
    ]


def paths(bucket: str, objects: Sequence[SourceObject]) -> list[str]:
    # Spark takes a path for a pattern; a backslash makes a character stand for itself.
    keys = (re.sub(r"([\[\]{}*?\\])", r"\\\1", item.key) for item in objects)
    return [f"s3://{bucket}/{key}" for key in keys]
