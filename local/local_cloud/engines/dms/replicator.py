"""One run of a replication: the rows that tables have, then the changes, written and only then forgotten.

Above 200 lines: what a run does, with the progress that it keeps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pyarrow as pa

from local_cloud.engines.dms.errors import ReplicationError
from local_cloud.engines.dms.files import Row, TableFiles, TargetSettings, next_time
from local_cloud.engines.dms.mappings import Selection, Settings
from local_cloud.engines.dms.pgoutput import Change, Commit, RelationColumn, decode
from local_cloud.engines.dms.postgresql import PostgresqlSource, Table
from local_cloud.engines.dms.types import ColumnType, column_type
from local_cloud.server.objects import ObjectStore

_CHANGES = 10_000
_KB = 1024


@dataclass(kw_only=True)
class TableProgress:
    """Progress of a table, as DescribeTableStatistics tells it."""

    schema: str
    name: str
    state: str = "Before load"
    rows: int = 0
    inserts: int = 0
    updates: int = 0
    deletes: int = 0
    ddls: int = 0

    @property
    def loaded(self) -> bool:
        return self.state == "Table completed"


@dataclass(kw_only=True)
class Progress:
    """Progress of a replication: all that a run needs to go on where another one ended."""

    begun: datetime
    tables: dict[str, TableProgress] = field(default_factory=dict)
    has_slot: bool = False
    last_file: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Instructions for a run: tables, source and target."""

    slot: str
    mode: str
    selection: Selection
    settings: Settings
    target: TargetSettings
    booleans: bool
    fails_on_long_values: bool

    @property
    def loads(self) -> bool:
        return self.mode != "cdc"

    @property
    def follows(self) -> bool:
        return self.mode != "full-load"


class Replicator:
    """A run over an open source.

    Parameters
    ----------
    plan: Plan
        What is replicated.
    source: PostgresqlSource
        Where from.
    objects: ObjectStore
        Where to.
    progress: Progress
        How far it has come; the run keeps it up to date.
    tell: callable
        Writes a line of the replication's log.
    """

    def __init__(
        self,
        plan: Plan,
        source: PostgresqlSource,
        objects: ObjectStore,
        progress: Progress,
        tell: Callable[[str], None],
    ) -> None:
        self._plan, self._source, self._objects, self._progress, self._tell = plan, source, objects, progress, tell
        self._keys: Mapping[str, Sequence[str]] = {}

    def prepare(self) -> list[Table]:
        """Find the tables, and have the log kept before the first row is read.

        Raises
        ------
        ReplicationError
            If there is no table, one has no primary key, or the source has not kept the log.
        """
        if self._plan.target.bucket not in self._objects.buckets():
            raise ReplicationError(f"the bucket {self._plan.target.bucket} does not exist")
        tables = self._source.tables(self._plan.selection)
        if not tables:
            raise ReplicationError("no table was found that the mappings select")
        if self._plan.follows:
            for table in tables:
                if not table.has_key:
                    raise ReplicationError(
                        f"table {table.full_name} has no primary key: DMS ignores its updates and deletions, and "
                        "PostgreSQL would refuse them once they are published"
                    )
            if not self._progress.has_slot:
                self._source.create_slot(self._plan.slot, tables)
                self._progress.has_slot = True
            elif not self._source.has_slot(self._plan.slot):
                raise ReplicationError(
                    f"the source does not keep its log for slot {self._plan.slot} any more: changes are lost; start it "
                    "with reload-target"
                )
        if self._progress.tables and self._progress.tables.keys() != {table.full_name for table in tables}:
            raise ReplicationError("the mappings select other tables than before; start with reload-target")
        self._keys = {table.full_name: [one.name for one in table.columns if one.key] for table in tables}
        for table in tables:
            known = TableProgress(schema=table.schema, name=table.name)
            self._progress.tables.setdefault(table.full_name, known)
        return tables

    def load(self, table: Table, goes_on: Callable[[], bool] = lambda: True) -> None:
        """Write the rows of a table, from the first; `goes_on` tells whether to read more."""
        progress = self._progress.tables[table.full_name]
        progress.state, progress.rows = "Full load", 0
        types, names = self._types(table.columns), [column.name for column in table.columns]
        files = TableFiles(self._plan.target, self._objects, table.schema, table.name)
        mark = "I" if self._plan.target.marks_loaded_rows else ""
        number, waiting, size = 1, list[pa.Table](), 0
        for batch in self._source.rows(table):
            if not goes_on():
                return
            at = self._progress.begun if self._plan.target.loads_at_start_time else datetime.now(UTC)
            rows = [
                Row(operation=mark, values=self._short(table.full_name, types, names, row), time=at) for row in batch
            ]
            waiting.append(files.rows(names, types, rows))
            size += waiting[-1].nbytes
            progress.rows += len(rows)
            if size >= self._plan.target.most_bytes:
                files.loaded(number, pa.concat_tables(waiting))
                number, waiting, size = number + 1, [], 0
        if waiting:
            files.loaded(number, pa.concat_tables(waiting))
        progress.state = "Table completed"

    def follow(self) -> int:
        """Write the changes that have been committed, a file for each table; return how many there were.

        Only then does the source forget its log up to there: of what is written and not forgotten yet, a run that
        goes on writes another file. What is committed meanwhile is for the next time, or a busy source would never be
        done with.
        """
        total = 0
        while messages := self._source.changes(self._plan.slot, _CHANGES):
            found = list(decode(messages))
            changes = [one for one in found if isinstance(one, Change)]
            self._write(changes)
            ends = [one.end for one in found if isinstance(one, Commit)]
            self._source.advance(self._plan.slot, ends[-1])
            self._count(changes)
            total += len(changes)
            if len(messages) < _CHANGES:
                break
        return total

    def _write(self, changes: Sequence[Change]) -> None:
        by_table: dict[str, list[Change]] = {}
        for change in changes:
            name = f"{change.relation.schema}.{change.relation.name}"
            if change.operation == "U" and any(
                key in change.old and change.old[key] != change.values.get(key) for key in self._keys.get(name, ())
            ):
                raise ReplicationError(
                    f"an update has changed the primary key of a row of {name}: what DMS writes to S3 of it is not "
                    "documented, and the local cloud does not guess"
                )
            if change.operation == "T":
                self._tell(f"{name} was truncated in the source; its rows stay in the target")
                continue
            by_table.setdefault(name, []).append(change)
        for name, of_table in by_table.items():
            for same in _runs(of_table):
                relation = same[0].relation
                types, names = self._types(relation.columns), [column.name for column in relation.columns]
                files = TableFiles(self._plan.target, self._objects, relation.schema, relation.name)
                rows = [
                    Row(
                        operation=change.operation,
                        values=self._short(name, types, names, [change.values.get(column) for column in names]),
                        time=change.committed,
                    )
                    for change in same
                ]
                self._progress.last_file = next_time(self._progress.last_file)
                files.changed(self._progress.last_file, files.rows(names, types, rows))

    def _count(self, changes: Sequence[Change]) -> None:
        for change in changes:
            name = f"{change.relation.schema}.{change.relation.name}"
            progress = self._progress.tables.setdefault(
                name, TableProgress(schema=change.relation.schema, name=change.relation.name)
            )
            counter = {"I": "inserts", "U": "updates", "D": "deletes", "T": "ddls"}[change.operation]
            setattr(progress, counter, getattr(progress, counter) + 1)

    def _types(self, columns: Sequence[RelationColumn]) -> list[ColumnType]:
        return [
            column_type(one.name, self._source.kind(one.type), one.modifier, booleans=self._plan.booleans)
            for one in columns
        ]

    def _short(
        self, table: str, types: Sequence[ColumnType], names: Sequence[str], values: Sequence[str | None]
    ) -> Sequence[str | None]:
        """Return values of which none is longer than DMS reads."""
        most = self._plan.settings.lob_max_kb * _KB
        long = [n for n, text in enumerate(values) if text is not None and types[n].length(text) > most]
        if long and self._plan.fails_on_long_values:
            raise ReplicationError(
                f"a value of column {names[long[0]]} of {table} is longer than LobMaxSize, "
                f"{self._plan.settings.lob_max_kb} KB"
            )
        if not long:
            return values
        return [
            text if n not in long or text is None else types[n].shortened(text, most) for n, text in enumerate(values)
        ]


def _runs(changes: Sequence[Change]) -> Iterator[list[Change]]:
    """Yield changes that follow each other and have the same columns."""
    run: list[Change] = []
    for change in changes:
        if run and run[0].relation.columns != change.relation.columns:
            yield run
            run = []
        run.append(change)
    if run:
        yield run
