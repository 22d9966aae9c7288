"""Trino's SQL, as Athena speaks it, rewritten for DuckDB.

sqlglot translates the syntax. What it leaves differing in meaning is rewritten here, and what cannot be made
to mean the same is refused: a query must never succeed locally with another answer than Athena's.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import duckdb
from sqlglot import exp

from local_cloud.sql import catalogs
from local_cloud.sql.duck import Session
from local_cloud.sql.reach import check_trino
from local_cloud.sql.trino import aliases, casts, checks, functions, operators, precision, syntax, zones
from local_cloud.sql.trino.aliases import name_columns
from local_cloud.sql.trino.failures import OF_NAMES, failure
from local_cloud.sql.trino.macros import install
from local_cloud.sql.trino.nodes import refuse
from local_cloud.sql.trino.syntax import parse_hive
from local_cloud.sql.trino.unions import check_set_operations
from local_cloud.sql.trino.unnest import unnest

__all__ = ["analyse", "failure", "generate", "install", "name_columns", "parse", "parse_hive", "precision", "rewrite"]

# Its warnings about what it does not know would go to the terminal; such statements are refused anyway.
logging.getLogger("sqlglot").setLevel(logging.ERROR)

_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ, exp.NullSafeNEQ)

# In this order: functions before operators, which look at types; literals last, for others look at them.
_REWRITES: tuple[tuple[Any, Callable[[Any], exp.Expr]], ...] = (
    (exp.Anonymous, functions.anonymous),
    (exp.Reduce, functions.reduce),
    (exp.Format, functions.format),
    ((exp.TimestampTrunc, exp.DateTrunc), functions.date_trunc),
    (exp.ParseDatetime, functions.parse_datetime),
    ((exp.TimeToStr, exp.StrToTime), functions.pattern),
    (exp.Unnest, unnest),
    (exp.Div, operators.divide),
    (exp.Mod, operators.modulo),
    (exp.DateDiff, functions.date_diff),
    (exp.DateAdd, functions.date_add),
    (exp.Interval, operators.interval),
    (exp.Add, operators.add),
    (exp.Sub, operators.subtract),
    (exp.DPipe, operators.concatenate),
    (exp.Bracket, operators.subscript),
    (exp.Substring, functions.macro("trino_substr", "start", "length")),
    (exp.Cast, casts.cast),
    (exp.Date, lambda node: casts.cast(exp.Cast(this=node.this, to=exp.DataType.build("date")))),
    (exp.FromISO8601Date, functions.macro("trino_iso_date")),
    (exp.RegexpExtract, functions.macro("trino_regexp_extract", "expression", "group")),
    (exp.RegexpReplace, functions.regexp_replace),
    (exp.Split, functions.macro("trino_split", "expression", "limit")),
    (exp.SplitPart, functions.macro("trino_split_part", "delimiter", "part_index")),
    (exp.StrToMap, functions.macro("trino_split_to_map", "pair_delim", "key_value_delim")),
    (exp.StrPosition, functions.macro("trino_strpos", "substr", "occurrence")),
    (exp.Trim, functions.trim),
    (exp.ConcatWs, functions.concat_ws),
    (exp.Concat, functions.concat),
    (exp.JSONExtractScalar, functions.json_scalar),
    (exp.JSONExtract, functions.json_extract),
    (exp.ArraySlice, functions.macro("trino_slice", "start", "end")),
    (exp.ArrayPosition, functions.macro("trino_position", "expression")),
    (exp.ArrayDistinct, functions.macro("trino_array_distinct")),
    (exp.ArrayIntersect, functions.two_arrays("trino_array_intersect")),
    (exp.ArrayExcept, functions.two_arrays("trino_array_except")),
    (exp.ArrayRemove, functions.two_arrays("trino_array_remove")),
    (exp.ArrayContains, functions.two_arrays("trino_array_contains")),
    (exp.ArrayMax, functions.macro("trino_array_max")),
    (exp.ArrayMin, functions.macro("trino_array_min")),
    (exp.ArraySort, functions.array_sort),
    (exp.ArrayToString, functions.macro("trino_array_join", "expression", "null")),
    (exp.ArraySize, functions.cardinality),
    (exp.GenerateSeries, functions.macro("trino_sequence", "start", "end", "step")),
    (exp.Repeat, functions.macro("trino_repeat", "times")),
    (exp.ArgMax, functions.arg_extreme("arg_max_null")),
    (exp.ArgMin, functions.arg_extreme("arg_min_null")),
    (exp.Avg, functions.average),
    (exp.Sum, functions.total),
    (exp.ApproxQuantile, functions.quantile),
    (exp.SHA, functions.macro("trino_sha1")),
    (exp.Reverse, functions.macro("trino_reverse")),
    (exp.Round, functions.rounded),
    (exp.CurrentTimezone, lambda node: exp.Literal.string("UTC")),
    (exp.Cbrt, functions.macro("trino_cbrt")),
    (exp.Sign, functions.macro("trino_sign")),
    (exp.Unhex, functions.macro("trino_from_hex")),
    (exp.Extract, functions.extract),
    (exp.HexString, operators.hexadecimal),
    (exp.Typeof, refuse("typeof() names DuckDB's types locally")),
    (exp.TableSample, refuse("a sample differs with every engine")),
    (exp.CurrentTime, refuse("current_time has a time zone, which is not kept locally")),
    ((*_COMPARISONS, exp.Between), operators.compare),
    (exp.Literal, operators.text),
)


def parse(sql: str) -> exp.Expr:
    """Parse one statement of Athena's.

    Raises
    ------
    LocalCloudError
        With the parser's message and position, or with what Athena does not have.
    """
    tree = syntax.parse(sql)
    check_trino(tree)
    catalogs.qualify(tree)
    return tree


def rewrite(tree: exp.Expr) -> exp.Expr:
    """Rewrite a parsed statement in place so that DuckDB means by it what Trino does."""
    aliases.check_order_of_distinct(tree)
    aliases.hide(tree)
    zones.rewrite(tree)
    return _apply(tree, _REWRITES)


def analyse(session: Session, tree: exp.Expr, bind: Callable[[exp.Expr], exp.Expr]) -> None:
    """Fail as Trino's analysis of a rewritten query does: names that nothing has, types that do not fit.

    Parameters
    ----------
    session: Session
        Where the query will be run.
    tree: Expr
        The query, which is not changed.
    bind: callable
        Puts tables without rows under a copy of the query, so that nothing is read.

    Raises
    ------
    duckdb.Error
        What `failure` has Athena's words for.
    LocalCloudError
        If queries put together by UNION have different types.
    """
    strict = bind(_apply(tree.copy(), checks.REWRITES))
    try:
        session.schema(generate(strict))
    except duckdb.Error as error:
        if "Macro trino_" in str(error):
            _check_arguments(session, bind(_bare(tree)))
        raise
    check_set_operations(session, strict)


def _check_arguments(session: Session, bare: exp.Expr) -> None:
    """Raise what is wrong with the names in the arguments of macros, if anything is."""
    try:
        session.schema(generate(bare))
    except duckdb.Error as error:
        if failure(error).startswith(OF_NAMES):
            raise


def _bare(tree: exp.Expr) -> exp.Expr:
    """Return a copy of a query without the macros whose failure hides that of what they are given."""
    whole = tree.copy()
    for node in reversed(list(whole.find_all(exp.Anonymous))):
        if node.name.startswith("trino_") and node.expressions:
            node.replace(exp.Struct(expressions=[item.copy() for item in node.expressions]))
    return whole


def _apply(tree: exp.Expr, rewrites: tuple[tuple[Any, Callable[[Any], exp.Expr]], ...]) -> exp.Expr:
    for kind, change in rewrites:
        # The innermost first: what a rewrite puts around a node holds what was put in it before.
        for node in reversed(list(tree.find_all(kind))):
            changed = change(node)
            if changed is not node:
                node.replace(changed)
    return tree


def generate(tree: exp.Expr) -> str:
    return tree.sql(dialect="duckdb")
