"""The masked copy of an Iceberg table: an Iceberg table as well, which follows the other from snapshot to snapshot.

Two tables cannot commit together. So the commit that brings rows to the copy also notes of which snapshot of the table
it is the copy, and a run that finds it behind brings it up before it reads a record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from lake_curation.columns import DELETED, quoted
from lake_curation.errors import CurateError
from lake_curation.iceberg_table import ATTEMPTS, Conflict, Draft, IcebergTable
from lake_curation.masking import MaskingRules
from lake_curation.plan import Plan

# Properties of the copy: the snapshot that it is the copy of, by which rules, and that older ones have to go.
SOURCE, MASKING, EXPIRY = "lake.curation.source", "lake.curation.masking", "lake.curation.expiry"
_DRAFT = "copy"
_ADD_ONLY = ("append", "replace")


@dataclass(frozen=True, kw_only=True)
class IcebergCopy:
    """The copy of a table."""

    plan: Plan
    table: IcebergTable
    copy: IcebergTable
    rules: MaskingRules

    @classmethod
    def of(cls, spark: SparkSession, plan: Plan, args: Mapping[str, str], table: IcebergTable) -> IcebergCopy | None:
        """Return the copy that the arguments of the job name, or None."""
        rules = MaskingRules.of(plan, args)
        if rules is None:
            return None
        names = {"database": args["masked_database"], "name": args["masked_table"]}
        copy = IcebergTable(spark=spark, catalog=table.catalog, **names)
        return cls(plan=plan, table=table, copy=copy, rules=rules)

    @property
    def columns(self) -> list[str]:
        """The names of the copy's columns."""
        return [column.name for column in self.plan.masked if column.masking != "drop"]

    @property
    def types(self) -> dict[str, str]:
        """Spark's types of the copy's columns by their names: a hash is a text."""
        kept = (column for column in self.plan.masked if column.masking != "drop")
        return {column.name: "string" if column.masking == "hash" else column.type for column in kept}

    def catch_up(self) -> None:
        """Bring the copy to what the table holds now.

        Raises
        ------
        CurateError
            If the copy has not as many rows as the table then, or others keep changing it.
        """
        if self._behind():
            self.copy.discard_drafts(_DRAFT)
            self._follow()
        if EXPIRY in self.copy.properties:
            # They hold what must not be seen any more.
            self.copy.expire_snapshots()
            self.copy.remove_property(EXPIRY)

    def _behind(self) -> bool:
        snapshot, noted = self.table.snapshot, self.copy.properties
        return snapshot is not None and (noted.get(SOURCE), noted.get(MASKING)) != (str(snapshot), self.rules.identity)

    def _follow(self) -> None:
        for _ in range(ATTEMPTS):
            draft = self.copy.draft(_DRAFT)
            try:
                self._write(draft)
            except Conflict:
                draft.discard()
            else:
                return
        raise CurateError(f"the masked copy was changed by others during {ATTEMPTS} attempts; run the job again")

    def _write(self, draft: Draft) -> None:
        """Write to the branch what the copy lacks, compare its rows with the table's, and make it the copy."""
        draft.begin()
        # After the branch: a copy that has changed since then refuses the commit.
        if not self._behind():
            draft.discard()
            return
        noted, snapshot = self.copy.properties, self.table.snapshot
        assert snapshot is not None
        masked_otherwise = noted.get(MASKING) != self.rules.identity
        # Not by the snapshot's id: that would be with the columns that the table had then.
        table = self.table.rows()
        expected = table.count()
        followed = not masked_otherwise and self._carry_over(draft, int(noted.get(SOURCE, 0)), snapshot)
        if not followed or draft.rows().count() != expected:
            draft.overwrite(self.rules.masked(table))
        found = draft.rows().count()
        if self.table.snapshot != snapshot:
            raise Conflict("another writer has changed the table")
        if found != expected:
            raise CurateError(f"the masked copy has {found} rows, and the table {expected}")
        expiry = {EXPIRY: "due"} if masked_otherwise else {}
        draft.publish({SOURCE: str(snapshot), MASKING: self.rules.identity, **expiry})

    def _carry_over(self, draft: Draft, since: int, until: int) -> bool:
        """Write what has changed in the table since a snapshot; tell whether that could be done."""
        history = self.table.history(since, until)
        # Iceberg tells no changes of a table with delete files.
        if not history or any(step.delete_files != "0" for step in history):
            return False
        changes = self.table.changes(since, until)
        if all(step.operation in _ADD_ONLY for step in history[:-1]):
            draft.append(self.rules.masked(changes))
            return True
        if not self._has_key():
            return False
        key = [quoted(name) for name in self.plan.row_key]
        rows = self.rules.masked(self._latest(changes), DELETED).localCheckpoint()
        if rows.count() != rows.select(*key).distinct().count():
            # Another writer has added a key twice.
            return False
        draft.merge(rows, self.plan.row_key, DELETED)
        return True

    def _latest(self, changes: DataFrame) -> DataFrame:
        """Return the last change of each key, and whether it is a deletion: a changed row is a DELETE and an INSERT."""
        last = Window.partitionBy(*map(quoted, self.plan.row_key))
        rows = changes.withColumn(DELETED, F.col("_change_type") == "DELETE")
        place = F.rank().over(last.orderBy(F.col("_change_ordinal").desc(), F.col(DELETED)))
        return rows.withColumn("__place", place).where("__place = 1")

    def _has_key(self) -> bool:
        """Tell whether rows of the copy can be found by the key of the table."""
        masking = {column.name: column.masking for column in self.plan.masked}
        key = self.plan.row_key
        return bool(key) and all(masking[name] in ("none", "hash") for name in key)
