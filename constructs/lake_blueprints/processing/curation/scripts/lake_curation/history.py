"""Versions of a key: when each was valid, by all that is known of the key."""

from __future__ import annotations

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from lake_curation.columns import ARRIVAL, DELETED, FILTERED, STATUS, quoted
from lake_curation.newest import ARRIVED, LEFT_OUT, MATCHED, possible
from lake_curation.plan import CURRENT, VALID_FROM, VALID_TO, Plan

_PLACE, _KEPT, _ENDS = "__place", "__kept", "__ends"


def versions_to_write(plan: Plan, sound: DataFrame, table: DataFrame) -> DataFrame:
    """Return the versions that the table takes, and those of it that end at another time than before.

    A version is valid from its `order_by` to that of the next one. A deletion is a version that is valid for no time:
    so it ends the one before it, and whatever comes later finds it at its place in the order. Of records of one key
    and one `order_by`, the last that arrived counts. Each row says whether it arrived with the batch (ARRIVED), and
    whether the table has its version (MATCHED, 1 or 0).

    A record that is left out (LEFT_OUT) is a deletion of which only the key and the time are written, if the key has
    versions.
    """
    key, record = [quoted(name) for name in plan.primary_key], [quoted(name) for name in plan.written]
    order = F.col(quoted(plan.order_by or ""))
    last = Window.partitionBy(*key, order).orderBy(*(F.col(name).desc() for name in ARRIVAL))
    arrived = sound.withColumn(_PLACE, F.row_number().over(last)).where(f"{_PLACE} = 1")
    left_out = F.col(STATUS) == FILTERED
    arrived = arrived.select(
        *(F.col(quoted(name)) if name in plan.identity else F.when(~left_out, F.col(quoted(name))).alias(name)
          for name in plan.written),
        order.alias(VALID_FROM), F.lit(None).cast(sound.schema[plan.order_by].dataType).alias(VALID_TO),
        (F.col(DELETED) | left_out).alias(DELETED), F.lit(True).alias(ARRIVED), left_out.alias(LEFT_OUT),
    )  # fmt: skip
    known = possible(plan, sound, table).join(sound.select(*key).distinct(), plan.primary_key, "left_semi")
    known = known.select(
        *record, VALID_FROM, VALID_TO,
        F.coalesce(F.col(VALID_FROM) == F.col(VALID_TO), F.lit(False)).alias(DELETED), F.lit(False).alias(ARRIVED),
        F.lit(False).alias(LEFT_OUT),
    )  # fmt: skip
    same, versions = Window.partitionBy(*key, VALID_FROM), Window.partitionBy(*key).orderBy(VALID_FROM)
    found = arrived.unionByName(known)
    found = found.withColumn(MATCHED, F.max((~F.col(ARRIVED)).cast("int")).over(same))
    found = found.withColumn(_PLACE, F.row_number().over(same.orderBy(F.col(ARRIVED).desc()))).where(f"{_PLACE} = 1")
    kept = F.max((~F.col(LEFT_OUT)).cast("int") + F.col(MATCHED)).over(Window.partitionBy(*key))
    found = found.withColumn(_KEPT, kept).where(f"{_KEPT} > 0")
    ends = F.when(F.col(DELETED), F.col(VALID_FROM)).otherwise(F.lead(VALID_FROM).over(versions))
    found = found.withColumn(_ENDS, ends).where(F.col(ARRIVED) | ~F.col(_ENDS).eqNullSafe(F.col(VALID_TO)))
    return found.select(
        *record, VALID_FROM, F.col(_ENDS).alias(VALID_TO), F.col(_ENDS).isNull().alias(CURRENT),
        F.lit(False).alias(DELETED), MATCHED, ARRIVED, LEFT_OUT,
    )  # fmt: skip
