"""Writing of batches to the table: one commit for each, which also notes the batch and its account."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lake_curation.batch_counts import BatchCounts
from lake_curation.batch_reader import Parsed, kept
from lake_curation.columns import DELETED, GOOD, QUARANTINED, ROW, STATUS, quoted
from lake_curation.duplicates import repeated
from lake_curation.errors import CurateError
from lake_curation.history import versions_to_write
from lake_curation.iceberg_copy import IcebergCopy
from lake_curation.iceberg_table import ATTEMPTS, Conflict, Draft, IcebergTable
from lake_curation.newest import ARRIVED, LEFT_OUT, MATCHED, newest_to_write
from lake_curation.plan import Plan

# Properties of the table: the batch that was written last, and its account.
BATCH, COUNTS = "lake.curation.batch", "lake.curation.counts"


class TableWriter:
    """The table, and its masked copy if there is one, as one run of the job writes them."""

    def __init__(self, spark: SparkSession, plan: Plan, args: Mapping[str, str]) -> None:
        catalog = {"catalog": args["catalog"]} if "catalog" in args else {}
        self.table = IcebergTable(spark=spark, database=args["database"], name=args["table"], **catalog)
        self.plan, self.may_evolve = plan, args.get("evolve") == "true"
        self.copy = IcebergCopy.of(spark, plan, args, self.table)
        self.batch_before = self.batch

    @property
    def batch(self) -> str | None:
        """The batch that was written last, by whichever run."""
        return self.table.properties.get(BATCH)

    def prepare(self) -> None:
        """Check that the tables have the plan's columns, and bring the copy up.

        The template changes columns, or this job where none can.
        """
        if self.may_evolve:
            self.table.evolve(self.plan.table)
        _check_columns(self.table, self.plan.row)
        if self.copy:
            if self.may_evolve:
                self.copy.copy.evolve(self.copy.types)
            _check_columns(self.copy.copy, self.copy.columns)
            self.copy.catch_up()

    def account_of(self, identity: str) -> BatchCounts | None:
        """Return the account of a batch that a killed run has committed; None if the table has not got it."""
        noted = self.table.properties
        return BatchCounts(**json.loads(noted[COUNTS])) if noted.get(BATCH) == identity else None

    def discard(self, identity: str) -> None:
        """Drop what a killed attempt at a batch has left."""
        self.table.discard_drafts(identity)

    def commit(self, identity: str, parsed: Parsed, account: BatchCounts) -> BatchCounts:
        """Write the rows of a batch, however often another writer comes first, and complete its account."""
        for _ in range(ATTEMPTS):
            draft = self.table.draft(identity)
            try:
                return self._commit(draft, identity, parsed, account)
            except Conflict:
                draft.discard()
        raise CurateError(f"the table was changed by others during {ATTEMPTS} attempts; run the job again")

    def copy_to(self, account: BatchCounts) -> BatchCounts:
        """Bring a batch to the masked copy too."""
        if self.copy and account.read:
            self.copy.catch_up()
            account.masked = account.curated
        return account

    def expire_rows(self) -> None:
        """Delete the rows that are older than the plan keeps them."""
        if self.plan.expire_by:
            self.table.delete_before(self.plan.expire_by, self.plan.expire_days)
            if self.copy:
                self.copy.catch_up()

    def _commit(self, draft: Draft, identity: str, parsed: Parsed, account: BatchCounts) -> BatchCounts:
        """Write the rows, compare what was written with what was read, and make it the table.

        The branch comes first: rows are compared with what it was made of, and a table that has changed since then
        refuses the commit.
        """
        draft.begin()
        if self.batch != self.batch_before:
            draft.discard()
            raise CurateError("another run of this job has written to the table; the next run goes on from there")
        (self._merge if self.plan.newest or self.plan.history else self._append)(draft, parsed, account)
        draft.publish({BATCH: identity, COUNTS: json.dumps(asdict(account))})
        self.batch_before = identity
        return account

    def _append(self, draft: Draft, parsed: Parsed, account: BatchCounts) -> None:
        """Add the rows whose key is new."""
        good = parsed.rows.where(F.col(STATUS) == GOOD)
        before = draft.rows().count()
        with kept(repeated(self.plan, good, draft.base() if before else None)) as again:
            repetitions = again.count()
            _complete(account, parsed, curated=parsed.counts[GOOD] - repetitions)
            if account.curated:
                new = good.join(again, ROW, "left_anti") if repetitions else good
                draft.append(new.select(*map(quoted, self.plan.row)))
                _check_rows(draft, before + account.curated)

    def _merge(self, draft: Draft, parsed: Parsed, account: BatchCounts) -> None:
        """Put rows in the place of those with their keys, and remove those whose newest record is left out."""
        plan = self.plan
        sound = parsed.rows.where(F.col(STATUS) != QUARANTINED)
        choose = versions_to_write if plan.history else newest_to_write
        with kept(choose(plan, sound, draft.base())) as rows:
            # Counted before anything is written: what is cached may be read again after that.
            more = F.expr(f"CASE WHEN {DELETED} THEN -{MATCHED} ELSE 1 - {MATCHED} END")
            taken = F.expr(f"NOT {LEFT_OUT}" + (f" AND {ARRIVED}" if plan.history else ""))
            counts = (F.count_if(taken), F.count(F.lit(1)), F.coalesce(F.sum(more), F.lit(0)))
            [(curated, written, growth)] = rows.agg(*counts).collect()
            _complete(account, parsed, curated=curated)
            if written:
                expected = draft.rows().count() + growth
                draft.merge(rows.select(*map(quoted, plan.row), DELETED), plan.row_key, DELETED)
                _check_rows(draft, expected)


def _complete(account: BatchCounts, parsed: Parsed, *, curated: int) -> None:
    """Note what becomes of the good rows of a batch."""
    account.curated = curated
    account.duplicates = parsed.counts[GOOD] - curated + parsed.replaced
    account.check()


def _check_rows(draft: Draft, expected: int) -> None:
    if (found := draft.rows().count()) != expected:
        raise CurateError(f"the table has {found} rows after the batch instead of {expected}")


def _check_columns(table: IcebergTable, expected: list[str]) -> None:
    found = table.columns()
    if missing := [name for name in expected if name not in found]:
        raise CurateError(
            f"the table {table.database}.{table.name} has no column {missing[0]!r}; deploy the table's stack first"
        )
