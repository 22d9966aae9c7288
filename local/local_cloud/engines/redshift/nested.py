"""Nested columns of external tables: SUPER of an Iceberg table, without a name of their own in any other."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from local_cloud.errors import LocalCloudError
from local_cloud.sql.duck import Session, identifier
from local_cloud.sql.iceberg import is_iceberg

_NESTED = ("list", "map", "struct")


def readable(session: Session, described: dict[str, Any], named: exp.Table, select: str) -> str:
    """Return the select of the columns that a query can name, of those that a table has.

    https://docs.aws.amazon.com/redshift/latest/dg/querying-iceberg-supported-data-types.html,
    https://docs.aws.amazon.com/redshift/latest/dg/serializing-complex-JSON.html

    Parameters
    ----------
    session: Session
        Where the query is run.
    described: dict
        The table, as Glue's GetTable returns it.
    named: Table
        The table's name in the query.
    select: str
        DuckDB's select of all columns.

    Raises
    ------
    LocalCloudError
        If the query asks for all columns of a table with nested ones that is no Iceberg table.
    """
    columns = session.schema(select)
    nested = {name for name, kind in columns if kind.id in _NESTED}
    if not nested:
        return select
    if is_iceberg(described):
        shown = [f"to_json({identifier(name)}) as {identifier(name)}" for name in nested]
        return f"select * replace ({', '.join(shown)}) from ({select})"
    query = named.find_ancestor(exp.Select)
    if query is not None and any(item.is_star for item in query.expressions):
        raise LocalCloudError("Nested tables do not support '*' in the SELECT clause.")
    return f"select {', '.join(identifier(name) for name, _ in columns if name not in nested)} from ({select})"
