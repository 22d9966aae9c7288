"""Puts the catalog's tables under a query: what a statement names becomes a relation over S3 objects.

Above 200 lines: how names become relations, and how conditions become partitions.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Collection, Iterable, Sequence
from enum import Enum
from typing import Any

import duckdb
from sqlglot import exp

from local_cloud.errors import LocalCloudError
from local_cloud.sql import trino
from local_cloud.sql.catalog import HIDDEN_PARTITION, Catalog
from local_cloud.sql.catalogs import database_of
from local_cloud.sql.duck import Session, identifier
from local_cloud.sql.iceberg import is_iceberg
from local_cloud.sql.reach import tables_of
from local_cloud.sql.tables import Filter, relation, without_rows
from local_cloud.sql.types import HiveType

VIEW_PREFIX = "/* Presto View: "
_PATH = "$path"


# Tells the catalog's database of a schema name ("" if the query gives none); None if it is not the catalog's.
Locate = Callable[[str], str | None]
Shown = Callable[[dict[str, Any], exp.Table, str], str]


class Rows(Enum):
    """The rows of the tables that are bound: all, or none, so that nothing is read."""

    ALL = "bound"
    NONE = "empty"
    PRECISION = "precise"
    """None, and timestamps with six digits have the type `trino.precision.PRECISE`."""


class Binder:
    """Binds the tables of one query in one DuckDB session.

    Parameters
    ----------
    session: Session
        Where the query is run.
    catalog: Catalog
        Knows the tables.
    rows: Rows
        What is bound of the tables.
    shown: callable, optional
        Makes of a select of a table's columns, given the table and its name in the query, one of what the query's
        dialect has of them. By default it has them as they are.
    """

    def __init__(
        self, session: Session, catalog: Catalog, rows: Rows = Rows.ALL, *, shown: Shown | None = None
    ) -> None:
        self._session = session
        self._catalog = catalog
        self._rows = rows
        self._shown = shown
        self._bound = 0
        self._found: dict[tuple[str, str], dict[str, Any]] = {}
        self._queries: dict[tuple[str, str], exp.Expr] = {}

    def bind(self, tree: exp.Expr, locate: Locate) -> exp.Expr:
        """Replace every catalog table of a rewritten query, in place, by a view of what the query reads of it.

        Raises
        ------
        LocalCloudError
            If a table does not exist or cannot be read.
        """
        self._look_up(tree, locate)
        named = _names(tree)
        for table in list(tables_of(tree)):
            schema = locate(table.db.lower())
            if schema is None:
                continue
            view = self._view(schema, table, named)
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

    def _look_up(self, tree: exp.Expr, locate: Locate) -> None:
        """Find the tables of a query and of the views that it names, before the session is opened by a statement."""
        for table in tables_of(tree):
            schema = locate(table.db.lower())
            name = table.name.lower().partition("$")[0]
            if schema is None or (schema, name) in self._found:
                continue
            described = self._catalog.need_table(schema, name)
            self._found[schema, name] = described
            if described.get("TableType") == "VIRTUAL_VIEW":
                query, of_view = _stored_query(described)
                self._queries[schema, name] = query
                self._look_up(query, of_view)
            elif is_iceberg(described):
                self._session.need_iceberg(described)

    def _view(self, schema: str, table: exp.Table, named: Collection[str] | None) -> str:
        self._bound += 1
        view = f"{self._rows.value}_{self._bound}"
        name, _, metadata = table.name.lower().partition("$")
        described = self._found[schema, name]
        if is_iceberg(described):
            from local_cloud.sql.iceberg.binding import select_of  # noqa: PLC0415

            sql = select_of(self._session, self._catalog, described, table, self._rows)
        elif metadata:
            raise LocalCloudError(f'NOT_SUPPORTED: "{name}${metadata}" is read locally only of an Iceberg table')
        elif table.args.get("version"):
            raise LocalCloudError("NOT_SUPPORTED: This connector does not support versioned tables")
        elif query := self._queries.get((schema, name)):
            sql = trino.generate(self._of_view(query.copy(), described))
        else:
            select = table.find_ancestor(exp.Select)
            path = select is not None and uses_path(select)
            if self._rows is Rows.ALL:
                where = _filter(self._session, select, table, described)
                sql = relation(self._session, self._catalog, described, where, path=path, named=named)
            else:
                sql = without_rows(self._catalog, described, path=path)
        if self._shown:
            sql = self._shown(described, table, sql)
        self._session.execute(f"create or replace temp view {view} as {sql}")
        return view

    def _of_view(self, query: exp.Expr, described: dict[str, Any]) -> exp.Expr:
        _, locate = _stored_query(described)
        if self._session.reads_iceberg and self._rows is not Rows.NONE:
            precise = Binder(self._session, self._catalog, Rows.PRECISION)
            trino.precision.keep_in_texts(self._session, query, lambda source: precise.bind(source, locate))
        bound = self.bind(query, locate)
        return trino.precision.mark(bound) if self._rows is Rows.PRECISION else bound


def _stored_query(described: dict[str, Any]) -> tuple[exp.Expr, Locate]:
    """Return the rewritten query of one of Athena's views, and where its tables are looked up."""
    text = described.get("ViewOriginalText", "")
    if not text.startswith(VIEW_PREFIX):
        raise LocalCloudError(f"view {described['Name']!r} is not one of Athena's")
    stored = json.loads(base64.b64decode(text.removeprefix(VIEW_PREFIX).split()[0]))
    query = trino.rewrite(trino.parse(stored["originalSql"]))
    trino.name_columns(query)
    return query, athena_locate(stored.get("schema") or described["DatabaseName"])


def athena_locate(database: str) -> Locate:
    """Return how Athena finds a table's database: the given one unless the query names another."""

    def locate(schema: str) -> str:
        if schema.rpartition("/")[2] == "information_schema":
            raise LocalCloudError("NOT_SUPPORTED: information_schema is not served locally; use SHOW and DESCRIBE")
        return database_of(schema, database)

    return locate


def _names(tree: exp.Expr) -> frozenset[str] | None:
    """Return every name in a query, among which are those of the columns that it reads; None if it reads all."""
    stars = any(not isinstance(star.parent, exp.Count) for star in tree.find_all(exp.Star))
    if stars or any(join.method == "NATURAL" for join in tree.find_all(exp.Join)):
        return None
    return frozenset(one.name.lower() for one in tree.find_all(exp.Identifier))


def uses_path(select: exp.Select) -> bool:
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
