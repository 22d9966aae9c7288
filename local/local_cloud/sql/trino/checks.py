"""The types of a query, checked as Trino does: a statement that is bound on tables without rows, and never run.

DuckDB compares and joins values of different types by casting them, Trino refuses. COALESCE is what DuckDB does not
cast for: so it stands in for each operator here. Nothing that a query runs is changed for the check.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlglot import exp

from local_cloud.sql.trino.nodes import call
from local_cloud.sql.trino.operators import of_aggregates

# What is a condition by its form.
_CONDITIONS = (
    exp.And,
    exp.Between,
    exp.Boolean,
    exp.EQ,
    exp.Escape,
    exp.Exists,
    exp.GT,
    exp.GTE,
    exp.In,
    exp.Is,
    exp.LT,
    exp.LTE,
    exp.Like,
    exp.NEQ,
    exp.Not,
    exp.Null,
    exp.NullSafeEQ,
    exp.NullSafeNEQ,
    exp.Or,
    exp.Placeholder,
)


def _alike(*values: Any) -> exp.Expr:
    first, *others = (value.copy() for value in values)
    return exp.Coalesce(this=first, expressions=others)


def _compare(node: Any) -> Any:
    left, right = node.this, node.expression
    if isinstance(right, (exp.Any, exp.All)):
        return node
    for side, other in ((left, right), (right, left)):
        if isinstance(side, exp.Boolean):
            return _condition(other)
    return exp.Paren(this=exp.Is(this=_alike(left, right), expression=exp.Null()))


def _membership(node: Any) -> Any:
    if not node.expressions:
        return node
    return exp.Paren(this=exp.Is(this=_alike(node.this, *node.expressions), expression=exp.Null()))


def _between(node: Any) -> Any:
    return exp.Paren(this=exp.Is(this=_alike(node.this, node.args["low"], node.args["high"]), expression=exp.Null()))


def _nullif(node: Any) -> Any:
    return _alike(node.this, node.expression)


def _add(node: Any) -> Any:
    both = _alike(node.left, node.right)
    return exp.Paren(this=type(node)(this=both, expression=both.copy()))


def _subtract(node: Any) -> Any:
    return call("even", _alike(node.left, node.right)) if of_aggregates(node) else _add(node)


def _concatenate(node: Any) -> Any:
    if node.name != "trino_concatenate":
        return node
    both = _alike(*node.expressions)
    return call("trino_concatenate", both, both.copy())


def _case(node: Any) -> Any:
    branches = node.args["ifs"]
    if node.this is None:
        for branch in branches:
            _conditions(branch)
    else:
        node.set("this", _alike(node.this, *(branch.this for branch in branches)))
    return node


def _choice(node: Any) -> Any:
    return node if isinstance(node.parent, exp.Case) else _conditions(node)


def _conditions(node: Any) -> Any:
    for side in ("this", "expression", "on") if isinstance(node, (exp.And, exp.Or, exp.Join)) else ("this",):
        value = node.args.get(side)
        if isinstance(node, exp.Join) and side != "on":
            continue
        if value is not None:
            node.set(side, _condition(value))
    return node


def _condition(value: Any) -> Any:
    inner = value.unnest() if isinstance(value, exp.Paren) else value
    if isinstance(inner, _CONDITIONS):
        return value
    # It takes numbers for no conditions.
    return exp.Bracket(
        this=call("list_where", exp.Array(expressions=[exp.true()]), exp.Array(expressions=[value.copy()])),
        expressions=[exp.Literal.number(0)],
    )


REWRITES: tuple[tuple[Any, Callable[[Any], exp.Expr]], ...] = (
    (exp.Add, _add),
    (exp.Sub, _subtract),
    (exp.Anonymous, _concatenate),
    (exp.Case, _case),
    (exp.If, _choice),
    ((exp.Where, exp.Having, exp.And, exp.Or, exp.Not, exp.Join), _conditions),
    ((exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ, exp.NullSafeNEQ), _compare),
    (exp.In, _membership),
    (exp.Between, _between),
    (exp.Nullif, _nullif),
)
