"""Tables of a destination: their columns, what is known of their replication, and rows by key."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

import pyarrow as pa

from local_cloud.engines.zero_etl.types import converted
from local_cloud.sql.duck import Session, identifier

SCHEMA = "local_cloud"
"""Schema of what the destination keeps of itself, in the transaction in which it writes rows."""
_STAGED = "zero_etl_staged"
SYNCED, FAILED = "Synced", "Failed"

Values = Mapping[str, str | None]
Key = tuple[str | None, ...]


@dataclass(frozen=True, kw_only=True)
class ReplicatedTable:
    """A table of a destination.

    Parameters
    ----------
    schema, name: str
        Its name, as in the source.
    columns: mapping of str to str
        Types of the columns, by name; none of a table that failed.
    key: sequence of str
        The primary key.
    reason: str
        Why it failed; empty: it did not.
    """

    schema: str
    name: str
    columns: Mapping[str, str]
    key: Sequence[str]
    reason: str = ""

    @property
    def state(self) -> str:
        return FAILED if self.reason else SYNCED

    @property
    def qualified(self) -> str:
        return f"{identifier(self.schema)}.{identifier(self.name)}"

    def same_shape(self, other: ReplicatedTable) -> bool:
        """Tell whether another table has the same columns and key."""
        return list(self.columns.items()) == list(other.columns.items()) and list(self.key) == list(other.key)


def in_transaction(session: Session, work: Callable[[], None]) -> None:
    """Do something in one transaction."""
    session.execute("begin")
    try:
        work()
    except BaseException:
        session.execute("rollback")
        raise
    session.execute("commit")


class Catalog:
    """The tables of a destination, kept beside their rows."""

    def __init__(self, session: Session) -> None:
        self._session = session
        session.execute(f"create schema if not exists {SCHEMA}")
        session.execute(f"create table if not exists {SCHEMA}.tables (name varchar primary key, content varchar)")

    def all(self) -> dict[tuple[str, str], ReplicatedTable]:
        """Return the tables, by schema and name."""
        found = [
            ReplicatedTable(**json.loads(content))
            for (content,) in self._session.execute(f"select content from {SCHEMA}.tables order by name").fetchall()
        ]
        return {(table.schema, table.name): table for table in found}

    def define(self, table: ReplicatedTable) -> None:
        """Define a table without rows, in place of a former one; one that failed is only remembered."""
        self.drop(table)
        if not table.reason:
            self._session.execute(f"create schema if not exists {identifier(table.schema)}")
            columns = ", ".join(f"{identifier(name)} {kind}" for name, kind in table.columns.items())
            self._session.execute(f"create table {table.qualified} ({columns})")
        content = json.dumps(asdict(table))
        self._session.execute(f"insert into {SCHEMA}.tables values (?, ?)", [table.qualified, content])

    def drop(self, table: ReplicatedTable) -> None:
        """Forget a table, and its rows."""
        self._session.execute(f"drop table if exists {table.qualified}")
        self._session.execute(f"delete from {SCHEMA}.tables where name = ?", [table.qualified])

    def insert(self, table: ReplicatedTable, rows: Iterable[Values]) -> None:
        """Add rows, whose values are texts."""
        values = ", ".join(converted(name, kind) for name, kind in table.columns.items())
        with _Staged(self._session, list(table.columns), rows):
            self._session.execute(f"insert into {table.qualified} select {values} from {_STAGED}")

    def delete(self, table: ReplicatedTable, keys: Iterable[Key]) -> None:
        """Delete the rows of keys."""
        rows = [dict(zip(table.key, key, strict=True)) for key in keys]
        same = " and ".join(f"t.{identifier(n)} = s.{identifier(n)}" for n in table.key)
        values = ", ".join(f"{converted(name, table.columns[name])} as {identifier(name)}" for name in table.key)
        with _Staged(self._session, list(table.key), rows):
            source = f"(select {values} from {_STAGED}) as s"
            self._session.execute(f"delete from {table.qualified} as t using {source} where {same}")

    def clear(self, table: ReplicatedTable) -> None:
        """Delete all rows."""
        self._session.execute(f"delete from {table.qualified}")


class _Staged:
    """Rows of texts as a table of the session, for one statement."""

    def __init__(self, session: Session, names: Sequence[str], rows: Iterable[Values]) -> None:
        self._session = session
        found = list(rows)
        columns = {name: pa.array([row.get(name) for row in found], pa.string()) for name in names}
        self._table = pa.table(columns)

    def __enter__(self) -> None:
        self._session.connection.register(_STAGED, self._table)

    def __exit__(self, *_: object) -> None:
        self._session.connection.unregister(_STAGED)
