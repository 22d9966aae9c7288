"""The SQL that brings a table of Redshift up to date with an Iceberg table, which has changed and deleted rows as well.

Redshift reads an Iceberg table as it is now: neither older snapshots nor what has changed since one. So the warehouse's
own rows are the record of what was loaded, and are compared with the lake's: every change is found, whatever made it, a
load that failed leaves nothing to repair, and one that is repeated changes nothing.
"""

from __future__ import annotations

from lake_blueprints.contracts import Column, Dataset
from lake_blueprints.databases.redshift.statements import definition, names, qualified, quoted

# A temporary table, which each session has for itself.
_ROWS = quoted("lake_rows")


def merge(dataset: Dataset, table: str, *, database: str) -> list[str]:
    """Return the statements that bring the table up to date; they belong in one transaction.

    The lake is read by one statement, since a further one might see a later snapshot. Rows that are as they were are
    left out of the MERGE, which would write all of them again. Its source cannot be a query.

    https://docs.aws.amazon.com/redshift/latest/dg/r_MERGE.html,
    https://docs.aws.amazon.com/redshift/latest/dg/querying-iceberg.html
    """
    columns = names(column.name for column in dataset.columns)
    read = f"SELECT {', '.join(map(_read, dataset.columns))}\nFROM {quoted(database)}.{quoted(table)} AS lake"
    target = qualified(table)
    if not dataset.primary_key:
        return [f"DELETE FROM {target}", f"INSERT INTO {target} ({columns})\n{read}"]
    same_key = " AND ".join(f"{_ROWS}.{quoted(key)} = {quoted(table)}.{quoted(key)}" for key in dataset.primary_key)
    others = [column for column in dataset.columns if column.name not in dataset.primary_key]
    unchanged = "".join(f"\nAND {_same(column, table)}" for column in others)
    definitions = ", ".join(definition(column, column.name in dataset.primary_key) for column in dataset.columns)
    updates = ", ".join(f"{quoted(column.name)} = {_ROWS}.{quoted(column.name)}" for column in dataset.columns)
    values = ", ".join(f"{_ROWS}.{quoted(column.name)}" for column in dataset.columns)
    return [
        f"CREATE TEMP TABLE {_ROWS} ({definitions})",
        f"INSERT INTO {_ROWS} ({columns})\n{read}",
        f"DELETE FROM {target}\nWHERE NOT EXISTS (SELECT 1 FROM {_ROWS} WHERE {same_key})",
        f"DELETE FROM {_ROWS}\nUSING {target}\nWHERE {same_key}{unchanged}",
        f"MERGE INTO {target}\nUSING {_ROWS}\nON {same_key}\nWHEN MATCHED THEN UPDATE SET {updates}\n"
        f"WHEN NOT MATCHED THEN INSERT ({columns}) VALUES ({values})",
        f"DROP TABLE {_ROWS}",
    ]


def check_mergeable(dataset: Dataset) -> None:
    """Refuse a dataset whose rows cannot be compared.

    Raises
    ------
    ValueError
        With the column.
    """
    for column in dataset.columns:
        if column.type.nested:
            raise ValueError(
                f"column '{column.name}' of dataset '{dataset.name}' is {column.type}; rows of an Iceberg table are "
                "compared with those of the warehouse, and nested values are not; leave the column out of the table"
            )


def _read(column: Column) -> str:
    value = f"lake.{quoted(column.name)}"
    # Iceberg's is TIMESTAMPTZ.
    return f"{value} AT TIME ZONE 'UTC'" if column.type.glue == "timestamp" else value


def _same(column: Column, table: str) -> str:
    one, other = f"{_ROWS}.{quoted(column.name)}", f"{quoted(table)}.{quoted(column.name)}"
    equal = f"{one} = {other}"
    if column.type.redshift.startswith("varchar"):
        # Redshift compares texts without the blanks at their ends, and counts these.
        # https://docs.aws.amazon.com/redshift/latest/dg/r_Character_types.html
        equal = f"({equal} AND LEN({one}) = LEN({other}))"
    return equal if column.required else f"({equal} OR ({one} IS NULL AND {other} IS NULL))"
