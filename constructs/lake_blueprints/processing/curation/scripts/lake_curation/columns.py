"""Names: those of our own columns beside the dataset's while a batch is worked on, and those in SQL."""

from __future__ import annotations

from collections.abc import Iterable

# STATUS is good, filtered or quarantined. RAW is the record as it came, FIELDS as JSON text (null if it has no
# fields), PARSED as a struct. BROKEN says that it cannot be curated.
STATUS, RAW, FIELDS, PARSED, BROKEN = "__status", "__raw", "__fields", "__parsed", "__broken"
# Where a record comes from. ROW tells rows apart; within an object it grows.
OBJECT, MODIFIED, BLOCK, ROW = "__object", "__modified", "__block", "__row"
# The order in which records arrived. S3 tells whole seconds, and Spark reads the longest object first.
ARRIVAL = (MODIFIED, OBJECT, BLOCK, ROW)
# HEADER is the header line of a CSV record; MISCODED says that a record is not UTF-8.
HEADER, MISCODED = "__header", "__miscoded"
# DELETED says that a change record ends its key.
DELETED = "__deleted"
# Spark's parsers put here what they cannot parse.
CORRUPT = "__corrupt"

GOOD, FILTERED, QUARANTINED = "good", "filtered", "quarantined"


def quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def schema(columns: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f"{quoted(name)} {kind}" for name, kind in columns)
