"""Trino's SQL, as Athena speaks it, rewritten for DuckDB.

sqlglot translates the syntax. What it leaves differing in meaning is rewritten here, and what cannot be made
to mean the same is refused: a query must never succeed locally with another answer than Athena's.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from local_cloud.errors import LocalCloudError
from local_cloud.sql.reach import check_trino
from local_cloud.sql.trino import functions, operators
from local_cloud.sql.trino.macros import install
from local_cloud.sql.trino.nodes import refuse
from local_cloud.sql.trino.unnest import unnest

__all__ = ["generate", "install", "name_columns", "parse", "rewrite"]

# Its warnings about what it does not know would go to the terminal; such statements are refused anyway.
logging.getLogger("sqlglot").setLevel(logging.ERROR)

_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE)

# In this order: comparisons last, for they look at literals, not at what a rewrite made of them.
_REWRITES: tuple[tuple[Any, Callable[[Any], exp.Expr]], ...] = (
    (exp.Anonymous, functions.anonymous),
    (exp.DataType, operators.timestamp),
    (exp.AtTimeZone, operators.at_time_zone),
    (exp.Reduce, functions.reduce),
    (exp.Format, functions.format),
    ((exp.TimestampTrunc, exp.DateTrunc), functions.date_trunc),
    (exp.ParseDatetime, functions.parse_datetime),
    (exp.Unnest, unnest),
    (exp.Div, operators.divide),
    (exp.Mod, operators.modulo),
    (exp.DateDiff, functions.date_diff),
    (exp.DateAdd, functions.date_add),
    ((exp.Add, exp.Sub), operators.plus_interval),
    (exp.Bracket, operators.subscript),
    (exp.Substring, functions.substring),
    (exp.Cast, operators.cast),
    (exp.RegexpExtract, functions.regexp_extract),
    (exp.RegexpReplace, functions.regexp_replace),
    (exp.SplitPart, functions.split_part),
    (exp.JSONExtractScalar, functions.json_scalar),
    (exp.ArraySlice, functions.slice),
    (exp.ArrayPosition, functions.position),
    (exp.Extract, functions.extract),
    (exp.Typeof, refuse("typeof() names DuckDB's types locally")),
    (exp.TableSample, refuse("a sample differs with every engine")),
    (_COMPARISONS, operators.compare),
    (exp.In, operators.membership),
    (exp.Between, operators.between),
)


def parse(sql: str) -> exp.Expr:
    """Parse one statement of Athena's.

    Raises
    ------
    LocalCloudError
        With the parser's message and position, or with a function that Athena does not have.
    """
    try:
        statements = [found for found in sqlglot.parse(sql, read="athena") if found is not None]
    except SqlglotError as error:
        first: dict[str, Any] = next(iter(getattr(error, "errors", [])), {})
        raise LocalCloudError(
            f"SYNTAX_ERROR: line {first.get('line', 1)}:{first.get('col', 1)}: "
            f"{first.get('description', str(error))} near {first.get('highlight', '')!r}"
        ) from None
    if len(statements) != 1:
        raise LocalCloudError("SYNTAX_ERROR: only one statement can be run at a time")
    check_trino(statements[0])
    return statements[0]


def rewrite(tree: exp.Expr) -> exp.Expr:
    """Rewrite a parsed statement in place so that DuckDB means by it what Trino does."""
    for kind, change in _REWRITES:
        for node in list(tree.find_all(kind)):
            changed = change(node)
            if changed is not node:
                node.replace(changed)
    return tree


def generate(tree: exp.Expr) -> str:
    return tree.sql(dialect="duckdb")


def name_columns(select: exp.Expr) -> None:
    """Give a query's unnamed columns the names that Athena gives them, and all in lower case."""
    query = select
    while isinstance(query, (exp.SetOperation, exp.Subquery)):
        query = query.this
    if not isinstance(query, exp.Select):
        return
    for position, column in enumerate(query.expressions):
        if isinstance(column, exp.Star) or (isinstance(column, exp.Column) and isinstance(column.this, exp.Star)):
            continue
        if isinstance(column, exp.Column) and column.name == column.name.lower():
            continue
        if not column.alias_or_name or not isinstance(column, (exp.Alias, exp.Column, exp.Dot)):
            column.replace(exp.alias_(column.copy(), f"_col{position}", quoted=True))
        else:
            value = column.this if isinstance(column, exp.Alias) else column
            column.replace(exp.alias_(value.copy(), column.alias_or_name.lower(), quoted=True))
