"""Puts the catalog's tables under a query: what a statement names becomes a relation over S3 objects."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

import duckdb
from sqlglot import exp

from local_cloud.errors import LocalCloudError
from local_cloud.sql import trino
from local_cloud.sql.catalog import HIDDEN_PARTITION, Catalog
from local_cloud.sql.duck import Session, identifier
from local_cloud.sql.reach import tables_of
from local_cloud.sql.tables import Filter, relation, without_rows
from local_cloud.sql.types import HiveType

VIEW_PREFIX = "/* Presto View: "
_PATH = "$path"


# Tells the catalog's database of a schema name ("" if the query gives none); None if it is not the catalog's.
Locate = Callable[[str], str | None]


class Binder:
    """Binds the tables of one query in one DuckDB session.

    Parameters
    ----------
    session: Session
        Where the query is run.
    catalog: Catalog
        Knows the tables.
    empty: bool
        Whether tables have their columns only and no rows, so that nothing is read.
    """

    def __init__(self, session: Session, catalog: Catalog, *, empty: bool = False) -> None:
        self._session = session
        self._catalog = catalog
        self._empty = empty
        self._bound = 0

    def bind(self, tree: exp.Expr, locate: Locate) -> exp.Expr:
        """Replace every catalog table of a rewritten query, in place, by a view of what the query reads of it.

        Raises
        ------
        LocalCloudError
            If a table does not exist or cannot be read.
        """
        named = _names(tree)
        for table in list(tables_of(tree)):
            schema = locate(table.db.lower())
            if schema is None:
                continue
            described = self._catalog.need_table(schema, table.name.lower())
            view = self._view(described, table, named)
            alias = table.alias or table.name
            bound = exp.to_table(view)
            columns = table.args["alias"].args.get("columns") if table.args.get("alias") else None
            bound.set("alias", exp.TableAlias(this=exp.to_identifier(alias, quoted=True), columns=columns))
            for column in tree.find_all(exp.Column):
                # schema.table.column: the table has no schema any more.
                if column.db and column.db.lower() == table.db.lower() and column.table.lower() == table.name.lower():
                    column.set("db", None)
                    column.set("catalog", None)
            table.replace(bound)
        return tree

    def _view(self, described: dict[str, Any], table: exp.Table, named: Collection[str] | None) -> str:
        self._bound += 1
        view = f"{'empty' if self._empty else 'bound'}_{self._bound}"
        if described.get("TableType") == "VIRTUAL_VIEW":
            sql = self._stored_view(described)
        elif self._empty:
            sql = without_rows(described, path=True)
        else:
            select = table.find_ancestor(exp.Select)
            path = select is not None and _uses_path(select)
            where = _filter(self._session, select, table, described)
            sql = relation(self._session, self._catalog, described, where, path=path, named=named)
        self._session.execute(f"create or replace temp view {view} as {sql}")
        return view

    def _stored_view(self, described: dict[str, Any]) -> str:
        text = described.get("ViewOriginalText", "")
        if not text.startswith(VIEW_PREFIX):
            raise LocalCloudError(f"view {described['Name']!r} is not one of Athena's")
        stored = json.loads(base64.b64decode(text.removeprefix(VIEW_PREFIX).split()[0]))
        query = trino.rewrite(trino.parse(stored["originalSql"]))
        trino.name_columns(query)
        self.bind(query, athena_locate(stored.get("schema") or described["DatabaseName"]))
        return trino.generate(query)


def athena_locate(database: str) -> Locate:
    """Return how Athena finds a table's database: the given one unless the query names another."""

    def locate(schema: str) -> str:
        if schema == "information_schema":
            raise LocalCloudError("NOT_SUPPORTED: information_schema is not served locally; use SHOW and DESCRIBE")
        return schema or database

    return locate


def _names(tree: exp.Expr) -> frozenset[str] | None:
    """Return every name in a query, among which are those of the columns that it reads; None if it reads all."""
    stars = any(not isinstance(star.parent, exp.Count) for star in tree.find_all(exp.Star))
    if stars or any(join.method == "NATURAL" for join in tree.find_all(exp.Join)):
        return None
    return frozenset(one.name.lower() for one in tree.find_all(exp.Identifier))


def _uses_path(select: exp.Select) -> bool:
    used = any(column.name == _PATH for column in select.find_all(exp.Column))
    if used and any(isinstance(item, exp.Star) or item.is_star for item in select.expressions):
        raise LocalCloudError('NOT_SUPPORTED: "$path" beside * is not reproduced locally; name the columns')
    return used


def _filter(session: Session, select: exp.Select | None, table: exp.Table, described: dict[str, Any]) -> Filter:
    """Return what the WHERE clause of the select around a table says about its partition columns."""
    keys = [key["Name"].lower() for key in described.get("PartitionKeys", [])]
    conditions = _conditions(select, table, keys) if keys else []

    def prune(columns: Sequence[tuple[str, HiveType]], values: Sequence[tuple[str, ...]]) -> Iterable[tuple[str, ...]]:
        if not conditions or not values:
            return values
        names = [identifier(name) for name, _ in columns]
        selected = ", ".join(
            f"cast({name} as {kind.duckdb}) as {name}" for name, (_, kind) in zip(names, columns, strict=True)
        )
        rows = ", ".join(f"({', '.join(['?'] * (len(names) + 1))})" for _ in values)
        where = " and ".join(f"({trino.generate(condition)})" for condition in conditions)
        sql = (
            f"with p as (select i, {selected} from (values {rows}) v(i, {', '.join(names)})) "
            f"select i from p where {where}"
        )
        known = [[None if value == HIDDEN_PARTITION else value for value in row] for row in values]
        flat = [item for index, row in enumerate(known) for item in (index, *row)]
        try:
            return [values[index] for (index,) in session.execute(sql, flat).fetchall()]
        except duckdb.Error:
            # Reading too much is only slower; the query itself will tell what is wrong.
            return values

    return Filter(prune=prune, equals=_equalities(conditions, keys))


def _conditions(select: exp.Select | None, table: exp.Table, keys: Sequence[str]) -> list[exp.Expr]:
    """Return the conditions that only partitions of this table can meet or fail."""
    where = select.args.get("where") if select else None
    if select is None or where is None:
        return []
    joins = select.args.get("joins") or []
    joined = any(table is join.this for join in joins)
    sides = {join.side for join in joins if join.side}
    if sides - {"LEFT"} or (joined and sides):
        return []
    alone = not joins
    names = {table.alias_or_name.lower()}

    def own(column: exp.Column) -> bool:
        return column.name.lower() in keys and (column.table.lower() in names if column.table else alone)

    found = []
    for condition in where.this.flatten() if isinstance(where.this, exp.And) else [where.this]:
        columns = list(condition.find_all(exp.Column))
        if columns and all(map(own, columns)) and not condition.find(exp.Query, exp.Placeholder, exp.Parameter):
            bare = condition.copy()
            for column in bare.find_all(exp.Column):
                column.set("table", None)
            found.append(bare)
    return found


def _equalities(conditions: Sequence[exp.Expr], keys: Sequence[str]) -> dict[str, list[str]]:
    """Return the values to which conditions of the form `key = 'a'` or `key in ('a', 'b')` tie a column."""
    found: dict[str, list[str]] = {}
    for condition in conditions:
        column = condition.find(exp.Column)
        if column is None or column.name.lower() not in keys or not isinstance(condition, (exp.EQ, exp.In)):
            continue
        literals = [literal.name for literal in condition.find_all(exp.Literal)]
        if literals:
            found[column.name.lower()] = literals
    return found
