"""CSV objects: their headers, and records by the names in them."""

from __future__ import annotations

import csv
from collections.abc import Sequence

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from lake_curation.columns import (
    BLOCK,
    BROKEN,
    CORRUPT,
    FIELDS,
    HEADER,
    MISCODED,
    MODIFIED,
    OBJECT,
    PARSED,
    RAW,
    schema,
)
from lake_curation.heads import SHOWN, Head, UnreadableError, heads
from lake_curation.lines import BYTE_ORDER_MARK, lines
from lake_curation.parsing import is_torn
from lake_curation.plan import Field, Plan
from lake_curation.storage import SourceObject


def rows(
    spark: SparkSession, plan: Plan, bucket: str, objects: Sequence[SourceObject]
) -> tuple[list[DataFrame], dict[str, str]]:
    """Return the records of each header, and the objects whose header cannot be read."""
    refused: dict[str, str] = {}
    # Objects may have their columns in different order, and Spark would look at the first header only.
    by_header: dict[str, list[SourceObject]] = {}
    for item, head in heads(bucket, objects):
        try:
            if isinstance(head, UnreadableError):
                raise head
            if (header := _header(head)) is not None:
                columns(plan, header)
                by_header.setdefault(header, []).append(item)
        except UnreadableError as error:
            refused[item.key] = str(error)
    return [parsed(plan, header, lines(spark, bucket, items)) for header, items in by_header.items()], refused


def parsed(plan: Plan, header: str, found: DataFrame) -> DataFrame:
    """Return the records of lines below a header."""
    names = _names(plan, header)
    options = {
        "sep": plan.delimiter,
        "escape": '"',
        "columnNameOfCorruptRecord": CORRUPT,
        "maxColumns": str(max(_FEWEST_COLUMNS, 2 * len(names))),
    }
    # By position: a header may have a name twice where the contract has no such column.
    everything = schema([*((f"c{position}", "string") for position in range(len(names))), (CORRUPT, "string")])
    rows = found.where(F.col(RAW) != header).withColumn(PARSED, F.from_csv(RAW, everything, options))
    positions = columns(plan, header)

    def text(column: Field) -> Column:
        if column.source not in positions:
            return F.lit(None).cast("string")
        value = F.col(PARSED).getField(f"c{positions[column.source]}")
        return value if column.type == "string" else F.when(F.trim(value) != "", F.trim(value))

    fields = F.struct(*(text(column).alias(column.source) for column in plan.columns))
    unreadable = F.col(PARSED).isNull() | F.col(PARSED)[CORRUPT].isNotNull()
    broken = unreadable | is_torn(F.col(RAW), plan.delimiter) | F.col(MISCODED)
    rows = rows.select(
        RAW, F.lit(header).alias(HEADER), MISCODED, OBJECT, MODIFIED, BLOCK, broken.alias(BROKEN), fields.alias(PARSED)
    )
    return rows.withColumn(FIELDS, F.when(~F.col(BROKEN), F.to_json(PARSED)))


def columns(plan: Plan, header: str) -> dict[str, int]:
    """Return the position of each source column that a header has: by its name, in any case, without blanks around it.

    Raises
    ------
    UnreadableError
        If it has none of them, or one of them twice.
    """
    positions: dict[str, list[int]] = {}
    for position, name in enumerate(_names(plan, header)):
        positions.setdefault(name.strip().lower(), []).append(position)
    found = {column.source: positions.get(column.source.strip().lower(), []) for column in plan.columns}
    for source, places in found.items():
        if len(places) > 1:
            raise UnreadableError(f"its header has the column '{source}' {len(places)} times")
    known = {source: places[0] for source, places in found.items() if places}
    if not known:
        wanted = plan.delimiter.join(found)
        raise UnreadableError(
            f"its header '{header[:SHOWN]}' has none of the columns '{wanted[:SHOWN]}': another delimiter, "
            "no header line or another dataset"
        )
    return known


def _names(plan: Plan, header: str) -> list[str]:
    try:
        return next(csv.reader([header], delimiter=plan.delimiter, skipinitialspace=True))
    except csv.Error as error:
        raise UnreadableError(f"its header is not CSV: {error}") from None


def _header(head: Head) -> str | None:
    """Return the first line that is not blank, as Spark's reader of lines finds it; None if there is none."""
    found = head.content.removeprefix(BYTE_ORDER_MARK.encode())
    ended = found if head.whole else found[: max(found.rfind(b"\n"), found.rfind(b"\r")) + 1]
    if found.strip() and not ended.strip():
        raise UnreadableError(f"its header has more than {len(found):,} bytes")
    for line in ended.splitlines():
        try:
            text = line.decode()
        except UnicodeDecodeError:
            raise UnreadableError("its header is not UTF-8") from None
        if text.strip(" "):
            return text
    return None


# Spark's own default; a line of more columns ends a run.
_FEWEST_COLUMNS = 20_480
