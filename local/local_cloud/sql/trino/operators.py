"""Operators and comparisons whose meaning differs between Trino and DuckDB."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from local_cloud.errors import LocalCloudError
from local_cloud.sql.trino.nodes import call, in_try, refuse

_INTERVALS = frozenset(f"to_{unit}s" for unit in ["second", "minute", "hour", "day", "month", "year"])


def divide(node: Any) -> Any:
    # DuckDB's TRY refuses error(); its own division gives the NULL that TRY would.
    return call("trino_try_divide" if in_try(node) else "trino_divide", node.left, node.right)


def modulo(node: Any) -> Any:
    return node if in_try(node) else call("trino_modulo", node.left, node.right)


def add(node: Any) -> Any:
    left, right = node.left, node.right
    if _is_interval(left):
        left, right = right, left
    return call("trino_plus", left, right) if _is_interval(right) else node


def subtract(node: Any) -> Any:
    """Two dates have an interval between them; DuckDB makes a number of it.

    Types of aggregates are not known when a macro is chosen, so `checks` lets only numbers of theirs through.
    """
    if _is_interval(node.right):
        return call("trino_plus", node.left, exp.Neg(this=node.right))
    return node if of_aggregates(node) else call("trino_subtract", node.left, node.right)


def of_aggregates(node: Any) -> bool:
    return node.find(exp.AggFunc, exp.Window, exp.Query) is not None


def _is_interval(node: Any) -> bool:
    return isinstance(node, exp.Anonymous) and node.name in _INTERVALS


def concatenate(node: Any) -> Any:
    return call("trino_concatenate", node.left, node.right)


def interval(node: Any) -> Any:
    """Write the number without quotes: texts are of type VARCHAR here."""
    if isinstance(node.this, exp.Literal):
        number = int(node.this.name)
        literal: exp.Expr = exp.Literal.number(abs(number))
        return call(
            f"to_{node.args['unit'].name.lower()}s",
            exp.Neg(this=literal) if number < 0 else literal,
        )
    return node


def subscript(node: Any) -> Any:
    if node.args.get("safe"):
        return call("trino_element_at", node.this, node.expressions[0])
    if in_try(node) or len(node.expressions) != 1:
        return node
    index = node.expressions[0]
    if isinstance(index, exp.Literal):
        if index.is_string:
            return call("trino_key", node.this, index)
        # sqlglot keeps subscripts counted from 0.
        return call("trino_subscript", node.this, exp.Literal.number(int(index.name) + 1))
    raise LocalCloudError("NOT_SUPPORTED: a computed subscript is not reproduced locally; use element_at()")


def compare(node: Any) -> Any:
    """Trino compares a timestamp with an instant, which DuckDB refuses."""
    sides = [name for name in ("this", "expression", "low", "high") if node.args.get(name) is not None]
    if any(_is_instant(node.args[side]) for side in sides):
        for side in sides:
            node.set(side, call("trino_instant", node.args[side]))
    return node


def _is_instant(node: Any) -> bool:
    """Say whether an expression is a timestamp with time zone by its form."""
    if isinstance(node, exp.Paren):
        return _is_instant(node.this)
    if isinstance(node, exp.Anonymous):
        if node.name in ("trino_iso_instant", "trino_iso_utc", "trino_instant", "timezone"):
            return True
        moment = {"trino_plus": 0, "trino_date_trunc": 1}.get(node.name)
        return moment is not None and _is_instant(node.expressions[moment])
    return isinstance(node, (exp.CurrentTimestamp, exp.UnixToTime))


def text(node: Any) -> Any:
    """A literal of no type yet would be converted to whatever is wanted."""
    if not node.is_string or isinstance(node.parent, (exp.Interval, exp.ParseJSON, exp.JSONPath, exp.Property)):
        return node
    return exp.Cast(this=node.copy(), to=exp.DataType.build("varchar"))


def hexadecimal(node: Any) -> Any:
    return refuse("binary literals are not reproduced locally; use from_hex()")(node)
