"""An Iceberg table as a run writes it: to a branch of its own, which becomes the table in one commit.

A branch is seen by nobody who does not name it. So a batch is written, counted and compared with what was read
before anybody can query a row of it, and what a killed run has left is a branch that the next one drops.
https://iceberg.apache.org/docs/latest/branching/
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from lake_curation.columns import quoted

CATALOG = "glue_catalog"
BRANCH = "curation"
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
    """

    spark: SparkSession
    database: str
    name: str

    @property
    def identifier(self) -> str:
        """The name of the table in SQL."""
        return f"{CATALOG}.{quoted(self.database)}.{quoted(self.name)}"

    def rows(self) -> DataFrame:
        """Return the rows of the table."""
        return self.spark.table(self.identifier)

    def count(self) -> int:
        """Return the number of rows on the branch, or of the table where it has no branch."""
        return int(self._written().count())

    def columns(self) -> list[str]:
        """Return the names of the table's columns."""
        return list(self.rows().columns)

    @property
    def batch(self) -> str | None:
        """The batch that was written last."""
        return self._properties().get(BATCH)

    @property
    def counts(self) -> dict[str, Any]:
        """The account of the batch that was written last."""
        found: dict[str, Any] = json.loads(self._properties().get(COUNTS, "{}"))
        return found

    def discard(self) -> None:
        """Drop the branch that a killed run, or a conflict, has left."""
        self.spark.sql(f"ALTER TABLE {self.identifier} DROP BRANCH IF EXISTS {BRANCH}")

    def append(self, rows: DataFrame) -> None:
        """Add rows to the branch."""
        self._make_branch()
        rows.writeTo(f"{self.identifier}.branch_{BRANCH}").append()

    def merge(self, rows: DataFrame, keys: Sequence[str], deleted: str) -> None:
        """Put rows in the place of those with the same keys, on the branch; `deleted` is the column that ends a key."""
        self._make_branch()
        # Cut off from how they came to be: the numbers of rows are not deterministic, which MERGE would refuse.
        rows = rows.localCheckpoint()
        on = " AND ".join(f"t.{quoted(key)} = s.{quoted(key)}" for key in keys)
        self.spark.sql(
            f"MERGE INTO {self.identifier}.branch_{BRANCH} t USING {{rows}} s ON {on} "
            f"WHEN MATCHED AND s.{quoted(deleted)} THEN DELETE WHEN MATCHED THEN UPDATE SET * "
            f"WHEN NOT MATCHED AND NOT s.{quoted(deleted)} THEN INSERT *",
            rows=rows,
        )

    def publish(self, batch: str, counts: Mapping[str, Any]) -> None:
        """Make the branch the table, and note the batch and its account, in one commit.

        Raises
        ------
        Conflict
            If the table is not the one any more that the branch was made of.
        """
        change = self._java().newTransaction()
        properties = change.updateProperties()
        properties.set(BATCH, batch)
        properties.set(COUNTS, json.dumps(dict(counts)))
        properties.commit()
        try:
            if BRANCH in self._branches():
                snapshots = change.manageSnapshots()
                snapshots.fastForwardBranch("main", BRANCH)
                snapshots.removeBranch(BRANCH)
                snapshots.commit()
            change.commitTransaction()
        except Exception as error:
            if not _is_conflict(error):
                raise
            raise Conflict(str(error)) from None
        self.spark.catalog.refreshTable(self.identifier)

    def _written(self) -> DataFrame:
        branch = f"{self.identifier}.branch_{BRANCH}" if BRANCH in self._branches() else self.identifier
        return self.spark.table(branch)

    def _make_branch(self) -> None:
        table = self._java()
        if table.currentSnapshot() is None:
            # Not every catalog lets a table without a snapshot have a branch.
            table.newAppend().commit()
        self.spark.sql(f"ALTER TABLE {self.identifier} CREATE BRANCH IF NOT EXISTS {BRANCH}")

    def _branches(self) -> set[str]:
        return set(self._java().refs().keySet())

    def _properties(self) -> Mapping[str, str]:
        return dict(self._java().properties())

    def _java(self) -> Any:
        """Return the table of Iceberg's own API, as it is now."""
        jvm = self.spark._jvm
        table = jvm.org.apache.iceberg.spark.Spark3Util.loadIcebergTable(self.spark._jsparkSession, self.identifier)
        table.refresh()
        return table


def _is_conflict(error: Exception) -> bool:
    # What Iceberg says of a branch that the table has gone past, Spark passes on as an error of its own.
    if "is not an ancestor of" in str(error):
        return True
    cause = getattr(error, "java_exception", None)
    return cause is not None and cause.getClass().getSimpleName() in _CONFLICTS
