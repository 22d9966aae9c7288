"""Operators, casts and comparisons whose meaning differs between Trino and DuckDB."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from local_cloud.errors import LocalCloudError
from local_cloud.sql.trino.nodes import call, in_try

_INTEGERS = (exp.DType.TINYINT, exp.DType.SMALLINT, exp.DType.INT, exp.DType.BIGINT)


def divide(node: Any) -> Any:
    # DuckDB's TRY refuses error(); its own division gives the NULL that TRY would.
    return node if in_try(node) else call("trino_divide", node.left, node.right)


def modulo(node: Any) -> Any:
    return node if in_try(node) else call("trino_modulo", node.left, node.right)


def plus_interval(node: Any) -> Any:
    left, right = node.left, node.right
    if isinstance(left, exp.Interval) and isinstance(node, exp.Add):
        left, right = right, left
    if not isinstance(right, exp.Interval):
        return node
    return call("trino_plus", left, right if isinstance(node, exp.Add) else exp.Neg(this=right))


def subscript(node: Any) -> Any:
    if in_try(node) or node.args.get("safe") or len(node.expressions) != 1:
        return node
    index = node.expressions[0]
    if isinstance(index, exp.Literal):
        if index.is_string:
            return call("trino_key", node.this, index)
        # sqlglot keeps subscripts counted from 0.
        return call("trino_subscript", node.this, exp.Literal.number(int(index.name) + 1))
    raise LocalCloudError("NOT_SUPPORTED: a computed subscript is not reproduced locally; use element_at()")


def cast(node: Any) -> Any:
    if isinstance(node, exp.TryCast) or in_try(node):
        return node
    if node.to.this in (exp.DType.VARCHAR, exp.DType.TEXT) and not node.to.expressions:
        return node if isinstance(node.this, exp.Literal) and node.this.is_string else call("trino_text", node.this)
    if node.to.this in _INTEGERS and not node.this.is_int:
        bigint = call("trino_bigint", node.this)
        return bigint if node.to.this == exp.DType.BIGINT else exp.Cast(this=bigint, to=node.to)
    return node


def timestamp(node: Any) -> Any:
    """A literal's precision would make it TIMESTAMP_S, which DuckDB treats apart."""
    if node.args["this"] == exp.DType.TIMESTAMP:
        node.set("expressions", [])
    return node


def at_time_zone(node: Any) -> Any:
    """Trino keeps the instant and changes the zone it is shown in; DuckDB makes a local time of it.

    The parts of that local time are the same, so only they may be used.
    """
    parent = node.parent
    into_text = isinstance(parent, exp.Cast) and parent.to.this not in (exp.DType.DATE, exp.DType.TIMESTAMP)
    if not isinstance(parent, exp.Func) or into_text:
        raise LocalCloudError(
            "NOT_SUPPORTED: AT TIME ZONE is reproduced locally only inside a function or a cast to date or timestamp"
        )
    node.set("this", exp.Cast(this=node.this, to=exp.DataType.build("timestamptz")))
    return node


def compare(node: Any) -> Any:
    """Trino refuses to compare text with anything else; DuckDB would cast it.

    Trino does compare a timestamp with the current instant, which DuckDB refuses.
    """
    if _is_now(node.left) or _is_now(node.right):
        for side in ("this", "expression"):
            node.set(side, exp.Cast(this=node.args[side], to=exp.DataType.build("timestamptz")))
        return node
    for side, other in (("this", "expression"), ("expression", "this")):
        literal = node.args.get(side)
        if isinstance(literal, exp.Literal):
            node.set(other, _typed(node.args[other], literal))
    return node


def _is_now(node: Any) -> bool:
    moment = node.expressions[0] if isinstance(node, exp.Anonymous) and node.name == "trino_plus" else node
    return isinstance(moment, exp.CurrentTimestamp)


def membership(node: Any) -> Any:
    literals = [item for item in node.expressions if isinstance(item, exp.Literal)]
    if literals:
        node.set("this", _typed(node.this, literals[0]))
    return node


def between(node: Any) -> Any:
    low = node.args.get("low")
    if isinstance(low, exp.Literal):
        node.set("this", _typed(node.this, low))
    return node


def _typed(value: exp.Expr, literal: exp.Literal) -> exp.Expr:
    if in_try(value) or (isinstance(value, exp.Literal) and value.is_string == literal.is_string):
        return value
    return call("trino_is_text" if literal.is_string else "trino_is_not_text", value)
