"""The query of a pull, in the words of its engine."""

from __future__ import annotations

from lake_blueprints.contracts import Dataset
from lake_blueprints.contracts.source_tables import source_table
from lake_blueprints.foundation.connections import DatabaseEngine

# Engines that compare a time with text that names its offset; MySQL does since 8.0.19.
# https://dev.mysql.com/doc/refman/8.4/en/date-and-time-literals.html
_QUOTES = {DatabaseEngine.POSTGRESQL: '"', DatabaseEngine.MYSQL: "`"}
_DEFAULT_SCHEMA = {DatabaseEngine.POSTGRESQL: "public"}


def check_pull(engine: DatabaseEngine, dataset: Dataset, watermark: str) -> None:
    """Refuse what no rerun could pull without a loss.

    Raises
    ------
    ValueError
        If the engine compares no times as text, the dataset has no primary key, or the watermark is no required
        timestamp of it.
    """
    if engine not in _QUOTES:
        allowed = " and ".join(_QUOTES)
        raise ValueError(f"'connection' is to {engine.value}, but pulls are from {allowed}; use a Replication instead")
    if not dataset.primary_key:
        raise ValueError(f"dataset '{dataset.name}' must have a primary key: rows that are pulled again are told by it")
    if watermark not in dataset.column_names:
        raise ValueError(
            f"'watermark' is '{watermark}', which is not a column of dataset '{dataset.name}'; its columns are "
            f"{', '.join(dataset.column_names)}"
        )
    column = dataset.column(watermark)
    if column.type.spark != "timestamp" or column.time_zone or not column.required:
        raise ValueError(
            f"'watermark' is '{watermark}', which must be a required timestamp in UTC: of rows without one, nobody "
            "could tell whether they have changed"
        )


def table_of(engine: DatabaseEngine, dataset: Dataset, table: str | None) -> str:
    """Return the table, quoted: the given one, that of the contract's server, or that of the dataset's name."""
    found = table or source_table(dataset) or dataset.name
    if "." not in found and engine in _DEFAULT_SCHEMA:
        found = f"{_DEFAULT_SCHEMA[engine]}.{found}"
    return ".".join(quoted(engine, part) for part in found.split("."))


def query_of(engine: DatabaseEngine, dataset: Dataset, table: str) -> str:
    """Return the query of all rows, by the names that the columns have at the source."""
    columns = ", ".join(quoted(engine, column.source or column.name) for column in dataset.columns)
    return f"SELECT {columns} FROM {table}"


def quoted(engine: DatabaseEngine, name: str) -> str:
    """Return a name as the engine quotes it."""
    mark = _QUOTES[engine]
    return f"{mark}{name.replace(mark, mark * 2)}{mark}"
