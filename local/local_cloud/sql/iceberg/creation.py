"""CREATE TABLE and CREATE TABLE AS of Iceberg tables.

https://docs.aws.amazon.com/athena/latest/ug/create-table-as.html has the properties of the second.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from sqlglot import exp

from local_cloud.errors import LocalCloudError
from local_cloud.sql import trino
from local_cloud.sql.catalog import Catalog
from local_cloud.sql.duck import Session, identifier
from local_cloud.sql.iceberg import ddl, definitions, writes
from local_cloud.sql.types import from_duckdb, parse

_PARTITIONED = re.compile(r"\bPARTITIONED\s+BY\s*\(", re.IGNORECASE)


def create(catalog: Catalog, database: str, sql: str) -> None:
    """Run CREATE TABLE, with columns.

    Raises
    ------
    LocalCloudError
        If the table exists, or the statement makes no Iceberg table.
    """
    rest, partitions = _without_partitions(sql)
    tree = trino.parse_hive(rest)
    if not isinstance(tree, exp.Create) or not isinstance(tree.this, exp.Schema):
        raise LocalCloudError("SYNTAX_ERROR: this CREATE TABLE is not understood by the local Athena")
    target = tree.this.this
    database, name = target.db.lower() or database, target.name.lower()
    given = tree.args["properties"].expressions if tree.args.get("properties") else []
    properties = {item.name.lower(): item.args["value"].name for item in given if type(item) is exp.Property}
    if properties.get("table_type", "").upper() != "ICEBERG":
        raise LocalCloudError(
            "FAILED: CREATE TABLE without EXTERNAL makes Iceberg tables only: it needs TBLPROPERTIES "
            "('table_type' = 'ICEBERG')"
        )
    if catalog.table(database, name):
        if tree.args.get("exists"):
            return
        raise LocalCloudError(f"TABLE_ALREADY_EXISTS: Table 'awsdatacatalog.{database}.{name}' already exists")
    if not catalog.has_database(database):
        raise LocalCloudError(f"SCHEMA_NOT_FOUND: Schema {database} does not exist")
    location = next((item.this.name for item in given if isinstance(item, exp.LocationProperty)), None)
    if location is None:
        raise LocalCloudError("FAILED: CREATE TABLE of an Iceberg table needs a LOCATION")
    columns = [_column(item) for item in tree.this.expressions if isinstance(item, exp.ColumnDef)]
    ddl.create(
        catalog, database, name, columns=columns, partitions=partitions, location=location, properties=properties
    )


def _column(item: exp.ColumnDef) -> tuple[str, Any, str | None]:
    comment = item.find(exp.CommentColumnConstraint)
    kind: exp.DataType = item.args["kind"]
    return item.name.lower(), parse(kind.sql(dialect="hive").lower()), comment.this.name if comment else None


def _without_partitions(sql: str) -> tuple[str, list[str]]:
    """Return a statement without its PARTITIONED BY, whose transforms sqlglot changes, and its parts."""
    matched = _PARTITIONED.search(sql)
    if matched is None:
        return sql, []
    depth, end = 1, matched.end()
    while depth and end < len(sql):
        depth += (sql[end] == "(") - (sql[end] == ")")
        end += 1
    return sql[: matched.start()] + sql[end:], [
        part.strip() for part in definitions.split(sql[matched.end() : end - 1])
    ]


def create_as(
    session: Session,
    catalog: Catalog,
    name: tuple[str, str],
    *,
    options: dict[str, Any],
    location: str,
    query: tuple[str, list[Any] | None],
    with_data: bool,
) -> int:
    """Create a table with the rows of a query, and return how many there are.

    Parameters
    ----------
    session: Session
        Where the query is run.
    catalog: Catalog
        Where the table will be.
    name: tuple of str
        Database and table.
    options: dict
        The properties of the WITH clause.
    location: str
        Where the table lies if no property says so.
    query: tuple
        The query, and types of its columns where some have six digits of a second.
    with_data: bool
        Whether to write the rows.
    """
    if str(options.pop("is_external", "true")).lower() != "false":
        raise LocalCloudError("INVALID_TABLE_PROPERTY: an Iceberg table needs the property is_external = false")
    options.pop("table_type")
    partitions = options.pop("partitioning", [])
    location = options.pop("location", location)
    select, precise = query
    found = session.schema(select)
    columns = [
        (column.lower(), _stored(kind, known), None)
        for (column, kind), known in zip(found, precise or [kind for _, kind in found], strict=True)
    ]
    table = ddl.create(catalog, *name, columns=columns, partitions=partitions, location=location, properties=options)
    if not with_data:
        return 0
    try:
        return _fill(session, table, select, [column for column, _, _ in columns])
    except Exception:
        ddl.drop(catalog, catalog.need_table(*name))
        raise


def _fill(session: Session, table: Any, select: str, names: Sequence[str]) -> int:
    types = writes.column_types(session, table)
    cast = ", ".join(f"cast({identifier(name)} as {types[name]}) as {identifier(name)}" for name in names)
    numbered = ", ".join(map(identifier, names))
    return writes.append(session, table, f"select {cast} from ({select}) v({numbered})", names)


def _stored(kind: Any, known: Any) -> Any:
    """Return the type of a column that holds a query's values."""
    if "TIME ZONE" in str(kind):
        raise LocalCloudError(
            "NOT_SUPPORTED: a timestamp with time zone is not created by Athena; cast it to timestamp(6)"
        )
    if re.search(r"\bTIMESTAMP\b", str(known)):
        raise LocalCloudError(
            'NOT_SUPPORTED: Timestamp precision (3) not supported for Iceberg. Use "timestamp(6)" instead.'
        )
    return from_duckdb(kind)
