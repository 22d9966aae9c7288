"""Curation into a table of Hive-style Parquet, whose files the ledger of the job keeps apart from leftovers."""

from __future__ import annotations

from pyspark.sql import SparkSession

from lake_curation.batch_counts import BatchCounts
from lake_curation.batch_reader import Parsed, kept
from lake_curation.catalog import register_partitions, renew_partitions
from lake_curation.columns import GOOD, ROW, quoted
from lake_curation.duplicates import repeated
from lake_curation.ledger import Batch
from lake_curation.masking import MaskedCopy
from lake_curation.run import Run, good_rows
from lake_curation.schema_evolution import SchemaEvolution
from lake_curation.writing import append


class ParquetRun(Run):
    """A run that appends files to a table."""

    def __init__(self, spark: SparkSession, args: dict[str, str]) -> None:
        super().__init__(spark, args)
        self.copy = MaskedCopy.of(spark, self.plan, args)

    def prepare(self) -> None:
        self.reshape()
        self.renew_copy()

    def account(self, batch: Batch) -> BatchCounts:
        """Undo what a killed attempt has left, then do the work and check that every record is accounted for."""
        if batch.redone:
            self.remove_traces(batch)
        if not batch.objects and not batch.replayed:
            return BatchCounts()
        self.note(batch, batch.before)
        # Parsed once, used up to four times.
        with self.reader.parsed(batch) as parsed:
            account = self.curate(batch, parsed)
        account.check()
        self.register(account.partitions)
        return account

    def remove_traces(self, batch: Batch) -> None:
        """Delete what a killed attempt has written."""
        self.files.remove_leftovers(batch.before)
        self.files.delete(self.quarantine(batch))

    def register(self, partitions: list[str]) -> None:
        """Tell the Data Catalog about partitions of the table and of its masked copy."""
        args = self.args
        register_partitions(args["database"], args["table"], args["target"], partitions)
        if self.copy:
            register_partitions(args["masked_database"], args["masked_table"], self.copy.copy, partitions)

    def curate(self, batch: Batch, parsed: Parsed) -> BatchCounts:
        """Write the rows of a batch to the table and the quarantine."""
        target, folders, good = self.args["target"], parsed.folders, good_rows(parsed)
        account = self.begin_account(batch, parsed)
        copies = [self.copy.folder(folder) for folder in folders] if self.copy else []
        before = {folder: self.files.data(folder) for folder in (*folders, *copies)}
        with kept(repeated(self.plan, good, [folder for folder in folders if before[folder]], target)) as again:
            repetitions = again.count()
            account.duplicates = repetitions + parsed.replaced
            self.note(batch, {folder: list(files) for folder, files in before.items()})
            if parsed.counts[GOOD] > repetitions:
                new = good.join(again, ROW, "left_anti") if repetitions else good
                append(self.plan, new.select(*map(quoted, self.plan.written)), target)
        written = self.written(folders, before)
        account.curated = self.rows(written)
        account.output_files, account.output_bytes = len(written), sum(written.values())
        account.partitions = self.files.partitions(written, target)
        if self.copy:
            # From the files and not from the rows: what is in the table is in the copy, whatever happens.
            if written:
                self.copy.add(written)
            account.masked = self.rows(self.written(copies, before))
        return account

    def written(self, folders: list[str], before: dict[str, dict[str, int]]) -> dict[str, int]:
        """Return path and size of the files that have been added to folders."""
        found = ((path, size, before[folder]) for folder in folders for path, size in self.files.data(folder).items())
        return {path: size for path, size, known in found if path not in known}

    def rows(self, files: dict[str, int]) -> int:
        return self.spark.read.parquet(*files).count() if files else 0

    def reshape(self) -> None:
        """Bring older files and partitions to the columns that the table has now."""
        ledger, args = self.ledger, self.args
        while ledger.reshaping or ledger.table != self.plan.table:
            # What a killed run has begun is ended first, whatever the plan says now.
            wanted = ledger.reshaping["to"] if ledger.reshaping else self.plan.table
            SchemaEvolution(
                spark=self.spark,
                ledger=ledger,
                state=self.state,
                target=args["target"],
                partition_keys=self.plan.partition_keys,
            ).migrate_to(wanted)
            renew_partitions(args["database"], args["table"])
            if self.copy:
                renew_partitions(args["masked_database"], args["masked_table"])
            if ledger.reshaping:
                # The masked copy is made of the table's files, so it is recreated.
                ledger.masking = ""
            ledger.table, ledger.reshaping = wanted, {}
            ledger.save(self.state)

    def renew_copy(self) -> None:
        """Rewrite the masked copy if it was made by other rules or with another salt, or never or not wholly."""
        identity = self.copy.identity if self.copy else ""
        if self.copy and self.ledger.masking != identity:
            self.files.remove_leftovers(self.ledger.before())
            self.ledger.forget(self.copy.copy)
            self.ledger.masking = ""
            self.ledger.save(self.state)
            self.register(self.copy.renew(self.files))
        if self.ledger.masking != identity:
            self.ledger.masking = identity
            self.ledger.save(self.state)
