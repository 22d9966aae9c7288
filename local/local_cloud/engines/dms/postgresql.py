"""A PostgreSQL as the source of a replication: its tables, their rows, and the changes in its log.

Above 200 lines: one class whose statements share a session, for AWS DMS and for zero-ETL.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

from local_cloud.engines.dms.errors import ReplicationError
from local_cloud.engines.dms.pgoutput import RelationColumn

if TYPE_CHECKING:
    import psycopg

OPTIONS = "-c datestyle=ISO -c timezone=UTC -c intervalstyle=postgres -c bytea_output=hex"
"""Settings of sessions, in which values look alike as texts, in the rows as in the log."""
_BATCH_ROWS = 10_000
_TABLES = """
select n.nspname, c.relname, a.attname, a.atttypid, a.atttypmod,
       coalesce(a.attnum = any(i.indkey), false) as key
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
left join pg_index i on i.indrelid = c.oid and i.indisprimary
where c.relkind in ('r', 'p') and not c.relispartition
  and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname not like 'pg\\_toast%%'
order by 1, 2, a.attnum
"""


class Selects(Protocol):
    """A choice of tables."""

    def includes(self, schema: str, table: str) -> bool: ...


@dataclass(frozen=True, kw_only=True)
class Address:
    """Address of a database, with the user and password."""

    host: str
    port: int
    database: str
    user: str
    password: str


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table of the source."""

    schema: str
    name: str
    columns: tuple[RelationColumn, ...]

    @property
    def full_name(self) -> str:
        return f"{self.schema}.{self.name}"

    @property
    def has_key(self) -> bool:
        return any(column.key for column in self.columns)


class PostgresqlSource:
    """Sessions of one database."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self.kind = cache(self._kind)

    @classmethod
    @contextmanager
    def connected(cls, address: Address) -> Iterator[PostgresqlSource]:
        """Return the database at an address.

        Raises
        ------
        ReplicationError
            If nothing answers there, or it refuses what is asked of it.
        """
        import psycopg  # noqa: PLC0415

        try:
            with psycopg.connect(
                host=address.host,
                port=address.port,
                dbname=address.database,
                user=address.user,
                password=address.password,
                options=OPTIONS,
                client_encoding="UTF8",
                autocommit=True,
                connect_timeout=10,
            ) as connection:
                yield cls(connection)
        except psycopg.Error as error:
            reason = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
            raise ReplicationError(f"PostgreSQL at {address.host}:{address.port} says: {reason}") from error

    def tables(self, selected: Selects) -> list[Table]:
        """Return the tables that are selected."""
        found: dict[tuple[str, str], list[RelationColumn]] = {}
        for schema, table, name, kind, modifier, key in self._connection.execute(_TABLES):
            if selected.includes(schema, table):
                column = RelationColumn(name=name, type=kind, modifier=modifier, key=key)
                found.setdefault((schema, table), []).append(column)
        return [Table(schema=schema, name=name, columns=tuple(columns)) for (schema, name), columns in found.items()]

    def rows(self, table: Table) -> Iterator[list[tuple[str | None, ...]]]:
        """Yield the rows of a table as it is now, in batches, each value as text."""
        from psycopg import sql  # noqa: PLC0415

        columns = sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(one.name)) for one in table.columns)
        query = sql.SQL("select {} from {}").format(columns, sql.Identifier(table.schema, table.name))
        with self._connection.transaction(), self._connection.cursor(name="awsdms_load") as cursor:
            cursor.execute(query)
            while batch := cursor.fetchmany(_BATCH_ROWS):
                yield batch

    def has_slot(self, slot: str) -> bool:
        """Tell whether the log is kept for a slot still."""
        found = self._connection.execute(
            "select wal_status from pg_replication_slots where slot_name = %s", [slot]
        ).fetchone()
        return found is not None and found[0] != "lost"

    def create_slot(self, slot: str, tables: Sequence[Table]) -> None:
        """Keep the log from now on for a slot, and publish the changes of tables.

        Raises
        ------
        ReplicationError
            If the server logs too little.
        """
        from psycopg import sql  # noqa: PLC0415

        level = self._connection.execute("show wal_level").fetchone()
        if level is None or level[0] != "logical":
            raise ReplicationError(
                f"wal_level is {level[0] if level else None}, and must be logical: set rds.logical_replication to 1 in "
                "the parameter group, and reboot"
            )
        self.drop_slot(slot)
        named = sql.SQL(", ").join(sql.Identifier(table.schema, table.name) for table in tables)
        self._connection.execute(
            sql.SQL("create publication {} for table {} with (publish_via_partition_root)").format(
                sql.Identifier(slot), named
            )
        )
        self._connection.execute("select pg_create_logical_replication_slot(%s, 'pgoutput')", [slot])

    def publish(self, slot: str, table: Table) -> None:
        """Publish the changes of a further table, with whole rows."""
        from psycopg import sql  # noqa: PLC0415

        self._connection.execute(
            sql.SQL("alter publication {} add table {}").format(
                sql.Identifier(slot), sql.Identifier(table.schema, table.name)
            )
        )

    def log_whole_rows(self, table: Table) -> None:
        """Have the log hold whole rows of a table, also of updates and deletions."""
        from psycopg import sql  # noqa: PLC0415

        statement = sql.SQL("alter table {} replica identity full")
        self._connection.execute(statement.format(sql.Identifier(table.schema, table.name)))

    def published(self, slot: str) -> set[tuple[str, str]]:
        """Return the tables whose changes are published for a slot."""
        query = "select schemaname, tablename from pg_publication_tables where pubname = %s"
        return {(schema, table) for schema, table in self._connection.execute(query, [slot])}

    def drop_slot(self, slot: str) -> None:
        """Keep the log for a slot no longer."""
        from psycopg import sql  # noqa: PLC0415

        self._connection.execute(
            "select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = %s", [slot]
        )
        self._connection.execute(sql.SQL("drop publication if exists {}").format(sql.Identifier(slot)))

    def changes(self, slot: str, at_most: int) -> list[bytes]:
        """Return the next messages of the log, up to the end of a transaction; they stay there until `advance`."""
        query = (
            "select data from pg_logical_slot_peek_binary_changes(%s, null, %s, "
            "'proto_version', '1', 'publication_names', %s)"
        )
        return [bytes(data) for (data,) in self._connection.execute(query, [slot, at_most, slot])]

    def advance(self, slot: str, position: str) -> None:
        """Let the source forget its log up to a position."""
        self._connection.execute("select pg_replication_slot_advance(%s, %s)", [slot, position])

    def _kind(self, identity: int) -> str:
        """Return the name of a type; a domain is what it is made of."""
        query = (
            "select case typtype when 'e' then 'enum' when 'd' then format_type(typbasetype, null) "
            "else format_type(oid, null) end from pg_type where oid = %s"
        )
        found = self._connection.execute(query, [identity]).fetchone()
        return str(found[0]) if found else str(identity)
