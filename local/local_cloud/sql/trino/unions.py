"""The types of UNION, INTERSECT and EXCEPT, which DuckDB casts to each other and Trino does not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
from sqlglot import exp

from local_cloud.errors import LocalCloudError
from local_cloud.sql.duck import Session

_NUMBERS = frozenset(["tinyint", "smallint", "integer", "bigint", "hugeint", "decimal", "float", "double"])
_MOMENTS = frozenset(("date", "timestamp", "timestamp with time zone"))


def check_set_operations(session: Session, tree: exp.Expr) -> None:
    """Refuse queries put together whose columns have different types.

    Raises
    ------
    LocalCloudError
        In Trino's words.
    """
    for operation in tree.find_all(exp.SetOperation):
        if isinstance(operation.parent, exp.SetOperation):
            continue
        schemas = [schema for branch in _branches(operation) if (schema := _schema(session, branch)) is not None]
        for schema in schemas[1:]:
            for position, (left, right) in enumerate(zip(schemas[0], schema, strict=False), start=1):
                if _family(left) != _family(right) and "null" not in (_family(left), _family(right)):
                    raise LocalCloudError(
                        f"TYPE_MISMATCH: line 1:1: column {position} in {operation.key.upper()} query has incompatible "
                        f"types: {str(left).lower()}, {str(right).lower()}"
                    )


def _branches(query: Any) -> Iterator[exp.Expr]:
    if isinstance(query, exp.SetOperation):
        yield from _branches(query.this)
        yield from _branches(query.expression)
    elif isinstance(query, exp.Subquery) and not query.args.get("alias"):
        yield from _branches(query.this)
    else:
        yield query


def _schema(session: Session, branch: exp.Expr) -> list[Any] | None:
    """Return the types of a query by itself; None if it stands on an outer one, so that DuckDB cannot say."""
    alone = branch.copy()
    tables: list[exp.Expr] = []
    above = branch.parent
    while above is not None:
        with_ = above.args.get("with_")
        if with_ is not None and not any(cte is branch or branch in cte.walk() for cte in with_.expressions):
            tables = [*(cte.copy() for cte in with_.expressions), *tables]
        above = above.parent
    if tables and isinstance(alone, exp.Query):
        own = alone.args.get("with_")
        alone.set("with_", exp.With(expressions=[*tables, *(own.expressions if own else [])]))
    try:
        return [kind for _, kind in session.schema(alone.sql(dialect="duckdb"))]
    except duckdb.Error:
        return None


def _family(kind: Any) -> str:
    name = str(kind.id)
    if name in _NUMBERS:
        return "number"
    if name in _MOMENTS:
        return "moment"
    return "null" if str(kind) == '"NULL"' else name
