"""Curation into an Apache Iceberg table: one commit for each batch."""

from __future__ import annotations

import json
from dataclasses import asdict

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lake_curation.batch_counts import BatchCounts
from lake_curation.batch_reader import Parsed, kept
from lake_curation.columns import DELETED, quoted
from lake_curation.errors import CurateError
from lake_curation.history import versions_to_write
from lake_curation.iceberg_copy import IcebergCopy
from lake_curation.iceberg_table import ATTEMPTS, Conflict, Draft, IcebergTable
from lake_curation.ledger import Batch
from lake_curation.newest import ARRIVED, MATCHED, rows_to_write
from lake_curation.run import Run, good_rows

# Properties of the table: the batch that was written last, and its account.
BATCH, COUNTS = "lake.curation.batch", "lake.curation.counts"


class IcebergRun(Run):
    """A run that commits to a table."""

    def __init__(self, spark: SparkSession, args: dict[str, str]) -> None:
        catalog = {"catalog": args["catalog"]} if "catalog" in args else {}
        self.table = IcebergTable(spark=spark, database=args["database"], name=args["table"], **catalog)
        # Before the ledger is read: what another run commits later is a batch that this ledger need not know.
        self.batch_before = self.batch
        super().__init__(spark, args)
        self.copy = IcebergCopy.of(spark, self.plan, args, self.table)

    @property
    def batch(self) -> str | None:
        """The batch that was written last."""
        return self.table.properties.get(BATCH)

    def prepare(self) -> None:
        """Check that the tables have the plan's columns, and bring the copy up.

        The template changes columns, or this job where none can.
        """
        if self.args.get("evolve") == "true":
            self.table.evolve(self.plan.table)
        self.check_columns(self.table, self.plan.row)
        if self.copy:
            self.check_columns(self.copy.copy, self.copy.columns)
            self.copy.catch_up()

    @staticmethod
    def check_columns(table: IcebergTable, expected: list[str]) -> None:
        found = table.columns()
        if missing := [name for name in expected if name not in found]:
            raise CurateError(
                f"the table {table.database}.{table.name} has no column {missing[0]!r}; deploy the table's stack first"
            )

    def go(self) -> None:
        super().go()
        if self.plan.expire_by:
            self.table.delete_before(self.plan.expire_by, self.plan.expire_days)
            if self.copy:
                self.copy.catch_up()

    def account(self, batch: Batch) -> BatchCounts:
        account = self.curate(batch)
        if self.copy and account.read:
            self.copy.catch_up()
            account.masked = account.curated
        return account

    def curate(self, batch: Batch) -> BatchCounts:
        """Bring a batch to the table."""
        if batch.redone and self.batch == batch.identity:
            # Killed after the commit: all that was left to do is to say so.
            return BatchCounts(**json.loads(self.table.properties[COUNTS]))
        if batch.redone:
            self.remove_traces(batch)
        if not batch.objects and not batch.replayed:
            return BatchCounts()
        self.note(batch, {})
        with self.reader.parsed(batch) as parsed:
            account = self.begin_account(batch, parsed)
            for _ in range(ATTEMPTS):
                draft = self.table.draft(batch.identity)
                try:
                    return self.commit(draft, batch, parsed, account)
                except Conflict:
                    draft.discard()
        raise CurateError(f"the table was changed by others during {ATTEMPTS} attempts; run the job again")

    def withdraw(self, batch: Batch) -> None:
        """Give up a batch of quarantined records, unless they are in the table: then the next run ends it."""
        if self.batch != batch.identity:
            super().withdraw(batch)

    def remove_traces(self, batch: Batch) -> None:
        self.table.discard_drafts(batch.identity)
        self.files.delete(self.quarantine(batch))

    def commit(self, draft: Draft, batch: Batch, parsed: Parsed, account: BatchCounts) -> BatchCounts:
        """Write the rows of a batch, compare what was written with what was read, and make it the table.

        The branch comes first: rows are compared with what it was made of, and a table that has changed since then
        refuses the commit.
        """
        draft.begin()
        if self.batch != self.batch_before:
            draft.discard()
            raise CurateError("another run of this job has written to the table; the next run goes on from there")
        good = good_rows(parsed)
        choose = versions_to_write if self.plan.history else rows_to_write
        with kept(choose(self.plan, good, draft.base())) as rows:
            account.curated = rows.where(ARRIVED).count() if self.plan.history else rows.count()
            account.duplicates = good.count() - account.curated + parsed.replaced
            account.check()
            if account.curated:
                self.write(draft, rows)
        draft.publish({BATCH: batch.identity, COUNTS: json.dumps(asdict(account))})
        self.batch_before = batch.identity
        return account

    def write(self, draft: Draft, rows: DataFrame) -> None:
        """Write rows to the branch, and check that they are there.

        Raises
        ------
        CurateError
            If the table has not as many rows as it must.
        """
        plan = self.plan
        columns, merged = list(map(quoted, plan.row)), plan.newest or plan.history
        # Counted before anything is written: what is cached may be read again after that.
        more = f"CASE WHEN {DELETED} THEN -{MATCHED} ELSE 1 - {MATCHED} END" if merged else "1"
        expected = draft.rows().count() + rows.agg(F.sum(F.expr(more))).collect()[0][0]
        if not merged:
            draft.append(rows.select(*columns))
        else:
            draft.merge(rows.select(*columns, DELETED), plan.row_key, DELETED)
        if (found := draft.rows().count()) != expected:
            raise CurateError(f"the table has {found} rows after the batch instead of {expected}")
