"""Duplicates by primary key: in the batch, and of rows that the table has already."""

from __future__ import annotations

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from lake_curation.columns import ARRIVAL, ROW, quoted
from lake_curation.newest import possible
from lake_curation.plan import Plan


def repeated(plan: Plan, good: DataFrame, table: DataFrame | None) -> DataFrame:
    """Return the ROW of each good row whose primary key is in the table or earlier in the batch."""
    key = [F.col(quoted(name)) for name in plan.primary_key]
    if not key:
        return good.where("false").select(ROW)
    # Grouping by a hash moves 8 bytes per row through the shuffle; the window settles collisions.
    hashed = good.withColumn("__hash", F.xxhash64(*key))
    several = hashed.groupBy("__hash").count().where("count > 1").select("__hash")
    position = F.row_number().over(Window.partitionBy(*key).orderBy(*ARRIVAL))
    found = hashed.join(several, "__hash", "left_semi").withColumn("__position", position)
    found = found.where("__position > 1").select(ROW)
    if table is None:
        return found
    written = possible(plan, good, table).select(*key)
    return found.union(good.join(written, plan.primary_key, "left_semi").select(ROW)).distinct()
