"""Names of a query's columns: who may use them in Trino, and which are missing or given twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sqlglot import exp

from local_cloud.errors import LocalCloudError

_HIDDEN = "__hidden_{}"


def hide(tree: exp.Expr) -> None:
    """Take the names of columns from where Trino does not see them: WHERE, GROUP BY, HAVING and their neighbours.

    DuckDB does see them. So a name that is used there is given only by a query around the one that has it: what is
    meant to be a column of a table is still found, what is not fails.
    """
    for select in reversed(list(tree.find_all(exp.Select))):
        used = _names_used(select)
        aliases = [item for item in select.expressions if isinstance(item, exp.Alias) and item.alias.lower() in used]
        if aliases:
            _hide(select, aliases)


def _hide(select: exp.Select, aliases: Sequence[exp.Alias]) -> None:
    hidden = {alias.alias.lower(): _HIDDEN.format(position) for position, alias in enumerate(aliases)}
    name_columns(select)
    aliases = [item for item in select.expressions if isinstance(item, exp.Alias) and item.alias.lower() in hidden]
    renamed = [
        exp.alias_(exp.to_identifier(hidden[alias.alias.lower()], quoted=True), alias.alias, quoted=True)
        for alias in aliases
    ]
    for alias in aliases:
        alias.set("alias", exp.to_identifier(hidden[alias.alias.lower()], quoted=True))
    order = select.args.get("order")
    for ordered in order.expressions if order is not None else []:
        column = ordered.this
        if isinstance(column, exp.Column) and not column.table and column.name.lower() in hidden:
            column.set("this", exp.to_identifier(hidden[column.name.lower()], quoted=True))
    inner = select.copy()
    with_ = inner.args.pop("with_", None)
    outer = exp.Select(expressions=[exp.Star(rename=renamed)], from_=exp.From(this=exp.Subquery(this=inner)))
    if with_ is not None:
        outer.set("with_", with_)
    select.replace(outer) if select.parent is not None else _become(select, outer)


def _become(select: exp.Select, outer: exp.Select) -> None:
    """Make a node, which others hold, another one."""
    for name in list(select.args):
        select.set(name, None)
    for name, value in outer.args.items():
        select.set(name, value)


def _names_used(select: exp.Select) -> set[str]:
    """Return the unqualified names in the clauses of a select itself that may not name its columns."""
    clauses = [select.args.get(name) for name in ("where", "group", "having")]
    values = [item.this if isinstance(item, exp.Alias) else item for item in select.expressions]
    found: set[str] = set()
    for clause in (*clauses, *values):
        if clause is not None:
            found |= {
                column.name.lower()
                for column in clause.find_all(exp.Column)
                if not column.table and column.parent_select is select
            }
    return found


def check_order_of_distinct(tree: exp.Expr) -> None:
    """Refuse SELECT DISTINCT ordered by what it does not select.

    Raises
    ------
    LocalCloudError
        In Trino's words.
    """
    for select in tree.find_all(exp.Select):
        order = select.args.get("order")
        if order is None or select.args.get("distinct") is None or select.is_star:
            continue
        selected = {item.alias_or_name.lower() for item in select.expressions}
        selected |= {item.unalias().sql().lower() for item in select.expressions}
        for ordered in order.expressions:
            by = ordered.this
            name = by.name.lower() if isinstance(by, exp.Column) else by.sql().lower()
            if name not in selected and by.sql().lower() not in selected and not isinstance(by, exp.Literal):
                raise LocalCloudError(
                    "EXPRESSION_NOT_IN_DISTINCT: line 1:1: For SELECT DISTINCT, ORDER BY expressions must appear in "
                    "select list"
                )


def check_names(names: Sequence[str | None], *, stored: str) -> None:
    """Refuse a view or table whose columns have no names, or one twice.

    Raises
    ------
    LocalCloudError
        In Trino's words.
    """
    for position, name in enumerate(names, start=1):
        if not name:
            raise LocalCloudError(
                f"MISSING_COLUMN_NAME: line 1:1: Column name not specified at position {position} of the {stored}"
            )
    twice = [name for name, count in Counter(name.lower() for name in names if name).items() if count > 1]
    if twice:
        raise LocalCloudError(f"DUPLICATE_COLUMN_NAME: line 1:1: Column name '{twice[0]}' specified more than once")


def given_names(query: exp.Expr) -> list[str | None]:
    """Return the names that a query gives its columns; of stars, none is known here."""
    while isinstance(query, (exp.SetOperation, exp.Subquery)):
        query = query.this
    if isinstance(query, exp.Values):
        return [None]
    if not isinstance(query, exp.Select):
        return []
    named = (exp.Alias, exp.Column, exp.Dot)
    return [
        item.alias_or_name if isinstance(item, named) else None
        for item in query.expressions
        if not isinstance(item, exp.Star) and not (isinstance(item, exp.Column) and isinstance(item.this, exp.Star))
    ]


def name_columns(select: exp.Expr) -> None:
    """Give a query's unnamed columns the names that Athena gives them, and all in lower case."""
    query = select
    while isinstance(query, (exp.SetOperation, exp.Subquery)):
        query = query.this
    if not isinstance(query, exp.Select):
        return
    for position, column in enumerate(query.expressions):
        if isinstance(column, exp.Star) or (isinstance(column, exp.Column) and isinstance(column.this, exp.Star)):
            continue
        if isinstance(column, exp.Column) and column.name == column.name.lower():
            continue
        if not column.alias_or_name or not isinstance(column, (exp.Alias, exp.Column, exp.Dot)):
            column.replace(exp.alias_(column.copy(), f"_col{position}", quoted=True))
        else:
            value = column.this if isinstance(column, exp.Alias) else column
            column.replace(exp.alias_(value.copy(), column.alias_or_name.lower(), quoted=True))
