"""The history of a curated table: its snapshots, a mistake that an older one makes good, and what compaction leaves."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from examples.demo.errors import DemoError
from examples.demo.queries import Athena, Cell

_OLDEST_FIRST = """SELECT snapshot_id, CAST(committed_at AS varchar), operation,
  coalesce(element_at(summary, 'added-data-files'), '0'), coalesce(element_at(summary, 'added-delete-files'), '0')
FROM "{database}"."{table}$snapshots" ORDER BY committed_at"""


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """A snapshot: the rows that a query finds which travels back to it, and the files that came with it."""

    identity: str
    committed_at: str
    operation: str
    rows: int
    data_files: int
    delete_files: int


@dataclass(kw_only=True)
class History:
    """The history of one table.

    Parameters
    ----------
    table: str
        Its name.
    deleted: int
        Rows that a statement deleted, and that came back from the snapshot before.
    compacted: int
        Files that compaction has written again.
    snapshots: list of Snapshot
        Its snapshots, the oldest first.
    """

    table: str
    deleted: int = 0
    compacted: int = 0
    snapshots: list[Snapshot] = field(default_factory=list)

    def check_compacted(self) -> None:
        """Refuse a compaction that has committed nothing, or changed the number of rows.

        Raises
        ------
        DemoError
            With the last two snapshots.
        """
        before, after = self.snapshots[-2:]
        if not self.compacted or (after.operation, after.rows) != ("replace", before.rows):
            raise DemoError(
                f"{self.table}: compaction wrote {self.compacted} files again; the last two snapshots are "
                f"{before.operation} with {before.rows:,} rows and {after.operation} with {after.rows:,}"
            )


def compacted(glue: Any, database: str, table: str) -> int:
    """Return the number of files that the last compaction has written again.

    Raises
    ------
    DemoError
        If it failed.
    """
    found = glue.list_table_optimizer_runs(
        CatalogId=glue.get_table(DatabaseName=database, Name=table)["Table"]["CatalogId"],
        DatabaseName=database,
        TableName=table,
        Type="compaction",
    )["TableOptimizerRuns"]
    if found and found[0]["eventType"] == "failed":
        raise DemoError(f"{table}: compaction failed: {found[0]['error']}")
    return int(found[0]["metrics"]["NumberOfFilesCompacted"]) if found else 0


class Traveller:
    """Statements that see a table as it is, and as it was.

    Parameters
    ----------
    athena: Athena
        Where they run.
    database, table: str
        The Iceberg table.
    """

    def __init__(self, athena: Athena, database: str, table: str) -> None:
        self._athena, self._names = athena, {"database": database, "table": table}
        self._table = '"{database}".{table}'.format(**self._names)

    def snapshots(self) -> list[Snapshot]:
        """Return all snapshots, the oldest first."""
        return [
            Snapshot(
                identity=str(identity),
                # In UTC, to the second.
                committed_at=str(committed_at)[:19],
                operation=str(operation),
                rows=self._count(f"{self._table} FOR VERSION AS OF {identity}"),
                data_files=int(str(data_files)),
                delete_files=int(str(delete_files)),
            )
            for identity, committed_at, operation, data_files, delete_files in self._ask(_OLDEST_FIRST)
        ]

    def lose_and_recover(self, condition: str) -> int:
        """Delete rows, as if by mistake, and add them again from the snapshot before; return how many there were.

        Raises
        ------
        DemoError
            If nothing was deleted, or not exactly that came back.
        """
        before, rows = self.snapshots()[-1], self._count(self._table)
        self._ask(f"DELETE FROM {self._table} WHERE {condition}")
        lost = rows - self._count(self._table)
        then = f"{self._table} FOR VERSION AS OF {before.identity}"
        self._ask(f"INSERT INTO {self._table} SELECT * FROM {then} WHERE {condition}")
        found = self._count(self._table)
        if not lost or found != rows:
            raise DemoError(
                f"{self._names['table']}: of {rows:,} rows {lost:,} were deleted, and {found:,} are there after they "
                f"were taken from snapshot {before.identity}"
            )
        return lost

    def _count(self, relation: str) -> int:
        ((rows,),) = self._ask(f"SELECT count(*) FROM {relation}")
        return int(str(rows))

    def _ask(self, sql: str) -> tuple[tuple[Cell, ...], ...]:
        return self._athena.ask(sql.format(**self._names)).rows
