"""The records of a batch as rows of RAW, FIELDS, PARSED, BROKEN and their origin, and the objects that have none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lake_curation import csv_objects, dynamodb, parquet_objects
from lake_curation.columns import (
    BROKEN,
    CORRUPT,
    FIELDS,
    HEADER,
    MISCODED,
    PARSED,
    RAW,
    schema,
)  # fmt: skip
from lake_curation.heads import UnreadableError
from lake_curation.lines import lines
from lake_curation.parsing import JSON_OPTIONS, is_one_value
from lake_curation.plan import Plan
from lake_curation.storage import SourceObject

# Hadoop's file system chooses these by the end of a name: https://github.com/apache/hadoop, CompressionCodecFactory.
_OTHER_CODECS = (".bz2", ".deflate", ".lz4", ".lzo", ".snappy", ".zst")
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/restoring-objects.html
_ARCHIVES = ("GLACIER", "DEEP_ARCHIVE")


@dataclass(frozen=True, kw_only=True)
class Reading:
    """Records of objects, in parts of one type each, and the objects that cannot be read: each key with the reason."""

    parts: list[DataFrame]
    refused: dict[str, str]


def read(
    spark: SparkSession,
    plan: Plan,
    bucket: str,
    objects: Iterable[SourceObject],
    again: DataFrame | None = None,
) -> Reading:
    """Read objects, and records that were quarantined; PARSED has a field for each column of the plan."""
    refused: dict[str, str] = {}
    sound: list[SourceObject] = []
    for item in objects:
        if reason := _refusal(plan, item):
            refused[item.key] = reason
        else:
            sound.append(item)
    if plan.format == "parquet":
        parts, unreadable = parquet_objects.rows(spark, plan, bucket, sound)
    elif plan.format == "csv":
        parts, unreadable = csv_objects.rows(spark, plan, bucket, sound)
    else:
        parts, unreadable = [_json(plan, lines(spark, bucket, sound))] if sound else [], {}
    if again is not None:
        parts += _again(plan, again)
    return Reading(parts=parts or [_json(plan, lines(spark, bucket, []))], refused={**refused, **unreadable})


def _refusal(plan: Plan, item: SourceObject) -> str | None:
    """Return why an object cannot be read, if its listing says so."""
    parts = item.key.split("/")
    if "" in parts[1:] or "." in parts or ".." in parts:
        return "its key is that of a folder to Hadoop's file system, or of another object"
    if item.storage_class in _ARCHIVES:
        return f"it is archived in the storage class {item.storage_class}; restore it and copy it here"
    if dynamodb.is_manifest(item) and plan.format == dynamodb.FORMAT:
        return "it is not a list of the data files of an export"
    if plan.format != "parquet" and item.key.endswith(_OTHER_CODECS):
        return "its name says that it is compressed, but of compressed text only .gz is read"
    return None


def _json(plan: Plan, found: DataFrame) -> DataFrame:
    wanted = schema([*((column.source, column.json_type) for column in plan.columns), (CORRUPT, "string")])
    rows = found.withColumn(FIELDS, dynamodb.plain_items(RAW) if plan.format == dynamodb.FORMAT else F.col(RAW))
    rows = rows.withColumn(PARSED, F.from_json(FIELDS, wanted, JSON_OPTIONS))
    broken = F.col(PARSED).isNull() | F.col(PARSED)[CORRUPT].isNotNull() | ~is_one_value(F.col(FIELDS))
    return rows.withColumn(BROKEN, broken | F.col(MISCODED))


def _again(plan: Plan, found: DataFrame) -> Iterator[DataFrame]:
    """Yield the rows of quarantined records; those of Parquet are JSON there."""
    if plan.format != "csv":
        yield _json(plan, found)
        return
    for (header,) in found.select(HEADER).distinct().collect():
        part = found.where(F.col(HEADER).eqNullSafe(header))
        try:
            if header is None:
                raise UnreadableError("it was quarantined before headers were kept")
            yield csv_objects.parsed(plan, header, part)
        except UnreadableError:
            yield _json(plan, part).withColumns({FIELDS: F.lit(None).cast("string"), BROKEN: F.lit(True)})
