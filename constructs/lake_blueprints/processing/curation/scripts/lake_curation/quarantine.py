"""Refused records, with the reasons: only these are parsed again, column by column."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lake_curation.columns import CORRUPT, FIELDS, OBJECT, PARSED, QUARANTINED, RAW, STATUS, quoted, schema
from lake_curation.parsing import JSON_OPTIONS, converted, is_one_value, json_values, types
from lake_curation.plan import Field, Plan
from lake_curation.rules import Rule, rules

QUOTED_CHARACTERS = 80


def write_quarantine(plan: Plan, rows: DataFrame, folder: str) -> tuple[int, dict[str, int]]:
    """Write the refused records; return how many the folder then has, in all and of each kind of reason."""
    refused(plan, rows).repartition(1).write.option("compression", "snappy").parquet(folder)
    written = rows.sparkSession.read.parquet(folder).groupBy("kinds").count().collect()
    kinds = Counter[str]()
    for group in written:
        kinds.update(dict.fromkeys(group["kinds"], group["count"]))
    return sum(group["count"] for group in written), dict(sorted(kinds.items()))


def refused(plan: Plan, rows: DataFrame) -> DataFrame:
    """Return the quarantined records of `rows` as they are written."""
    texts = schema([*((column.source, "string") for column in plan.columns), (CORRUPT, "string")])
    rows = rows.where(F.col(STATUS) == QUARANTINED).withColumn(PARSED, F.from_json(FIELDS, texts, JSON_OPTIONS))
    found = F.array_compact(F.array(*_reasons(plan)))
    unexplained = F.array(_reason("type", F.lit("a value does not have the type of its column")))
    found = F.when(F.size(found) > 0, found).otherwise(unexplained)
    return rows.select(
        # Through a Java string: bytes that are not UTF-8 become replacement characters.
        F.format_string("%s", RAW).alias("record"),
        F.col(OBJECT).alias("object"),
        found["sentence"].alias("reasons"),
        F.array_sort(F.array_distinct(found["kind"])).alias("kinds"),
        F.lit(plan.dataset).alias("dataset"),
        F.lit(plan.version).alias("version"),
        F.current_timestamp().alias("quarantined_at"),
    )


def _reasons(plan: Plan) -> Iterator[Column]:
    """Yield every reason there can be; each is null where it does not apply."""
    unreadable = F.col(PARSED).isNull() | F.col(PARSED)[CORRUPT].isNotNull()
    if plan.format == "csv":
        sentence = F.lit("not a CSV record with as many fields as the header")
    else:
        unreadable |= ~is_one_value(F.col(RAW))
        sentence = F.when(json_values(F.col(RAW)).isNull(), "not valid JSON").otherwise("not one JSON object")
    yield F.when(unreadable, _reason("unreadable", sentence))
    for column in plan.columns:
        for rule, sentence in _rules_and_sentences(plan, column):
            yield F.when(~unreadable & rule.broken, _reason(rule.kind, sentence))
    for key in plan.late_keys:
        missing = F.lit(f"column '{key}': missing, but a partition key")
        yield F.when(~unreadable & F.col(quoted(key)).isNull(), _reason("partition", missing))


def _rules_and_sentences(plan: Plan, column: Field) -> Iterator[tuple[Rule, Column]]:
    text = F.col(PARSED).getField(column.source)
    kind = column.json_type if plan.format == "json" else "string"
    # Parsed alone: one wrong value makes Spark drop the others of its record.
    alone = F.from_json(FIELDS, schema([(column.source, kind), (CORRUPT, "string")]), JSON_OPTIONS)
    sound = F.when(alone[CORRUPT].isNull(), alone.getField(column.source))
    value = F.concat(F.lit("'"), F.substring(text, 1, QUOTED_CHARACTERS), F.lit("' "))
    # Without this, the reason for "12" would be that '12' is not a bigint.
    as_string = F.col(FIELDS).rlike(rf'"\Q{column.source}\E"\s*:\s*"') & F.lit(kind != "string")
    note = F.when(as_string, "is a string and ").otherwise("")
    (found,) = types([kind])
    for rule in rules(plan, column, text, converted(sound, found, column)):
        middle = F.concat(value, note) if rule.kind == "type" else F.coalesce(value, F.lit(""))
        yield rule, F.concat(F.lit(f"column '{column.name}': "), middle, F.lit(rule.sentence))


def _reason(kind: str, sentence: Column) -> Column:
    return F.struct(F.lit(kind).alias("kind"), sentence.alias("sentence"))
