"""Rules of a ruleset, evaluated by DuckDB on the data that the catalog's tables have now.

What each rule type measures follows https://github.com/awslabs/deequ (package dqdl), which is open, and
https://docs.aws.amazon.com/glue/latest/dg/dqdl-rule-types.html. A measure of no rows at all has no value, and fails.

Above 200 lines: an evaluation for each type of rule.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import duckdb
import sqlglot
from pyspark.sql import functions
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import TokenType

from local_cloud.engines.glue.data_quality.rules import AnyRule, Composite, Condition, Keyword, Operand, Rule
from local_cloud.errors import LocalCloudError
from local_cloud.sql.catalog import Catalog
from local_cloud.sql.duck import Session, identifier, message, quote
from local_cloud.sql.reach import check_spark, tables_of
from local_cloud.sql.tables import relation

PRIMARY = "primary"
# What is wrong with a statement itself.
_BEFORE_READING = (
    LocalCloudError,
    duckdb.BinderException,
    duckdb.CatalogException,
    duckdb.NotImplementedException,
    duckdb.ParserException,
    duckdb.SyntaxException,
)
_IS_ONE = Condition(operator="=", operands=(1.0,))
_REFERENCE = re.compile(r"(?P<alias>.+?)\.(?:\{(?P<several>.+)\}|(?P<one>[^.{}]+))")


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Outcome of one rule."""

    passed: bool
    failure: str | None = None
    metrics: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Measure:
    """A number that a rule is about: its name among the metrics, and the SQL that yields it."""

    metric: str
    sql: str


def check(rules: Sequence[AnyRule]) -> None:
    """Refuse rules that are not evaluated here.

    Raises
    ------
    LocalCloudError
        With the rule's type.
    """
    for rule in rules:
        if isinstance(rule, Composite):
            check(rule.rules)
        elif rule.kind not in _MEASURES:
            known = ", ".join(sorted(_MEASURES))
            raise LocalCloudError(f"the local cloud does not evaluate the rule type '{rule.kind}'; it knows {known}")
        elif rule.kind == "CustomSql" and rule.condition is None:
            raise LocalCloudError("the local cloud evaluates CustomSql only with a number to compare with")


class Evaluation:
    """One run: tables under their aliases, and rules about them."""

    def __init__(self, session: Session, catalog: Catalog) -> None:
        self._session = session
        self._catalog = catalog
        self._aliases: set[str] = set()

    def load(self, alias: str, database: str, table: str) -> None:
        """Give a table of the catalog an alias; the evaluated one is `primary`."""
        data = relation(self._session, self._catalog, self._catalog.need_table(database, table))
        self._session.execute(f"create or replace temp view {identifier(alias)} as {data}")
        self._aliases.add(alias.lower())

    def evaluate(self, rule: AnyRule) -> Outcome:
        """Return whether a rule holds, and what was measured."""
        if isinstance(rule, Composite):
            parts = [self.evaluate(part) for part in rule.rules]
            passed = (all if rule.joined_by == "and" else any)(part.passed for part in parts)
            failures = [part.failure for part in parts if part.failure]
            metrics = {name: value for part in parts for name, value in part.metrics.items()}
            return Outcome(passed=passed, failure=None if passed else "; ".join(failures), metrics=metrics)
        try:
            self._check_aliases(rule)
            measure = _MEASURES[rule.kind](rule)
            rows = self._session.execute(measure.sql).fetchall()
        except (duckdb.Error, LocalCloudError) as error:
            return Outcome(passed=False, failure=_reason(error))
        if len(rows) != 1 or len(rows[0]) != 1:
            return Outcome(passed=False, failure="Custom SQL did not return exactly 1 row and 1 column")
        if rows[0][0] is None:
            return Outcome(passed=False, failure="Empty state: there are no rows to measure")
        return self._compared(rule, measure.metric, rows[0][0])

    def _check_aliases(self, rule: Rule) -> None:
        """Refuse names of tables that are no sources of this run: DuckDB would look for files of that name."""
        for name in _tables(rule):
            if name.lower() not in self._aliases:
                raise LocalCloudError(f"[TABLE_OR_VIEW_NOT_FOUND] The table or view `{name}` cannot be found")

    def _compared(self, rule: Rule, metric: str, found: Any) -> Outcome:
        try:
            value = float(found)
        except (TypeError, ValueError):
            return Outcome(passed=False, failure="Custom SQL did not return a number")
        shares = rule.kind == "ColumnValues"
        condition = (rule.threshold if shares else rule.condition) or _IS_ONE
        passed = condition.holds(value)
        failure = None if passed else f"Value: {value} does not meet the constraint requirement."
        return Outcome(passed=passed, failure=failure, metrics={metric: value})


def _reason(error: Exception) -> str:
    """Return why a statement failed; an engine's message about a value that it has read would tell the value."""
    return message(error) if isinstance(error, _BEFORE_READING) else f"Error executing SQL: {type(error).__name__}"


def _rows(rule: Rule) -> str:
    return f"(select * from {identifier(PRIMARY)}{f' where {_translated_condition(rule.where)}' if rule.where else ''})"


def _row_count(rule: Rule) -> Measure:
    return Measure("Dataset.*.RowCount", f"select count(*) from {_rows(rule)}")


def _completeness(rule: Rule) -> Measure:
    (column,) = rule.parameters
    sql = f"select count({identifier(column)}) / nullif(count(*), 0) from {_rows(rule)}"
    return Measure(f"Column.{column}.Completeness", sql)


def _uniqueness(rule: Rule) -> Measure:
    columns = [identifier(name) for name in rule.parameters]
    some = " or ".join(f"{name} is not null" for name in columns)
    groups = f"select count(*) as times from {_rows(rule)} where {some} group by {', '.join(columns)}"
    sql = f"select sum(case when times = 1 then 1 else 0 end) / sum(times) from ({groups})"
    return Measure(f"{_columns(rule)}.Uniqueness", sql)


def _primary_key(rule: Rule) -> Measure:
    complete = " and ".join(f"{identifier(name)} is not null" for name in rule.parameters)
    all_complete = f"select avg(case when {complete} then 1 else 0 end) from {_rows(rule)}"
    sql = f"select least(({_uniqueness(rule).sql}), ({all_complete}))"
    return Measure(f"{_columns(rule)}.Uniqueness", sql)


def _aggregate(function: str, name: str, rule: Rule) -> Measure:
    (column,) = rule.parameters
    sql = f"select {function.format(identifier(column))} from {_rows(rule)}"
    return Measure(f"Column.{column}.{name}", sql)


def _columns(rule: Rule) -> str:
    kind = "Column" if len(rule.parameters) == 1 else "Multicolumn"
    return f"{kind}.{','.join(rule.parameters)}"


def _column_values(rule: Rule) -> Measure:
    (column,) = rule.parameters
    if rule.condition is None:
        raise LocalCloudError("ColumnValues needs a condition")
    meets = _meets(identifier(column), rule.condition)
    sql = f"select avg(case when {meets} then 1 else 0 end) from {_rows(rule)}"
    return Measure(f"Column.{column}.ColumnValues.Compliance", sql)


def _meets(column: str, condition: Condition) -> str:
    """Return the SQL condition of a value; a missing one meets only what is said of NULL, `!=` and `not in`."""
    values = [operand for operand in condition.operands if not isinstance(operand, Keyword)]
    keywords = [operand.name for operand in condition.operands if isinstance(operand, Keyword)]
    match condition.operator:
        case "=" | "!=" | "in":
            found = [_KEYWORDS[name].format(column) for name in keywords]
            if values:
                found.append(f"coalesce({column} in ({', '.join(map(_literal, values))}), false)")
            among = f"({' or '.join(found)})"
            return f"not {among}" if condition.negated or condition.operator == "!=" else among
        case "matches" if not condition.negated:
            return f"coalesce(regexp_full_match({column}, {_literal(values[0])}), false)"
        case "between":
            low, high = map(_literal, values)
            outside = f"{column} <= {low} or {column} >= {high}"
            inside = f"{column} > {low} and {column} < {high}"
            return f"coalesce({outside if condition.negated else inside}, false)"
        case ">" | ">=" | "<" | "<=" if values:
            return f"coalesce({column} {condition.operator} {_literal(values[0])}, false)"
    raise LocalCloudError(f"the local cloud does not evaluate ColumnValues with '{condition.operator}' so")


_KEYWORDS = {
    "NULL": "{0} is null",
    "EMPTY": "coalesce({0} = '', false)",
    "WHITESPACES_ONLY": "coalesce(length(trim({0})) = 0 and length({0}) > 0, false)",
}


def _literal(operand: Operand) -> str:
    return quote(operand) if isinstance(operand, str) else str(operand)


def _custom_sql(rule: Rule) -> Measure:
    (sql,) = rule.parameters
    return Measure("Dataset.*.CustomSQL", _translated(sql))


def _referential_integrity(rule: Rule) -> Measure:
    columns, reference = rule.parameters
    found = _REFERENCE.fullmatch(reference)
    if found is None:
        raise LocalCloudError(f"'{reference}' is not an alias and its columns")
    pairs = zip(_names(columns), _names(found["several"] or found["one"]), strict=True)
    joined = " and ".join(f"p.{identifier(ours)} = r.{identifier(theirs)}" for ours, theirs in pairs)
    exists = f"exists (select 1 from {identifier(found['alias'])} r where {joined})"
    sql = f"select avg(case when {exists} then 1 else 0 end) from {identifier(PRIMARY)} p"
    return Measure(f"Column.{found['alias']}.ReferentialIntegrity", sql)


def _names(listed: str) -> list[str]:
    return [name.strip() for name in listed.split(",")]


def _tables(rule: Rule) -> Iterator[str]:
    """Return the names of the tables that a rule's own SQL reads."""
    queries = [*(rule.parameters if rule.kind == "CustomSql" else ()), *([_where(rule.where)] if rule.where else ())]
    for query in queries:
        for table in tables_of(_parsed(query)):
            yield ".".join(part.name for part in table.parts)
    if rule.kind == "ReferentialIntegrity" and (found := _REFERENCE.fullmatch(rule.parameters[1])):
        yield found["alias"]


# Words that stand before a parenthesis and call nothing: syntax, and types with arguments.
_BEFORE_PARENTHESIS = """
    all and any anti array as between by case cast char cross cube decimal dec numeric distinct else end except exists
    extract filter from full grouping having if in inner intersect interval into is join lateral left like limit map
    minus natural not null on or order outer over partition rollup select semi sets some struct table tablesample then
    try_cast union unpivot using values varchar view when where with within group
"""
# Functions of Spark's SQL that are none of its Python module.
_SPARK_ONLY = """
    bigint binary boolean char chr date double float int len mod random smallint space string timestamp tinyint uuid
    timestampadd timestampdiff dateadd datediff date_diff position right left ilike like rlike regexp
"""
_CALLED = frozenset(_BEFORE_PARENTHESIS.split()) | frozenset(_SPARK_ONLY.split())
# Of which the first argument is a unit, which Spark takes as a word and not as text.
_BY_UNIT = frozenset({"dateadd", "timestampadd", "timestampdiff"})
# Syntax that sqlglot reads as Spark's, and Spark 3.5 refuses.
_OTHERS = (exp.Qualify, exp.SimilarTo, exp.Glob, exp.AtTimeZone, exp.Fetch)


def _refuse_what_spark_refuses(sql: str, tree: exp.Expr) -> None:
    """Refuse what sqlglot reads for Spark's SQL and Spark does not: its rule would hold here and fail in Glue."""
    named = {one.alias.lower() for one in tree.find_all(exp.CTE, exp.TableAlias)}
    tokens = list(sqlglot.tokenize(sql, read="spark"))
    for token, after, argument in zip(tokens, tokens[1:], [*tokens[2:], None], strict=False):
        name = token.text.lower()
        if after.text != "(" or not re.fullmatch(r"[a-z_]\w*", name):
            continue
        if name not in _CALLED | named and not hasattr(functions, name):
            raise LocalCloudError(f"[UNRESOLVED_ROUTINE] Cannot resolve routine `{name}` on search path")
        if name in _BY_UNIT and argument and argument.token_type == TokenType.STRING:
            raise LocalCloudError(f"[INVALID_PARAMETER_VALUE.DATETIME_UNIT] the unit of `{name}` is a word, not text")
    if any(token.text == "::" for token in tokens):
        raise LocalCloudError("[PARSE_SYNTAX_ERROR] Syntax error at or near ':'")
    for kind in _OTHERS:
        if tree.find(kind):
            raise LocalCloudError(f"[PARSE_SYNTAX_ERROR] Syntax error at or near '{kind.__name__.upper()}'")


def _parsed(sql: str) -> exp.Expr:
    try:
        tree = sqlglot.parse_one(sql, read="spark")
    except SqlglotError as error:
        raise LocalCloudError(f"Error executing SQL statement: {str(error).splitlines()[0]}") from None
    if not isinstance(tree, exp.Query):
        raise LocalCloudError(f"Error executing SQL statement: {tree.key.upper()} is no query")
    check_spark(tree)
    _refuse_what_spark_refuses(sql, tree)
    return tree


def _translated(sql: str) -> str:
    """Return Spark's SQL as DuckDB's."""
    return _parsed(sql).sql(dialect="duckdb", identify=True)


def _where(condition: str) -> str:
    return f"select 1 where {condition}"


def _translated_condition(condition: str) -> str:
    return _translated(_where(condition)).partition(" WHERE ")[2]


_MEASURES: dict[str, Callable[[Rule], Measure]] = {
    "ColumnValues": _column_values,
    "Completeness": _completeness,
    "CustomSql": _custom_sql,
    "DistinctValuesCount": partial(_aggregate, "count(distinct {0})", "DistinctValuesCount"),
    "IsComplete": _completeness,
    "IsPrimaryKey": _primary_key,
    "IsUnique": _uniqueness,
    "Mean": partial(_aggregate, "avg({0})", "Mean"),
    "ReferentialIntegrity": _referential_integrity,
    "RowCount": _row_count,
    "Sum": partial(_aggregate, "sum({0})", "Sum"),
    "Uniqueness": _uniqueness,
}
