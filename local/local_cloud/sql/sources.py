"""Queries whose rows are written into tables."""

from __future__ import annotations

from sqlglot import exp

from local_cloud.sql.duck import Session


class Source:
    """A query whose rows are written: its SQL in DuckDB, and the types of its columns, None where it says NULL."""

    def __init__(self, session: Session, sql: str, tree: exp.Expr) -> None:
        self.sql = sql
        self.types = [
            None if _is_null(tree, position) else kind for position, (_, kind) in enumerate(session.schema(sql))
        ]


def _is_null(tree: exp.Expr, position: int) -> bool:
    """DuckDB takes a NULL of no type for an integer."""
    if isinstance(tree, exp.Subquery):
        return _is_null(tree.this, position)
    if isinstance(tree, exp.SetOperation):
        return _is_null(tree.this, position) and _is_null(tree.expression, position)
    if isinstance(tree, exp.Values):
        rows = [row.expressions if isinstance(row, exp.Tuple) else [row] for row in tree.expressions]
        return all(position < len(row) and isinstance(row[position], exp.Null) for row in rows)
    columns = tree.expressions if isinstance(tree, exp.Select) else []
    return position < len(columns) and isinstance(columns[position].unalias(), exp.Null)
