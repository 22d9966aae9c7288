"""Iceberg tables as DuckDB relations, read as Athena reads them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from pyiceberg.schema import Schema
from pyiceberg.table import Table

from local_cloud.errors import LocalCloudError
from local_cloud.sql.catalog import Catalog
from local_cloud.sql.duck import LAKE, Session, identifier
from local_cloud.sql.iceberg.types import duckdb_type

# What DuckDB calls the pseudo-columns. Athena has the first; the second is for the statements that change rows.
PSEUDO = {"$path": "filename", "$position": "file_row_number"}


def load(catalog: Catalog, described: dict[str, Any]) -> Table:
    """Return a table with its metadata as it is now."""
    table: Table = catalog.load_iceberg(described)
    return table


def columns(schema: Schema, *, instants: str | None = None) -> list[tuple[str, str]]:
    """Return names and DuckDB types of a table's columns: names are in lower case, as everywhere in Trino."""
    return [(field.name.lower(), duckdb_type(field.field_type, instants=instants)) for field in schema.fields]


def schema_of(table: Table, snapshot: int | None) -> Schema:
    """Return the columns that a table had when a snapshot was made; by default those that it has now."""
    found = table.snapshot_by_id(snapshot) if snapshot is not None else None
    if found is None or found.schema_id is None:
        return table.schema()
    return table.schemas()[found.schema_id]


def relation(session: Session, table: Table, *, snapshot: int | None = None, pseudo: Collection[str] = ()) -> str:
    """Return a select over a table's data.

    Parameters
    ----------
    session: Session
        Where the select is run. One that was open before it had to read Iceberg tables gets the rows by pyiceberg.
    table: Table
        The table.
    snapshot: int, optional
        Id of the snapshot to read. By default the current one.
    pseudo: collection of str
        Which of the pseudo-columns to add.
    """
    names = [name for name, _ in columns(schema_of(table, snapshot))]
    for name in pseudo:
        if PSEUDO[name] in names or not session.reads_iceberg:
            raise LocalCloudError(f'NOT_SUPPORTED: "{name}" of this table, or in this engine')
    selected = map(identifier, names)
    added = [f"{own} as {identifier(name)}" for name, own in PSEUDO.items() if name in pseudo]
    if not session.reads_iceberg:
        return f"select {', '.join(selected)} from {_in_memory(session, table, snapshot)}"
    version = f" at (version => {snapshot})" if snapshot is not None else ""
    return f"select {', '.join([*selected, *added])} from {in_lake(table)}{version}"


def _in_memory(session: Session, table: Table, snapshot: int | None) -> str:
    try:
        rows = table.scan(snapshot_id=snapshot).to_arrow()
    except (ValueError, NotImplementedError) as error:
        raise LocalCloudError(f"NOT_SUPPORTED: table {table.name()[-1]!r} cannot be read here: {error}") from None
    view = f"rows_of_{'_'.join(table.name())}"
    session.connection.register(view, rows)
    return identifier(view)


def without_rows(
    table: Table, *, snapshot: int | None = None, pseudo: Collection[str] = (), instants: str | None = None
) -> str:
    """Return a select of a table's columns, and of no rows; timestamps have the type `instants`, if one is given."""
    described = columns(schema_of(table, snapshot), instants=instants)
    nulls = [f"cast(null as {kind}) as {identifier(name)}" for name, kind in described]
    kinds = {"$path": "varchar", "$position": "bigint"}
    added = [f"cast(null as {kind}) as {identifier(name)}" for name, kind in kinds.items() if name in pseudo]
    return f"select {', '.join([*nulls, *added])} where false"


def in_lake(table: Table) -> str:
    """Return a table's name in a session that reads Iceberg tables."""
    return ".".join(map(identifier, (getattr(table.catalog, "arn", LAKE), *table.name())))
