"""SQL of a contract or an app, parsed in the dialect that it is written in and checked against what Spark runs.

Above 200 lines: one check for each thing that Spark refuses, on one tree.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import ErrorLevel, SqlglotError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify
from sqlglot.schema import MappingSchema

from lake_blueprints.contracts.errors import ContractError
from lake_blueprints.contracts.spark_functions import SPARK_FUNCTIONS
from lake_blueprints.contracts.sql_meaning import keep_meaning
from lake_blueprints.contracts.types import DataType, StructType

# What it cannot translate is said by an error, and its warnings would be said by nobody's leave.
logging.getLogger("sqlglot").setLevel(logging.ERROR)

Columns = Mapping[str, DataType]

# By the type of a server in the standard. What is not here keeps files or has SQL that sqlglot does not read: its rules
# are taken for Spark's own.
DIALECTS: Mapping[str, str] = {
    **{
        name: name
        for name in (
            *("athena", "bigquery", "clickhouse", "databricks", "duckdb", "hive", "mysql", "oracle", "postgres"),
            *("presto", "redshift", "snowflake", "trino", "dremio"),
        )
    },
    "postgresql": "postgres",
    "sqlserver": "tsql",
    "synapse": "tsql",
}
_SPARK = "spark"
# Syntax that Spark 3.5 does not have, and that its generator in sqlglot writes nevertheless.
_NOT_SPARK: tuple[tuple[type[exp.Expr], str], ...] = (
    (exp.SimilarTo, "SIMILAR TO"),
    (exp.Glob, "GLOB"),
    (exp.Any, "= ANY of a query"),
    (exp.All, "ALL of a query"),
    (exp.AtTimeZone, "AT TIME ZONE"),
    (exp.Fetch, "FETCH FIRST"),
    (exp.Parameter, "a parameter"),
    (exp.Placeholder, "a placeholder"),
    (exp.Command, "a command"),
    (exp.Into, "SELECT INTO"),
)
# Syntax that looks like a call.
_SYNTAX = frozenset({"cast", "try_cast", "timestampadd", "timestampdiff", "interval", "exists", "extract", "values"})
_CALL = re.compile(r"([A-Za-z_]\w*)\(")
_NUMBER, _TIME, _TEXT, _BOOLEAN, _PARTS, _BYTES = (
    "a number",
    "a time",
    "text",
    "a boolean",
    "a value with parts",
    "bytes",
)
_NUMBER_OF_NODE = "number"
_COMPARED = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ, exp.NullSafeNEQ)
_OF_NUMBERS = (exp.Sum, exp.Avg, exp.Abs, exp.Stddev, exp.Variance)


def dialect_of(system: str | None) -> str:
    """Return sqlglot's name of the SQL of a server."""
    return DIALECTS.get(system or "", _SPARK)


def parse_query(sql: str, system: str | None) -> exp.Query:
    """Return a query that is written in the SQL of a server, or else in Spark's.

    Raises
    ------
    ContractError
        If it is neither, or no single query.
    """
    dialects = dict.fromkeys((dialect_of(system), _SPARK))
    reasons = []
    for dialect in dialects:
        try:
            trees = [tree for tree in sqlglot.parse(sql, read=dialect) if tree is not None]
        except SqlglotError as error:
            reasons.append(_reason(error))
            continue
        if len(trees) == 1 and isinstance(trees[0], exp.Query):
            return trees[0]
        reasons.append("it is no single query")
    raise ContractError(f"its SQL cannot be read as that of {' or '.join(dialects)}: {reasons[0]}")


def in_spark(tree: exp.Expr, tables: Mapping[str, Columns | None], system: str | None = None) -> str:
    """Return the SQL of a tree as Spark runs it, with the meaning that it has in the system it is written for.

    Raises
    ------
    ContractError
        With what Spark does not have.
    """
    _note_types(tree, tables)
    meant = keep_meaning(tree, system if system and system in DIALECTS else "")
    try:
        sql = meant.sql(dialect=_SPARK, comments=False, unsupported_level=ErrorLevel.RAISE)
        written = sqlglot.parse_one(sql, read=_SPARK)
    except SqlglotError as error:
        raise ContractError(f"Spark cannot run it: {_reason(error)}") from None
    for kind, name in _NOT_SPARK:
        if written.find(kind):
            raise ContractError(f"Spark cannot run it: it has no {name}")
    for call in written.find_all(exp.Func):
        name = call.name if isinstance(call, exp.Anonymous) else _called(call)
        if name.lower() == "isnull" and isinstance(call, exp.Anonymous) and len(call.expressions) != 1:
            raise ContractError("Spark cannot run it: isnull() takes one value; coalesce() takes several")
        if name and name.lower() not in SPARK_FUNCTIONS | _SYNTAX:
            raise ContractError(f"Spark cannot run it: it has no function {name.lower()}()")
    return sql


def check_columns(tree: exp.Expr, tables: Mapping[str, Columns | None]) -> None:
    """Refuse columns that no table of a query has, and values that Spark does not compare with one another.

    Parameters
    ----------
    tree: Expr
        The query, in Spark's SQL.
    tables: mapping of str to mapping
        Columns and types of each table that it reads; None if they are not known.

    Raises
    ------
    ContractError
        With the column, or with the comparison.
    """
    if all(tables.values()):
        known = {name for columns in tables.values() for name in columns or ()}
        fields = {name for columns in tables.values() for kind in (columns or {}).values() for name in _fields(kind)}
        named = known | fields | set(_defined(tree))
        for column in tree.find_all(exp.Column):
            if isinstance(column.this, exp.Identifier) and column.name.lower() not in named:
                shown = ", ".join(sorted(known)[:20])
                raise ContractError(f"there is no column '{column.name}'; there are {shown}")
    for select in tree.find_all(exp.Select):
        _check_grouping(select)
    _check_types(tree, tables)


def check_expression(sql: str, columns: Columns) -> None:
    """Refuse an expression that Spark cannot compute of a row with these columns.

    Raises
    ------
    ContractError
        With the reason.
    """
    try:
        tree = sqlglot.parse_one(f"SELECT {sql} FROM primary", read=_SPARK)
    except SqlglotError as error:
        raise ContractError(f"it is not Spark's SQL: {_reason(error)}") from None
    queries = list(tree.find_all(exp.Query))
    if len(queries) != 1 or not isinstance(tree, exp.Select) or len(tree.selects) != 1 or tree.args.get("where"):
        raise ContractError("it is no single expression of Spark's SQL, without a query of its own")
    check_columns(sqlglot.parse_one(in_spark(tree, {"primary": columns}), read=_SPARK), {"primary": columns})


def _check_grouping(select: exp.Select) -> None:
    """Refuse a column beside an aggregate of a query without GROUP BY."""
    if select.args.get("group"):
        return
    alone: list[exp.Expr] = []
    aggregated = False
    for measured in select.selects:
        aggregates = [one for one in measured.find_all(exp.AggFunc) if not one.find_ancestor(exp.Window, exp.Subquery)]
        aggregated = aggregated or bool(aggregates)
        alone += [
            column
            for column in measured.find_all(exp.Column)
            if not column.find_ancestor(exp.AggFunc, exp.Subquery, exp.Window, exp.Anonymous, exp.Filter)
        ]
    if aggregated and alone:
        raise ContractError(
            f"Spark cannot run it: {_shown(alone[0])} stands beside an aggregate, and there is no GROUP BY"
        )


def _called(call: exp.Expr) -> str:
    found = _CALL.match(call.sql(dialect=_SPARK))
    return found[1] if found else ""


def _reason(error: Exception) -> str:
    line = re.sub(r"\x1b\[\d+m", "", str(error)).strip().splitlines()[0]
    return line[:160].rstrip(". ")


def _defined(tree: exp.Expr) -> Iterator[str]:
    """Yield the names that a query defines itself: of its columns, tables and the parameters of its lambdas."""
    for node in tree.find_all(exp.Alias, exp.TableAlias, exp.Lambda, exp.Aliases, exp.CTE):
        if node.alias:
            yield node.alias.lower()
        if isinstance(node, exp.TableAlias):
            yield from (column.name.lower() for column in node.columns)
        if isinstance(node, exp.Lambda | exp.Aliases):
            yield from (part.name.lower() for part in node.expressions)
    yield from ("value", "key", "col", "pos")


def _fields(kind: DataType) -> Iterator[str]:
    if isinstance(kind, StructType):
        yield from (name for name, _ in kind.fields)
    for part in kind.parts:
        yield from _fields(part)


def _typed(tree: exp.Expr, tables: Mapping[str, Columns | None]) -> Any:
    """Return a copy of a query in which every value has a type, as far as it is known; None if it cannot be told."""
    schema = MappingSchema(dialect=_SPARK)
    for table, columns in tables.items():
        if columns:
            schema.add_table(table, {name: kind.spark for name, kind in columns.items()}, dialect=_SPARK)
    # What comes out of an array is given the type of the array.
    if tree.find(exp.Lateral, exp.Unnest):
        return None
    options: Any = {"validate_qualify_columns": False, "quote_identifiers": False, "expand_stars": False}
    try:
        return annotate_types(qualify(tree.copy(), schema=schema, **options), schema=schema, dialect=_SPARK)
    except SqlglotError:
        return None


def _note_types(tree: exp.Expr, tables: Mapping[str, Columns | None]) -> None:
    """Note types on the values of a query: sqlglot translates a division of whole numbers by them."""
    nodes = list(tree.walk())
    for number, node in enumerate(nodes):
        node.meta[_NUMBER_OF_NODE] = number
    for node in (_typed(tree, tables) or exp.Null()).walk():
        place = node.meta.get(_NUMBER_OF_NODE)
        if place is not None and node.type:
            nodes[place].type = node.type


def _check_types(tree: exp.Expr, tables: Mapping[str, Columns | None]) -> None:
    typed = _typed(tree, tables)
    for node in typed.walk() if typed else ():
        if isinstance(node, _COMPARED):
            _check_pair(node, node.left, node.right, equal=isinstance(node, exp.EQ | exp.NEQ))
        elif isinstance(node, exp.Between):
            for bound in ("low", "high"):
                _check_pair(node, node.this, node.args[bound])
        elif isinstance(node, exp.In | exp.Coalesce):
            for value in node.expressions:
                _check_pair(node, node.this, value)
        elif isinstance(node, exp.Add | exp.Sub):
            if "TIMESTAMP" in _type(node.left) and _family(node.right) == _NUMBER:
                raise ContractError(f"Spark cannot run it: {_shown(node)} adds a number to a timestamp")
        elif isinstance(node, _OF_NUMBERS) and (found := _family(node.this)) not in (None, _NUMBER, _TEXT):
            raise ContractError(f"Spark cannot run it: {_shown(node)} is of {found}, not of a number")


def _check_pair(node: exp.Expr, left: exp.Expr, right: exp.Expr, *, equal: bool = False) -> None:
    kinds = {_family(left), _family(right)}
    if None in kinds or len(kinds) == 1:
        return
    if (_TEXT in kinds and _PARTS not in kinds) or (equal and kinds == {_BOOLEAN, _NUMBER}):
        return
    one, other = sorted(filter(None, kinds))
    raise ContractError(f"Spark cannot run it: {_shown(node)} compares {one} with {other}")


def _shown(node: exp.Expr) -> str:
    plain = node.copy().transform(lambda part: exp.column(part.this) if isinstance(part, exp.Column) else part)
    return plain.sql(dialect=_SPARK)[:120]


def _type(node: exp.Expr) -> str:
    return node.type.this.value if node.type and isinstance(node.type.this, exp.DataType.Type) else ""


def _family(node: exp.Expr) -> str | None:
    kind = node.type
    if kind is None:
        return None
    for types, family in (
        (exp.DataType.NUMERIC_TYPES, _NUMBER),
        (exp.DataType.TEMPORAL_TYPES, _TIME),
        (exp.DataType.TEXT_TYPES, _TEXT),
        ({exp.DataType.Type.BOOLEAN}, _BOOLEAN),
        (exp.DataType.NESTED_TYPES, _PARTS),
        ({exp.DataType.Type.BINARY, exp.DataType.Type.VARBINARY}, _BYTES),
    ):
        if kind.this in types:
            return family
    return None
