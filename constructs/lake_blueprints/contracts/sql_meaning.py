"""Meanings that SQL of another system has and its words in Spark's SQL have not: sqlglot translates the words.

Each function changes a tree in place, or raises a ContractError where Spark has no words for what is meant.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlglot import exp

from lake_blueprints.contracts.errors import ContractError

# DATEDIFF counts how often the unit begins between two times; Spark counts whole units.
_COUNT_BEGINNINGS = frozenset({"snowflake", "sqlserver", "synapse", "redshift", "bigquery", "duckdb", "clickhouse"})
_TRUNCATED = frozenset({"SECOND", "MINUTE", "HOUR", "WEEK", "MONTH", "QUARTER", "YEAR"})
# Whose regular expressions must match the whole text.
_WHOLE_TEXT = frozenset({"snowflake"})
_OF_SPARK = frozenset({"databricks", "hive", ""})
_PARTS_OF_OTHERS = frozenset({"DOW", "DAYOFWEEK", "EPOCH", "WEEKDAY", "DW"})


def keep_meaning(tree: exp.Expr, system: str) -> exp.Expr:
    """Return a query in whose words Spark sees what a system sees in its own."""
    if system in _OF_SPARK:
        return _percentiles(tree)
    for node in list(tree.walk()):
        for kind, change in _CHANGES.items():
            if isinstance(node, kind):
                change(node, system)
    return _percentiles(tree)


def _add(node: exp.Expr, system: str) -> None:
    # Spark's date_add() drops the time of day.
    unit, number = node.args.get("unit"), node.expression
    if isinstance(number, exp.Interval):
        number, unit = number.this, number.args.get("unit")
    if unit is None:
        return
    if isinstance(number, exp.Literal):
        number = exp.Literal.number(number.this)
    if isinstance(node, exp.DateSub | exp.TimestampSub | exp.DatetimeSub):
        number = exp.Neg(this=number.copy() if isinstance(number, exp.Literal) else exp.paren(number.copy()))
    _replace(node, exp.Anonymous(this="TIMESTAMPADD", expressions=[_unit(unit), number.copy(), node.this.copy()]))


def _difference(node: exp.Expr, system: str) -> None:
    if system not in _COUNT_BEGINNINGS or node.args.get("unit") is None:
        return
    unit = _unit(node.args["unit"])
    end, start = node.this.copy(), node.expression.copy()
    if unit.name == "DAY":
        _replace(node, exp.Anonymous(this="DATEDIFF", expressions=[end, start]))
    elif unit.name in _TRUNCATED:
        cut = [
            exp.Anonymous(this="DATE_TRUNC", expressions=[exp.Literal.string(unit.name), moment])
            for moment in (start, end)
        ]
        _replace(node, exp.Anonymous(this="TIMESTAMPDIFF", expressions=[unit, *cut]))
    else:
        raise ContractError(f"Spark counts no differences by '{unit.name.lower()}' as {system} does")


def _matches(node: exp.Expr, system: str) -> None:
    if node.args.get("flag"):
        raise ContractError("Spark's rlike takes no flags; write them into the pattern, as (?i)")
    if system in _WHOLE_TEXT:
        pattern = node.expression
        if not isinstance(pattern, exp.Literal):
            raise ContractError(f"a pattern of {system} matches the whole text, and this one is no plain text")
        node.set("expression", exp.Literal.string(f"^(?:{pattern.this})$"))


def _like(node: exp.Expr, system: str) -> None:
    if system in {"sqlserver", "synapse"} and "[" in node.expression.sql():
        raise ContractError("Spark's LIKE has no sets of characters in brackets, as that of SQL Server has")


def _part(node: exp.Expr, system: str) -> None:
    if node.name.upper() in _PARTS_OF_OTHERS:
        raise ContractError(f"Spark's extract() has no '{node.name.lower()}' with the meaning of {system}")


def _day_of_week(node: exp.Expr, system: str) -> None:
    if system == "snowflake":
        raise ContractError("a day of the week is 0 to 6 in snowflake, and 1 to 7 in Spark")


def _sum(node: exp.Expr, system: str) -> None:
    left, right = node.args["this"], node.args["expression"]
    if system in {"sqlserver", "synapse"} and any(side.is_type(*exp.DataType.TEXT_TYPES) for side in (left, right)):
        _replace(node, exp.DPipe(this=left.copy(), expression=right.copy(), safe=True))


_CHANGES: Mapping[type[exp.Expr] | tuple[type[exp.Expr], ...], Callable[[exp.Expr, str], None]] = {
    (exp.DateAdd, exp.DateSub, exp.TsOrDsAdd, exp.TimestampSub, exp.DatetimeSub): _add,
    (exp.DateDiff, exp.DatetimeDiff): _difference,
    exp.RegexpLike: _matches,
    (exp.Like, exp.ILike): _like,
    exp.Extract: _part,
    exp.DayOfWeek: _day_of_week,
    exp.Add: _sum,
}


def _percentiles(tree: exp.Expr) -> exp.Expr:
    """Replace exact percentiles, which sqlglot writes as approximate ones."""
    for node in list(tree.find_all(exp.PercentileCont)):
        group = node.parent
        if isinstance(group, exp.WithinGroup):
            (ordered,) = group.expression.expressions
            if ordered.args.get("desc"):
                raise ContractError("Spark's percentile() counts upwards; order by the value itself")
            _replace(group, exp.Anonymous(this="PERCENTILE", expressions=[ordered.this.copy(), node.this.copy()]))
        elif node.expression:
            _replace(node, exp.Anonymous(this="PERCENTILE", expressions=[node.this.copy(), node.expression.copy()]))
    if tree.find(exp.PercentileDisc):
        raise ContractError("percentile_disc() is not translated; percentile_cont() is")
    return tree


def _unit(unit: exp.Expr) -> exp.Var:
    return exp.var(unit.name.upper().removesuffix("S") if unit.name.upper() != "S" else "SECOND")


def _replace(node: exp.Expr, other: exp.Expr) -> None:
    node.replace(other)
