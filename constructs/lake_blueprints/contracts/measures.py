"""Measures of quality rules as Spark SQL over the table `primary`."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from lake_blueprints.contracts.column import Column
from lake_blueprints.contracts.row_rules import BrokenValue


def counted(condition: str, *, percent: bool) -> str:
    """Return the SQL that counts the rows that meet a condition; of no rows it is nothing in percent as well."""
    if percent:
        return f"select coalesce(avg(case when {condition} then 100e0 else 0e0 end), 0e0) as broken from primary"
    return f"select count(*) as broken from primary where {condition}"


def repeated(columns: tuple[Column, ...], *, percent: bool) -> str:
    """Return the SQL that counts the rows whose key another row has already; a key with a null is no key."""
    keys = ", ".join(quoted(column.name) for column in columns)
    complete = " and ".join(f"{quoted(column.name)} is not null" for column in columns)
    broken = f"sum(case when {complete} then times - 1 else 0 end)"
    measured = f"coalesce(100e0 * {broken} / sum(times), 0e0)" if percent else f"coalesce({broken}, 0)"
    groups = f"select {keys}, count(*) as times from primary group by {keys}"
    return f"select {measured} as broken from ({groups}) as grouped"


def condition(broken: BrokenValue, column: Column) -> str:
    """Return the SQL condition of the values of a column that break a rule."""
    name = quoted(column.name)
    conditions = []
    if broken.null:
        conditions.append(f"{name} is null")
    if broken.any_of:
        conditions.append(f"{name} in ({_literals(broken.any_of, column)})")
    if broken.none_of is not None:
        listed = f"{name} not in ({_literals(broken.none_of, column)})"
        conditions.append(listed if broken.none_of else f"{name} is not null")
    if broken.unlike is not None:
        # The same character to a regular expression, but not to DQDL.
        pattern = broken.unlike.replace('"', r"\x22")
        conditions.append(f"not ({name} rlike {_text(pattern)})")
    return " or ".join(conditions)


def _literals(values: tuple[Any, ...], column: Column) -> str:
    kind = column.type.glue
    typed = f"{kind} " if kind in {"date", "timestamp"} else ""
    return ", ".join(f"{typed}{_text(value)}" if isinstance(value, str) else _plain(value) for value in values)


def _text(value: str) -> str:
    # Spark reads two quotes in a row as two texts side by side.
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _plain(value: bool | Decimal) -> str:
    return str(value).lower() if isinstance(value, bool) else f"{value:f}"


def quoted(name: str) -> str:
    """Return a column's name as SQL."""
    return f"`{name}`"
