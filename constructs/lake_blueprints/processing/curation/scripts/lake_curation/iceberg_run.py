"""Curation into an Apache Iceberg table: one commit for each batch."""

from __future__ import annotations

from dataclasses import asdict

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lake_curation.batch_counts import BatchCounts
from lake_curation.batch_reader import Parsed, kept
from lake_curation.columns import DELETED, quoted
from lake_curation.errors import CurateError
from lake_curation.iceberg_table import Conflict, Draft, IcebergTable
from lake_curation.ledger import Batch
from lake_curation.newest import MATCHED, rows_to_write
from lake_curation.run import Run, good_rows

# How often a batch is written again because something else, such as compaction, has changed the table meanwhile.
_ATTEMPTS = 5


class IcebergRun(Run):
    """A run that commits to a table."""

    def __init__(self, spark: SparkSession, args: dict[str, str]) -> None:
        super().__init__(spark, args)
        catalog = {"catalog": args["catalog"]} if "catalog" in args else {}
        self.table = IcebergTable(spark=spark, database=args["database"], name=args["table"], **catalog)
        self.batch_before = self.table.batch

    def prepare(self) -> None:
        """Check that the table has the plan's columns: the template changes them, or this job where none can."""
        if self.args.get("evolve") == "true":
            self.table.evolve(self.plan.table)
        missing = [name for name in self.plan.written if name not in self.table.columns()]
        if missing:
            raise CurateError(
                f"the table {self.args['database']}.{self.args['table']} has no column {missing[0]!r}; deploy the "
                "table's stack first"
            )

    def account(self, batch: Batch) -> BatchCounts:
        if batch.redone and self.table.batch == batch.identity:
            # Killed after the commit: all that was left to do is to say so.
            return BatchCounts(**self.table.counts)
        if batch.redone:
            self.remove_traces(batch)
        if not batch.objects and not batch.replayed:
            return BatchCounts()
        self.note(batch, {})
        with self.reader.parsed(batch) as parsed:
            account = self.begin_account(batch, parsed)
            draft = self.table.draft(batch.identity)
            for _ in range(_ATTEMPTS):
                try:
                    return self.commit(draft, batch, parsed, account)
                except Conflict:
                    draft.discard()
        raise CurateError(f"the table was changed by others during {_ATTEMPTS} attempts; run the job again")

    def remove_traces(self, batch: Batch) -> None:
        self.table.draft(batch.identity).discard()
        self.files.delete(self.quarantine(batch))

    def commit(self, draft: Draft, batch: Batch, parsed: Parsed, account: BatchCounts) -> BatchCounts:
        """Write the rows of a batch, compare what was written with what was read, and make it the table.

        The branch comes first: rows are compared with what it was made of, and a table that has changed since then
        refuses the commit.
        """
        draft.begin()
        if self.table.batch != self.batch_before:
            draft.discard()
            raise CurateError("another run of this job has written to the table; the next run goes on from there")
        good = good_rows(parsed)
        with kept(rows_to_write(self.plan, good, draft.base())) as rows:
            number = rows.count()
            account.curated = number
            account.duplicates = good.count() - number + parsed.replaced
            account.check()
            if number:
                self.write(draft, rows)
        draft.publish(batch.identity, asdict(account))
        self.batch_before = batch.identity
        return account

    def write(self, draft: Draft, rows: DataFrame) -> None:
        """Write rows to the branch, and check that they are there.

        Raises
        ------
        CurateError
            If the table has not as many rows as it must.
        """
        columns = list(map(quoted, self.plan.written))
        # Counted before anything is written: what is cached may be read again after that.
        more = f"CASE WHEN {DELETED} THEN -{MATCHED} ELSE 1 - {MATCHED} END" if self.plan.newest else "1"
        expected = draft.rows().count() + rows.agg(F.sum(F.expr(more))).collect()[0][0]
        if not self.plan.newest:
            draft.append(rows.select(*columns))
        else:
            draft.merge(rows.select(*columns, DELETED), self.plan.primary_key, DELETED)
        if (found := draft.rows().count()) != expected:
            raise CurateError(f"the table has {found} rows after the batch instead of {expected}")
