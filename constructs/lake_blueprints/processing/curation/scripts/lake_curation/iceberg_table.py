"""An Iceberg table as a run writes it: to a branch of its own, which becomes the table in one commit.

A branch is seen by nobody who does not name it. So a batch is written, counted and compared with what was read
before anybody can query a row of it, and what a killed run has left is a branch that the next one drops.
https://iceberg.apache.org/docs/latest/branching/
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from lake_curation.columns import quoted

# Names of table properties: they change in the same commit as the rows.
BATCH, COUNTS = "lake.curation.batch", "lake.curation.counts"
_CONFLICTS = ("ValidationException", "CommitFailedException")


class Conflict(Exception):
    """Another writer has changed the table since the branch was made."""


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
    catalog: str = "glue_catalog"

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
    def batch(self) -> str | None:
        """The batch that was written last."""
        return self._properties().get(BATCH)

    @property
    def counts(self) -> dict[str, Any]:
        """The account of the batch that was written last."""
        found: dict[str, Any] = json.loads(self._properties().get(COUNTS, "{}"))
        return found

    def draft(self, batch: str) -> Draft:
        """Return the branch of a batch, which need not be there."""
        # Of its own for each batch: what another run has in hand must not become part of this one's.
        return Draft(table=self, branch=f"curation_{re.sub('[^0-9A-Za-z]', '_', batch)}")

    def _properties(self) -> Mapping[str, str]:
        return dict(self.java().properties())

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

    def publish(self, batch: str, counts: Mapping[str, Any]) -> None:
        """Make the branch the table, and note the batch and its account, in one commit.

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
            properties.set(BATCH, batch)
            properties.set(COUNTS, json.dumps(dict(counts)))
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
