"""Reads of an Iceberg table by a query: its rows now or as of a snapshot, or its metadata."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from local_cloud.errors import LocalCloudError
from local_cloud.sql.binding import Rows, uses_path
from local_cloud.sql.catalog import Catalog
from local_cloud.sql.duck import Session
from local_cloud.sql.iceberg import metadata_tables, tables
from local_cloud.sql.iceberg.travel import snapshot_as_of
from local_cloud.sql.trino.precision import PRECISE

# Of Trino's connector, https://trino.io/docs/current/connector/iceberg.html#metadata-columns.
_UNREPRODUCED = frozenset(("$partition", "$file_modified_time", "$row_id"))


def select_of(
    session: Session, catalog: Catalog, described: dict[str, Any], named: exp.Table, rows: Rows = Rows.ALL
) -> str:
    """Return a select of what a table of a query stands for.

    Parameters
    ----------
    session: Session
        Where the query is run.
    catalog: Catalog
        Knows the table.
    described: dict
        The table, as Glue's GetTable returns it.
    named: Table
        The table's name in the query, maybe with the clause of a snapshot, or followed by that of its metadata.
    rows: Rows
        Whether to return all rows, or none.
    """
    table = tables.load(catalog, described)
    version = named.args.get("version")
    snapshot = snapshot_as_of(session, table, version) if version else None
    _, marked, metadata = named.name.lower().partition("$")
    if marked:
        if version:
            raise LocalCloudError("NOT_SUPPORTED: time travel in a table of metadata is not reproduced locally")
        return metadata_tables.relation(session, table, metadata)
    select = named.find_ancestor(exp.Select)
    if select is not None:
        unread = {column.name for column in select.find_all(exp.Column)} & _UNREPRODUCED
        if unread:
            raise LocalCloudError(f'NOT_SUPPORTED: the column "{min(unread)}" is not reproduced locally')
    pseudo = (
        {column.name for column in select.find_all(exp.Column)} & set(tables.PSEUDO) if select is not None else set()
    )
    if select is not None:
        uses_path(select)
    if rows is Rows.ALL:
        return tables.relation(session, table, snapshot=snapshot, pseudo=pseudo)
    instants = PRECISE if rows is Rows.PRECISION else None
    return tables.without_rows(table, snapshot=snapshot, pseudo=pseudo, instants=instants)
