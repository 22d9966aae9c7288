"""Validation of records: valid, filtered out, or quarantined with the reasons."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from pyspark.errors import AnalysisException, ParseException
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lake_curation.columns import (
    BLOCK,
    BROKEN,
    DELETED,
    FIELDS,
    FILTERED,
    GOOD,
    HEADER,
    MISCODED,
    MODIFIED,
    OBJECT,
    PARSED,
    QUARANTINED,
    RAW,
    ROW,
    STATUS,
    quoted,
)  # fmt: skip
from lake_curation.errors import CurateError
from lake_curation.parsing import converted
from lake_curation.plan import Plan
from lake_curation.references import References
from lake_curation.rules import rules

_BROKEN_ROW = "__broken_row"
_QUERIES = ("ScalarSubquery", "ListQuery", "Exists")
_CALLS_OF_JAVA = ("reflect", "try_reflect", "java_method")


def validate(plan: Plan, parts: Sequence[DataFrame], references: References) -> DataFrame:
    """Return the columns of the table, the STATUS, the origin, and the record itself if it is refused.

    Each of the parts may have its columns in types of its own.
    """
    typed = reduce(DataFrame.unionByName, (_typed(plan, part) for part in parts))
    # Over all parts: within each of them the row would count from zero.
    typed = typed.withColumn(ROW, F.monotonically_increasing_id())
    rows, left_out = _enriched(plan, typed, references)
    # A row without a partition would be in a folder that no partition projection finds.
    lost = _any([F.coalesce(F.col(quoted(key)).cast("string"), F.lit("")) == "" for key in plan.late_keys])
    # Here, since the condition may name columns that are not written.
    deleted = F.coalesce(_expression(rows, plan.deleted, "deleted"), F.lit(False)) if plan.deleted else F.lit(False)
    # A deletion is no row: of most sources it holds the key and nothing else.
    broken = F.col(BROKEN) | (~deleted & (F.col(_BROKEN_ROW) | lost))
    status = F.when(broken, QUARANTINED).when(~deleted & _any(left_out), FILTERED).otherwise(GOOD)
    rows = rows.withColumn(STATUS, status)
    refused = F.col(STATUS) == QUARANTINED
    # Of good rows the object is in the order of those with one key, and nowhere else.
    of_refused = (RAW, FIELDS, HEADER, MISCODED, *(() if plan.primary_key else (OBJECT,)))
    return rows.select(
        STATUS, MODIFIED, BLOCK, ROW,
        *((OBJECT,) if plan.primary_key else ()),
        *(F.when(refused, F.col(name)).alias(name) for name in of_refused),
        *map(quoted, plan.written),
        *([deleted.alias(DELETED)] if plan.newest or plan.history else []),
    )  # fmt: skip


def _typed(plan: Plan, records: DataFrame) -> DataFrame:
    """Give each column its type, and mark as BROKEN what breaks a rule; what only a row must keep, as _BROKEN_ROW."""
    found = {field.name: field.dataType for field in records.select(f"{PARSED}.*").schema}
    values = (
        converted(F.col(PARSED).getField(column.source), found[column.source], column).alias(column.name)
        for column in plan.columns
    )
    rows = records.select("*", *values)
    broken: dict[bool, list[Column]] = {True: [], False: []}
    for column in plan.columns:
        kept = rules(plan, column, F.col(PARSED).getField(column.source), F.col(quoted(column.name)))
        broken[column.name in plan.identity] += [rule.broken for rule in kept]
    always, of_rows = (F.coalesce(_any(broken[key]), F.lit(False)) for key in (True, False))
    return rows.withColumns({BROKEN: F.col(BROKEN) | always, _BROKEN_ROW: of_rows}).drop(PARSED)


def _enriched(plan: Plan, rows: DataFrame, references: References) -> tuple[DataFrame, list[Column]]:
    """Add the columns of joins and expressions; also return the conditions under which a row is left out."""
    left_out = []
    hidden = {column.name for column in plan.masked if column.masking != "none"}
    for join in plan.joins:
        marker = f"__{join.name}"
        reference = references.read(join, dict(rows.dtypes), hidden).withColumn(marker, F.lit(True))
        rows = rows.join(F.broadcast(reference), join.on, "left")
        if join.how == "inner":
            left_out.append(F.col(quoted(marker)).isNull())
    for name, derived in plan.derive.items():
        rows = rows.withColumn(name, _expression(rows, derived.expression, f"derive.{name}").cast(derived.type))
    left_out += [F.col(quoted(name)).isNull() for name in plan.drop_null_rows]
    if plan.filter:
        left_out.append(~F.coalesce(_expression(rows, plan.filter, "filter"), F.lit(False)))
    return rows, left_out


def _expression(rows: DataFrame, sql: str, key: str) -> Column:
    try:
        _check_reach(rows, sql, key)
        rows.select(F.expr(sql))
    except (AnalysisException, ParseException) as error:
        first_line = next(line for line in str(error).splitlines() if line)
        raise CurateError(f"plan: {key}: {first_line}") from None
    return F.expr(sql)


def _check_reach(rows: DataFrame, sql: str, key: str) -> None:
    """Refuse an expression that does more than calculate: a contract is data, and must not run code or read files.

    `reflect('java.lang.Runtime', ...)` calls any Java, and a subquery can name any file as a table.
    """
    pending = [rows.sparkSession._jsparkSession.sessionState().sqlParser().parseExpression(sql)]
    while pending:
        node = pending.pop()
        kind = node.getClass().getSimpleName()
        if kind in _QUERIES:
            raise CurateError(f"plan: {key}: a subquery is not allowed here; use a join")
        name = node.nameParts().last().lower() if kind == "UnresolvedFunction" else None
        if name in _CALLS_OF_JAVA:
            raise CurateError(f"plan: {key}: the function {name}() is not allowed here: it calls Java")
        children = node.children()
        pending += [children.apply(position) for position in range(children.size())]


def _any(conditions: list[Column]) -> Column:
    return reduce(Column.__or__, conditions, F.lit(False))
