"""Changes of rows by UPDATE, DELETE and MERGE INTO."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from local_cloud.errors import LocalCloudError
from local_cloud.sql.trino import coercion

INSERTED = "Insert column name"


@dataclass(frozen=True, kw_only=True)
class Branch:
    """Change of the rows that meet a condition.

    Parameters
    ----------
    matched: bool
        Whether it is about rows of the table, or about others that are not in it.
    condition: Expr, optional
        Which of them.
    values: dict
        The new value of each column that gets one.
    removes: bool
        Whether a row of the table goes.
    words: str
        Trino's error if a value has not its column's type, and its name for values.
    """

    matched: bool
    condition: exp.Expr | None = None
    values: dict[str, exp.Expr] = field(default_factory=dict)
    removes: bool = False
    words: tuple[str, str] = ("Insert query has mismatched column types", "Query")


def branches_of(tree: exp.Update | exp.Delete | exp.Merge) -> list[Branch]:
    """Return what a statement does with which rows: the first branch whose condition holds."""
    if isinstance(tree, exp.Delete):
        return [Branch(matched=True, removes=True)]
    if isinstance(tree, exp.Update):
        words = ("UPDATE table column types don't match SET expressions", "Expressions")
        return [Branch(matched=True, removes=True, values=_assigned(tree.expressions), words=words)]
    return [_branch(when) for when in tree.args["whens"].expressions]


def _branch(when: exp.When) -> Branch:
    then, matched, condition = when.args["then"], bool(when.args["matched"]), when.args.get("condition")
    if when.args.get("source"):
        raise LocalCloudError("SYNTAX_ERROR: line 1:1: MERGE knows WHEN MATCHED and WHEN NOT MATCHED only")
    if isinstance(then, exp.Update):
        words = ("MERGE table column types don't match SET expressions", "Expressions")
        values = _assigned(then.expressions)
        return Branch(matched=matched, condition=condition, values=values, removes=True, words=words)
    if isinstance(then, exp.Insert):
        if matched or not isinstance(then.expression, exp.Tuple):
            raise LocalCloudError("SYNTAX_ERROR: line 1:1: MERGE inserts VALUES, WHEN NOT MATCHED")
        names = then.this.expressions if isinstance(then.this, exp.Tuple) else []
        given = {f"${position}": value for position, value in enumerate(then.expression.expressions)}
        if names:
            if len(names) != len(given):
                raise LocalCloudError("SYNTAX_ERROR: line 1:1: MERGE inserts another number of values than of columns")
            coercion.check_names([name.name.lower() for name in names], [name.name.lower() for name in names], INSERTED)
            given = {name.name.lower(): value for name, value in zip(names, given.values(), strict=True)}
        return Branch(matched=False, condition=condition, values=given)
    if not matched:
        raise LocalCloudError("SYNTAX_ERROR: line 1:1: WHEN NOT MATCHED is followed by INSERT")
    return Branch(matched=True, condition=condition, removes=True)


def _assigned(items: Sequence[exp.Expr]) -> dict[str, exp.Expr]:
    found: dict[str, exp.Expr] = {}
    for item in items:
        if not isinstance(item, exp.EQ) or not isinstance(item.this, exp.Column) or item.this.table:
            raise LocalCloudError("SYNTAX_ERROR: line 1:1: SET assigns values to columns of the table, by their names")
        name = item.this.name.lower()
        if name in found:
            raise LocalCloudError(f"SYNTAX_ERROR: line 1:1: Multiple assignments for {name}")
        found[name] = item.expression
    return found
