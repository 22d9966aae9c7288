"""Refused records, with the reasons: only these are parsed again, column by column; and objects refused as a whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from lake_curation.columns import (
    BLOCK,
    CORRUPT,
    FIELDS,
    HEADER,
    MISCODED,
    MODIFIED,
    OBJECT,
    PARSED,
    QUARANTINED,
    RAW,
    STATUS,
    quoted,
    schema,
)
from lake_curation.parsing import JSON_OPTIONS, converted, is_one_value, is_torn, json_values, types
from lake_curation.plan import Field, Plan
from lake_curation.quarantine_columns import COLUMNS
from lake_curation.rules import ORDER_MISSING, Rule, rules

QUOTED_CHARACTERS = 80
# Kinds of reasons that no change of a contract removes from the record itself.
MISCODED_KIND, OBJECT_KIND = "encoding", "object"


def write_quarantine(
    plan: Plan, rows: DataFrame, objects: Sequence[tuple[str, str, str]], folder: str, run: str
) -> tuple[int, dict[str, int]]:
    """Write the refused records and objects; return how many the folder then has, in all and of each kind of reason.

    `objects` are the URIs of those that are refused as a whole, with ETag and reason.
    """
    found = refused(plan, rows)
    if objects:
        whole = [(None, None, uri, etag, [reason], [OBJECT_KIND]) for uri, etag, reason in objects]
        found = found.unionByName(
            rows.sparkSession.createDataFrame(whole, schema((name, COLUMNS[name]) for name in found.columns))
        )
    about = {"dataset": plan.dataset, "version": plan.version, "run": run}
    found = found.withColumns({name: F.lit(value) for name, value in about.items()})
    found = found.withColumn("quarantined_at", F.current_timestamp()).select(*COLUMNS)
    found.repartition(1).write.option("compression", "snappy").parquet(folder)
    written = rows.sparkSession.read.parquet(folder).groupBy("kinds").count().collect()
    kinds = Counter[str]()
    for group in written:
        kinds.update(dict.fromkeys(group["kinds"], group["count"]))
    return sum(group["count"] for group in written), dict(sorted(kinds.items()))


def quarantined(spark: SparkSession, folders: Sequence[str]) -> DataFrame:
    """Return the rows of folders of the quarantine; columns that older ones do not have are null."""
    return spark.read.schema(schema(COLUMNS.items())).parquet(*folders)


def lines_again(found: DataFrame) -> DataFrame:
    """Return quarantined records as the lines that they were."""
    return found.where(F.col("record").isNotNull()).select(
        F.col("record").alias(RAW),
        F.col("header").alias(HEADER),
        F.array_contains("kinds", MISCODED_KIND).alias(MISCODED),
        F.col("object").alias(OBJECT),
        F.col("quarantined_at").alias(MODIFIED),
        F.lit(0).cast("bigint").alias(BLOCK),
    )


def objects_again(found: DataFrame) -> list[tuple[str, str]]:
    """Return URI and ETag of the objects that were refused as a whole."""
    rows = found.where(F.col("record").isNull()).select("object", "etag").distinct().collect()
    return [(row["object"], row["etag"]) for row in rows]


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
        F.col(HEADER).alias("header"),
        F.col(OBJECT).alias("object"),
        F.lit(None).cast("string").alias("etag"),
        found["sentence"].alias("reasons"),
        F.array_sort(F.array_distinct(found["kind"])).alias("kinds"),
    )


def _reasons(plan: Plan) -> Iterator[Column]:
    """Yield every reason there can be; each is null where it does not apply."""
    yield F.when(F.col(MISCODED), _reason(MISCODED_KIND, F.lit("not UTF-8")))
    unreadable = F.col(PARSED).isNull() | F.col(PARSED)[CORRUPT].isNotNull()
    if plan.format == "csv":
        torn = is_torn(F.col(RAW), plan.delimiter)
        unequal = "not a CSV record with as many fields as the header"
        sentence = F.when(torn, "a quote of it begins or ends in another line").otherwise(unequal)
    else:
        unreadable |= ~is_one_value(F.col(RAW))
        sentence = F.when(json_values(F.col(RAW)).isNull(), "not valid JSON").otherwise("not one JSON object")
    yield F.when(unreadable & ~F.col(MISCODED), _reason("unreadable", sentence))
    unreadable |= F.col(MISCODED)
    for column in plan.columns:
        for rule, sentence in _rules_and_sentences(plan, column):
            yield F.when(~unreadable & rule.broken, _reason(rule.kind, sentence))
    for key in plan.late_keys:
        partition = key in plan.partition_keys
        missing = F.lit(f"column '{key}': {'missing, but a partition key' if partition else ORDER_MISSING}")
        yield F.when(~unreadable & F.col(quoted(key)).isNull(), _reason("partition" if partition else "key", missing))


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
