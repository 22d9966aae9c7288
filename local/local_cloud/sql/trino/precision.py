"""The precision of timestamps: three digits of a second, or the six of an Iceberg table.

DuckDB has one type for both. So a query that may have both is bound once more, and not run, on tables without rows
whose precise columns have another type: where that comes out, there are six digits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import duckdb
from sqlglot import exp

from local_cloud.errors import LocalCloudError
from local_cloud.sql.duck import Session

PRECISE = "TIMESTAMP_NS"
"""The type that stands for timestamps with six digits, with time zone or without, while a query is bound."""

MACROS = (
    "trino_microseconds(t) as t",
    """trino_precise_text(x) as case when typeof(x) = 'TIMESTAMP WITH TIME ZONE'
        then strftime(try_cast(x::varchar as timestamptz) at time zone 'UTC', '%Y-%m-%d %H:%M:%S.%f UTC')
        else strftime(try_cast(x::varchar as timestamp), '%Y-%m-%d %H:%M:%S.%f') end""",
)

# What gives back the precision of an argument, by the argument's position.
_KEEP = {"trino_plus": 0, "trino_date_trunc": 1, "trino_instant": 0, "timezone": 1}
_MAKE = ("trino_iso_instant", "trino_iso_utc")
_TEXT = "trino_text"


def is_precise(tree: exp.Expr) -> bool:
    """Tell whether a rewritten query itself makes timestamps with six digits."""
    return any(node.name == "trino_microseconds" for node in tree.find_all(exp.Anonymous))


def mark(tree: exp.Expr) -> exp.Expr:
    """Change a rewritten query so that its timestamps have the type of what they are made of."""
    for node in reversed(list(tree.find_all(exp.Anonymous))):
        name = node.name.lower()
        if name in _KEEP:
            node.replace(node.expressions[_KEEP[name]])
        elif name == "trino_microseconds":
            node.replace(exp.cast(node.expressions[0], PRECISE, dialect="duckdb"))
        elif name in _MAKE:
            node.replace(exp.cast(exp.null(), "timestamp"))
    for moment in list(tree.find_all(exp.CurrentTimestamp, exp.UnixToTime)):
        moment.replace(exp.cast(exp.null(), "timestamp"))
    return tree


def types(session: Session, marked: exp.Expr) -> list[Any]:
    """Return the types of the columns of a marked query on tables without rows, `PRECISE` for those with six digits.

    Raises
    ------
    LocalCloudError
        If they cannot be told.
    """
    try:
        return [kind for _, kind in session.schema(marked.sql(dialect="duckdb"))]
    except duckdb.Error:
        raise LocalCloudError(
            "NOT_SUPPORTED: the precision of this query's timestamps cannot be told locally; cast those of the Iceberg "
            "table to timestamp(3)"
        ) from None


def texts(tree: exp.Expr) -> list[exp.Anonymous]:
    """Return what casts something to text in a rewritten query."""
    return [node for node in tree.find_all(exp.Anonymous) if node.name.lower() == _TEXT]


def keep_in_texts(session: Session, tree: exp.Expr, bind: Callable[[exp.Expr], exp.Expr]) -> None:
    """Let six digits be in the texts into which a rewritten query casts precise timestamps."""
    for node in texts(tree):
        select = node.find_ancestor(exp.Select)
        if select is None:
            continue
        source = exp.Select(expressions=[node.expressions[0].copy()])
        for name in ("with_", "from_", "joins", "laterals"):
            if select.args.get(name) is not None:
                value = select.args[name]
                copied = [item.copy() for item in value] if isinstance(value, list) else value.copy()
                source.set(name, copied)
        if any(PRECISE in str(kind) for kind in types(session, mark(bind(source)))):
            node.set("this", "trino_precise_text")
