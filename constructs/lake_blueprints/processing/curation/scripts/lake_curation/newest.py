"""Choice of the newest row of a key: among those of a batch, and the one that the table has already."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from lake_curation.columns import ARRIVAL, DELETED, FILTERED, STATUS, quoted
from lake_curation.plan import Plan

MATCHED, ARRIVED, LEFT_OUT = "__matched", "__arrived", "__left_out"
_PLACE, _KNOWN_ORDER = "__place", "__known_order"


def newest_to_write(plan: Plan, sound: DataFrame, table: DataFrame) -> DataFrame:
    """Return the rows that the table takes: of each key the one with the greatest `order_by`, else the last to arrive.

    A row that is left out ends its key as a deletion does: what the table has of it is not so any more. Each row says
    whether it ends its key (DELETED) because it is left out (LEFT_OUT), and whether the table has the key (MATCHED, 1
    or 0).
    """
    key = [F.col(quoted(name)) for name in plan.primary_key]
    place = F.row_number().over(Window.partitionBy(*key).orderBy(*_order(plan)))
    rows = sound.withColumn(_PLACE, place).where(f"{_PLACE} = 1").drop(_PLACE)
    rows = rows.withColumn(LEFT_OUT, F.col(STATUS) == FILTERED)
    rows = rows.withColumn(DELETED, F.col(DELETED) | F.col(LEFT_OUT))
    known = possible(plan, sound, table)
    order = F.col(quoted(plan.order_by)) if plan.order_by else F.lit(None).cast("string")
    known = known.select(*key, order.alias(_KNOWN_ORDER), F.lit(1).alias(MATCHED))
    found = rows.join(known, plan.primary_key, "left").withColumn(MATCHED, F.coalesce(F.col(MATCHED), F.lit(0)))
    newer = (F.col(MATCHED) == 0) | F.col(_KNOWN_ORDER).isNull() | (order >= F.col(_KNOWN_ORDER))
    nowhere = F.col(LEFT_OUT) & (F.col(MATCHED) == 0)
    return found.where(newer & ~nowhere).drop(_KNOWN_ORDER)


def _order(plan: Plan) -> list[Column]:
    stated = [F.col(quoted(plan.order_by)).desc_nulls_last()] if plan.order_by else []
    return [*stated, *(F.col(name).desc() for name in ARRIVAL)]


def possible(plan: Plan, sound: DataFrame, table: DataFrame) -> DataFrame:
    """Return the rows of the table whose keys are within the batch's: Iceberg skips all files without such."""
    first = plan.primary_key[0]
    least, most = sound.agg(F.min(quoted(first)), F.max(quoted(first))).collect()[0]
    return table.where("false") if least is None else table.where(F.col(quoted(first)).between(least, most))
