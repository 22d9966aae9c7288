"""UNLOAD of the rows that an Iceberg table had at a snapshot.

https://docs.aws.amazon.com/athena/latest/ug/unload.html
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from lake_blueprints.catalog.iceberg import IcebergTable
from lake_blueprints.contracts import Column, DataType


class ExportFormat(StrEnum):
    """Format of exported files."""

    PARQUET = "PARQUET"
    ORC = "ORC"
    AVRO = "AVRO"
    JSON = "JSON"
    """JSON lines, gzipped."""
    TEXTFILE = "TEXTFILE"
    """Delimited text, gzipped, without a header and without quotes; null is `\\N`."""


class Timestamps(StrEnum):
    """Type of exported timestamps, which have six digits of a second in an Iceberg table.

    UNLOAD writes three digits or refuses: `Incorrect timestamp precision for timestamp(6)`.
    """

    TEXT = "text"
    """All digits, as text: `2026-01-05 12:00:00.123456 UTC`."""
    MILLISECONDS = "milliseconds"
    """A timestamp in UTC, rounded to three digits."""


# https://docs.aws.amazon.com/athena/latest/ug/compression-support-hive.html
COMPRESSIONS = {
    ExportFormat.PARQUET: ("GZIP", "SNAPPY", "ZSTD"),
    ExportFormat.ORC: ("LZ4", "SNAPPY", "ZLIB", "ZSTD"),
}
_CASTS = {Timestamps.TEXT: "varchar", Timestamps.MILLISECONDS: "timestamp(3)"}


@dataclass(frozen=True, kw_only=True)
class PinnedQuery:
    """A query of one snapshot, whose id stands between two texts.

    Parameters
    ----------
    before, after: str
        The texts.
    """

    before: str
    after: str


def latest_snapshot(table: IcebergTable) -> str:
    """Return the query of the snapshot that the table is now; `none` if nothing was written to it."""
    name = f'"{table.database.database_name}"."{table.table_name}$refs"'
    return f"SELECT coalesce(max(CAST(snapshot_id AS varchar)), 'none') FROM {name} WHERE name = 'main'"


def pinned_query(table: IcebergTable, columns: Sequence[Column], timestamps: Timestamps) -> PinnedQuery:
    """Return the query of columns of the table."""
    selected = ", ".join(_selected(column, timestamps) for column in columns)
    return PinnedQuery(before=f"SELECT {selected} FROM {_name(table)} FOR VERSION AS OF ", after="")


def pinned_sql(table: IcebergTable, sql: str) -> PinnedQuery:
    """Return a query in which the name of the table stands for the rows of the snapshot.

    Raises
    ------
    ValueError
        If it names the table with its database, and so all of its rows as they are then.
    """
    qualified = rf'\b{re.escape(table.database.database_name)}"?\s*\.\s*"?{re.escape(table.table_name)}\b'
    if re.search(qualified, sql, re.IGNORECASE):
        raise ValueError(
            f"'sql' must name the table '{table.table_name}' without its database, since that name alone stands for "
            "the rows of the snapshot"
        )
    return PinnedQuery(
        before=f'WITH "{table.table_name}" AS (SELECT * FROM {_name(table)} FOR VERSION AS OF ',
        # The line feeds end comments.
        after=f") SELECT * FROM (\n{sql.strip().removesuffix(';')}\n)",
    )


def unload_options(
    file_format: ExportFormat, compression: str | None, delimiter: str | None, partitioned_by: Sequence[str]
) -> str:
    """Return the options of UNLOAD."""
    options = {
        "format": f"'{file_format}'",
        "compression": compression and f"'{compression}'",
        "field_delimiter": delimiter and "'{}'".format(delimiter.replace("'", "''")),
        "partitioned_by": partitioned_by and "ARRAY[{}]".format(", ".join(f"'{name}'" for name in partitioned_by)),
    }
    return ", ".join(f"{name} = {value}" for name, value in options.items() if value)


def holds_timestamps(kind: DataType) -> bool:
    """Tell whether values of a nested type have timestamps in them."""
    return any(part.glue == "timestamp" or holds_timestamps(part) for part in kind.parts)


def _name(table: IcebergTable) -> str:
    return f'"{table.database.database_name}"."{table.table_name}"'


def _selected(column: Column, timestamps: Timestamps) -> str:
    name = f'"{column.name}"'
    return f"CAST({name} AS {_CASTS[timestamps]}) AS {name}" if column.type.glue == "timestamp" else name
