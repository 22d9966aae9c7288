"""UNNEST of maps and of several arrays, which DuckDB does not know."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from local_cloud.errors import LocalCloudError
from local_cloud.sql.trino.nodes import call


def unnest(node: Any) -> Any:
    """A map unnests into two columns, several arrays into one each: DuckDB knows only one array."""
    alias = node.args.get("alias")
    names = list(alias.args.get("columns") or []) if alias else []
    if node.args.get("offset") or (len(node.expressions) == 1 and len(names) < 2):
        return node
    values = node.expressions
    if len(values) == 1:
        if len(names) != 2:
            raise LocalCloudError("NOT_SUPPORTED: unnesting an array of rows into columns is not reproduced locally")
        values = [call("map_keys", values[0].copy()), call("map_values", values[0].copy())]
    if len(values) != len(names):
        raise LocalCloudError("NOT_SUPPORTED: UNNEST of several arrays needs a column alias for each")
    columns = [exp.alias_(call("unnest", value.copy()), name.copy()) for value, name in zip(values, names, strict=True)]
    return exp.Lateral(
        this=exp.Subquery(this=exp.select(*columns)), alias=exp.TableAlias(this=node.args["alias"].this.copy())
    )
