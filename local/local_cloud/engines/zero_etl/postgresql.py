"""A PostgreSQL as the source of a destination: its rows, then the changes in its log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

from local_cloud.engines.dms.errors import ReplicationError
from local_cloud.engines.dms.pgoutput import Change, Commit, decode
from local_cloud.engines.dms.postgresql import OPTIONS, PostgresqlSource, Table
from local_cloud.engines.rds.models import server_of
from local_cloud.engines.zero_etl.filters import DataFilter
from local_cloud.engines.zero_etl.integration import Integration
from local_cloud.engines.zero_etl.preconditions import database_of
from local_cloud.engines.zero_etl.rows import Catalog, Key, ReplicatedTable, Values, in_transaction
from local_cloud.engines.zero_etl.types import column_type
from local_cloud.errors import LocalCloudError
from local_cloud.sql.duck import Session

_CHANGES = 10_000


class PostgresqlFeed:
    """Replication of one database of a cluster or instance into a destination.

    Parameters
    ----------
    account: str
        The cloud's account.
    integration: Integration
        The integration.
    database: str
        The database of the source.
    """

    def __init__(self, account: str, integration: Integration, database: str) -> None:
        self._account, self._integration, self._database = account, integration, database
        self._slot = _slot(integration)

    def refresh(self, session: Session, *, again: bool = False) -> None:
        """Replicate new and changed tables as a whole, then all changes that have been committed.

        Each part is one transaction of the destination, and only then forgotten by the source.

        Raises
        ------
        LocalCloudError
            If the source does not answer, or has no such database.
        """
        catalog = Catalog(session)
        with _connected(self._account, self._integration, self._database) as source:
            wanted = list(self._wanted(source))
            if again or not source.has_slot(self._slot):
                self._forget(session, catalog)
            self._keep_log(source, [table for table, of in wanted if not of.reason])
            known = catalog.all()
            for gone in known.keys() - {(of.schema, of.name) for _, of in wanted}:
                in_transaction(session, partial(catalog.drop, known[gone]))
            for table, of in wanted:
                before = known.get((of.schema, of.name))
                if before is None or not before.same_shape(of) or before.reason != of.reason:
                    self._load(source, session, catalog, (table, of))
            self._follow(source, session, catalog)

    def _forget(self, session: Session, catalog: Catalog) -> None:
        for table in catalog.all().values():
            in_transaction(session, partial(catalog.drop, table))

    def _wanted(self, source: PostgresqlSource) -> Iterator[tuple[Table, ReplicatedTable]]:
        included = DataFilter.of(str(self._integration.members["DataFilter"])).within(self._database)
        for table in source.tables(included):
            key = [column.name for column in table.columns if column.key]
            named: dict[str, Any] = {"schema": table.schema, "name": table.name, "key": key}
            try:
                if not key:
                    raise LocalCloudError("it has no primary key")
                columns = {
                    one.name: column_type(one.name, source.kind(one.type), one.modifier) for one in table.columns
                }
            except LocalCloudError as error:
                yield table, ReplicatedTable(**named, columns={}, reason=str(error))
            else:
                yield table, ReplicatedTable(**named, columns=columns)

    def _keep_log(self, source: PostgresqlSource, tables: list[Table]) -> None:
        """Have the source keep its log, with whole rows, of every table that is replicated."""
        published = source.published(self._slot)
        new = [table for table in tables if (table.schema, table.name) not in published]
        for table in new:
            source.log_whole_rows(table)
        if not source.has_slot(self._slot):
            if tables:
                source.create_slot(self._slot, tables)
            return
        for table in new:
            source.publish(self._slot, table)

    def _load(
        self, source: PostgresqlSource, session: Session, catalog: Catalog, pair: tuple[Table, ReplicatedTable]
    ) -> None:
        table, of = pair
        names = [column.name for column in table.columns]

        def load() -> None:
            catalog.define(of)
            for batch in source.rows(table) if not of.reason else ():
                catalog.insert(of, (dict(zip(names, row, strict=True)) for row in batch))

        in_transaction(session, load)

    def _follow(self, source: PostgresqlSource, session: Session, catalog: Catalog) -> None:
        """Apply the changes of the log, some of which the rows may have already: the last one of a key decides."""
        if not source.has_slot(self._slot):
            return
        tables = catalog.all()
        while messages := source.changes(self._slot, _CHANGES):
            found = list(decode(messages))
            by_table: dict[tuple[str, str], list[Change]] = {}
            for change in found:
                if isinstance(change, Change):
                    by_table.setdefault((change.relation.schema, change.relation.name), []).append(change)

            def apply(by_table: dict[tuple[str, str], list[Change]] = by_table) -> None:
                for place, changes in by_table.items():
                    table = tables.get(place)
                    if table and not table.reason:
                        _apply(catalog, table, (one for one in changes if _shape(source, one) == table.columns))

            in_transaction(session, apply)
            source.advance(self._slot, next(one.end for one in reversed(found) if isinstance(one, Commit)))
            # What is committed meanwhile is for the next time, or a busy source would never be done with.
            if len(messages) < _CHANGES:
                return


def _shape(source: PostgresqlSource, change: Change) -> dict[str, str] | None:
    """Return the columns that a table had at a change.

    A change of other columns than the table has now came before these: the rows were read again since, and have it.
    """
    try:
        return {one.name: column_type(one.name, source.kind(one.type), one.modifier) for one in change.relation.columns}
    except LocalCloudError:
        return None


def _apply(catalog: Catalog, table: ReplicatedTable, changes: Iterable[Change]) -> None:
    """Bring rows up to date by what has become of each key in the end."""
    rows: dict[Key, Values | None] = {}
    cleared = False
    for change in changes:
        if change.operation == "T":
            rows, cleared = {}, True
            continue
        if change.operation == "D" or (change.operation == "U" and change.old):
            rows[_key(table, change.old)] = None
        if change.operation != "D":
            rows[_key(table, change.values)] = change.values
    if cleared:
        catalog.clear(table)
    if rows:
        catalog.delete(table, rows)
        catalog.insert(table, (row for row in rows.values() if row is not None))


def _key(table: ReplicatedTable, values: Values) -> Key:
    return tuple(values[name] for name in table.key)


def forget(account: str, integration: Integration) -> None:
    """Let the source of an integration forget its log, if it is there still."""
    if ":dynamodb:" in integration.source:
        return
    for database in DataFilter.of(str(integration.members["DataFilter"])).databases:
        with suppress(LocalCloudError), _connected(account, integration, database) as source:
            source.drop_slot(_slot(integration))


@contextmanager
def _connected(account: str, integration: Integration, database: str) -> Iterator[PostgresqlSource]:
    """Return the source as its service sees it: as the superuser that RDS has in each server."""
    import psycopg  # noqa: PLC0415

    model = database_of(account, integration.region, integration.source)
    server = server_of(model) if model is not None else None
    if server is None:
        raise LocalCloudError(f"the source {integration.source} does not exist")
    try:
        with server.administrator(database, options=OPTIONS) as connection:
            yield PostgresqlSource(connection)
    except (psycopg.Error, ReplicationError) as error:
        reason = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
        raise LocalCloudError(f"the source says: {reason}") from error


def _slot(integration: Integration) -> str:
    return f"zero_etl_{integration.id.replace('-', '_')}"
