"""An Iceberg table as a run writes it: to a branch of its own, which becomes the table in one commit.

A branch is seen by nobody who does not name it. So a batch is written, counted and compared with what was read
before anybody can query a row of it, and what a killed run has left is a branch that the next one drops.
https://iceberg.apache.org/docs/latest/branching/

Above 200 lines: the table and its branch, which change together.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lake_curation.columns import quoted

# How often rows are written again because something else, such as compaction, has changed the table meanwhile.
ATTEMPTS = 5
GLUE = "glue_catalog"
_DRAFTS = "curation_"
# Every snapshot is older.
_END_OF_TIME = 2**63 - 1
_CONFLICTS = ("ValidationException", "CommitFailedException")


class Conflict(Exception):
    """Another writer has changed the table since the branch was made."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """The commit that led to a snapshot.

    Parameters
    ----------
    operation: str
        Kind of the commit: append, replace, overwrite or delete.
    delete_files: str, optional
        How many delete files the snapshot has.
    """

    operation: str
    delete_files: str | None


@dataclass(frozen=True, kw_only=True)
class IcebergTable:
    """A table of the catalog.

    Parameters
    ----------
    spark: SparkSession
        Session with the catalog.
    database, name: str
        Its database and name.
    catalog: str
        Name of the catalog in Spark's settings. By default that of Glue.
    """

    spark: SparkSession
    database: str
    name: str
    catalog: str = GLUE

    @property
    def identifier(self) -> str:
        """The name of the table in SQL."""
        return f"{self.catalog}.{quoted(self.database)}.{quoted(self.name)}"

    def columns(self) -> list[str]:
        """Return the names of the table's columns."""
        return list(self.spark.table(self.identifier).columns)

    def evolve(self, types: Mapping[str, str]) -> None:
        """Add columns that the table lacks, and widen types, where no template does.

        Parameters
        ----------
        types: mapping
            Spark's types of the columns by their names.
        """
        found = {field.name: field.dataType.simpleString() for field in self.spark.table(self.identifier).schema}
        for name, kind in types.items():
            if name not in found:
                self.spark.sql(f"ALTER TABLE {self.identifier} ADD COLUMN {quoted(name)} {kind}")
            elif _is_wider(found[name], kind):
                self.spark.sql(f"ALTER TABLE {self.identifier} ALTER COLUMN {quoted(name)} TYPE {kind}")

    @property
    def properties(self) -> dict[str, str]:
        """The properties of the table, which change in the same commit as the rows."""
        return dict(self.java().properties())

    @property
    def snapshot(self) -> int | None:
        """The id of the current snapshot; None if nothing has ever been written."""
        found = self.java().currentSnapshot()
        return None if found is None else int(found.snapshotId())

    def rows(self) -> DataFrame:
        """Return the rows of the table as it is when they are read."""
        return self.spark.table(self.identifier)

    def history(self, since: int, until: int) -> list[Step]:
        """Return a snapshot and all that followed it up to another, newest first; none if it is no ancestor of that.

        Snapshots that have expired lead nowhere.
        """
        table = self.java()
        found: list[Step] = []
        at: int | None = until
        while at is not None and (snapshot := table.snapshot(at)) is not None:
            summary = dict(snapshot.summary() or {})
            found.append(Step(operation=snapshot.operation(), delete_files=summary.get("total-delete-files")))
            if at == since:
                return found
            at = snapshot.parentId()
        return []

    def changes(self, since: int, until: int) -> DataFrame:
        """Return the rows of files that were added and removed after a snapshot and up to another.

        https://iceberg.apache.org/docs/latest/spark-queries/#changelog-scan: `_change_type` is INSERT or DELETE, and
        `_change_ordinal` counts the snapshots. Compaction changes no row and is left out.
        """
        options = {"start-snapshot-id": str(since), "end-snapshot-id": str(until)}
        return self.spark.read.options(**options).table(f"{self.identifier}.changes")

    def delete_before(self, column: str, days: int) -> None:
        """Delete the rows whose time in a column is that many days ago or longer."""
        old = f"{quoted(column)} < current_timestamp() - INTERVAL {int(days)} DAYS"
        # A deletion of nothing would be a snapshot all the same.
        if not self.spark.table(self.identifier).where(old).isEmpty():
            self.spark.sql(f"DELETE FROM {self.identifier} WHERE {old}")

    def draft(self, batch: str) -> Draft:
        """Return a new branch for a batch."""
        # Of its own for each attempt: what another run has in hand must not become part of this one's.
        return Draft(table=self, branch=f"{_branch(batch)}{uuid.uuid4().hex}")

    def discard_drafts(self, batch: str) -> None:
        """Drop the branches that killed runs have left of a batch."""
        for name in [str(name) for name in self.java().refs().keySet()]:
            if name.startswith(_branch(batch)):
                Draft(table=self, branch=name).discard()

    def expire_snapshots(self) -> None:
        """Forget all snapshots so far, and delete the files that only they name; in a table bucket S3 deletes them."""
        table = self.java()
        # The files that a snapshot has removed are deleted when it expires, and not while it is the current one.
        table.newAppend().commit()
        table.expireSnapshots().expireOlderThan(_END_OF_TIME).retainLast(1).cleanExpiredFiles(
            self.catalog == GLUE
        ).commit()

    def remove_property(self, name: str) -> None:
        """Remove a property."""
        self.java().updateProperties().remove(name).commit()

    def java(self) -> Any:
        """Return the table of Iceberg's own API, as it is now."""
        jvm = self.spark._jvm
        table = jvm.org.apache.iceberg.spark.Spark3Util.loadIcebergTable(self.spark._jsparkSession, self.identifier)
        table.refresh()
        return table


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A branch on which a batch is written.

    Parameters
    ----------
    table: IcebergTable
        The table.
    branch: str
        Name of the branch.
    """

    table: IcebergTable
    branch: str

    @property
    def identifier(self) -> str:
        """The name of the branch in SQL."""
        return f"{self.table.identifier}.{quoted(f'branch_{self.branch}')}"

    def begin(self) -> None:
        """Make the branch of the table as it is now."""
        table = self.table.java()
        if table.currentSnapshot() is None:
            # Not every catalog lets a table without a snapshot have a branch.
            table.newAppend().commit()
        self.table.spark.sql(f"ALTER TABLE {self.table.identifier} CREATE BRANCH {quoted(self.branch)}")
        table = self.table.java()
        if table.currentSnapshot().schemaId() != table.schema().schemaId():
            # A snapshot is read with the columns that the table had then, and the template may have added some.
            table.newAppend().toBranch(self.branch).commit()

    def discard(self) -> None:
        """Drop the branch, where a killed run or a conflict has left one."""
        self.table.java()
        self.table.spark.sql(f"ALTER TABLE {self.table.identifier} DROP BRANCH IF EXISTS {quoted(self.branch)}")

    def base(self) -> DataFrame:
        """Return the rows that the branch begins with, whatever is written to it later."""
        snapshot = self.table.java().refs().get(self.branch).snapshotId()
        return self.table.spark.read.option("snapshot-id", snapshot).table(self.table.identifier)

    def rows(self) -> DataFrame:
        """Return the rows of the branch."""
        return self.table.spark.table(self.identifier)

    def append(self, rows: DataFrame) -> None:
        """Add rows."""
        rows.writeTo(self.identifier).append()

    def overwrite(self, rows: DataFrame) -> None:
        """Put rows in the place of all that there are."""
        rows.writeTo(self.identifier).overwrite(F.lit(True))

    def merge(self, rows: DataFrame, keys: Sequence[str], deleted: str) -> None:
        """Put rows in the place of those with the same keys; `deleted` is the column that ends a key."""
        # Cut off from how they came to be: the numbers of rows are not deterministic, which MERGE would refuse.
        rows = rows.localCheckpoint()
        on = " AND ".join(f"t.{quoted(key)} = s.{quoted(key)}" for key in keys)
        self.table.spark.sql(
            f"MERGE INTO {self.identifier} t USING {{rows}} s ON {on} "
            f"WHEN MATCHED AND s.{quoted(deleted)} THEN DELETE WHEN MATCHED THEN UPDATE SET * "
            f"WHEN NOT MATCHED AND NOT s.{quoted(deleted)} THEN INSERT *",
            rows=rows,
        )

    def publish(self, noted: Mapping[str, str]) -> None:
        """Make the branch the table, and note properties, in one commit.

        Raises
        ------
        Conflict
            If the table is not the one any more that the branch was made of, or another writer has dropped the branch.
        """
        table = self.table.java()
        if not table.refs().containsKey(self.branch):
            raise Conflict(f"the branch {self.branch} is gone")
        try:
            change = table.newTransaction()
            properties = change.updateProperties()
            for name, value in noted.items():
                properties.set(name, value)
            properties.commit()
            snapshots = change.manageSnapshots()
            snapshots.fastForwardBranch("main", self.branch)
            snapshots.removeBranch(self.branch)
            snapshots.commit()
            change.commitTransaction()
        except Exception as error:
            if not _is_conflict(error):
                raise
            raise Conflict(str(error)) from None
        self.table.spark.catalog.refreshTable(self.table.identifier)


def _branch(batch: str) -> str:
    """Return how the names of a batch's branches begin."""
    return f"{_DRAFTS}{re.sub('[^0-9A-Za-z]', '_', batch)}_"


def _is_conflict(error: Exception) -> bool:
    # What Iceberg says of a branch that the table has gone past, Spark passes on as an error of its own.
    if "is not an ancestor of" in str(error):
        return True
    cause = getattr(error, "java_exception", None)
    return cause is not None and cause.getClass().getSimpleName() in _CONFLICTS


def _is_wider(before: str, after: str) -> bool:
    """Tell whether Iceberg can read values of a type as those of another: https://iceberg.apache.org/spec/#schema-evolution."""
    if (before, after) in (("int", "bigint"), ("float", "double")):
        return True
    digits, more = (re.fullmatch(r"decimal\((\d+), ?(\d+)\)", kind) for kind in (before, after))
    return bool(digits and more and digits[2] == more[2] and int(more[1]) > int(digits[1]))
