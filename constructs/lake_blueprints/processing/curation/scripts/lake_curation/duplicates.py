"""Duplicates by primary key: in the batch, and against the rows that its partitions have already."""

from __future__ import annotations

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from lake_curation.columns import BLOCK, MODIFIED, ROW, quoted
from lake_curation.plan import Plan


def repeated(plan: Plan, good: DataFrame, existing: list[str], target: str) -> DataFrame:
    """Return the ROW of each good row whose primary key is in a folder of `existing` or earlier in the batch."""
    key = [F.col(quoted(name)) for name in plan.primary_key]
    if not key:
        return good.where("false").select(ROW)
    # Grouping by a hash moves 8 bytes per row through the shuffle; the window settles collisions.
    hashed = good.withColumn("__hash", F.xxhash64(*key))
    several = hashed.groupBy("__hash").count().where("count > 1").select("__hash")
    position = F.row_number().over(Window.partitionBy(*key).orderBy(MODIFIED, BLOCK, ROW))
    found = hashed.join(several, "__hash", "left_semi").withColumn("__position", position)
    found = found.where("__position > 1").select(ROW)
    if existing:
        table = good.select(*map(quoted, plan.written)).schema
        written = good.sparkSession.read.schema(table).option("basePath", target).parquet(*existing).select(*key)
        known = good.join(written, plan.primary_key, "left_semi").select(ROW)
        found = found.union(known).distinct()
    return found
