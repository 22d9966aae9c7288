"""Glue job: turn the new objects of a source prefix into rows of a curated table.

Every record is accounted for: read = curated + duplicates + filtered + quarantined. An object that cannot be read
counts as one. A run that was killed at any point is repaired by the next one. The plan, the guarantees and their
limits: docs/etl.md.

Above 200 lines: the order in which records are written is read from top to bottom.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable
from dataclasses import asdict, replace
from typing import Any

from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.utils import getResolvedOptions
from lake_curation import dynamodb
from lake_curation.batch_counts import BatchCounts
from lake_curation.batch_reader import BatchReader, Parsed, kept
from lake_curation.catalog import register_partitions, renew_partitions
from lake_curation.columns import FILTERED, GOOD, QUARANTINED, ROW, STATUS, quoted
from lake_curation.duplicates import repeated
from lake_curation.errors import CurateError, cause_of
from lake_curation.ledger import Batch, Ledger
from lake_curation.masking import MaskedCopy
from lake_curation.plan import Plan
from lake_curation.quarantine import write_quarantine
from lake_curation.references import References
from lake_curation.schema_evolution import SchemaEvolution
from lake_curation.storage import Location, SourceObject
from lake_curation.writing import Files, append
from pyspark import SparkContext
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

# Versions of Spark have different defaults for some of these; a row must not depend on the version of Glue.
SETTINGS = {
    "spark.sql.ansi.enabled": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_LTZ",
    "spark.sql.legacy.timeParserPolicy": "CORRECTED",
    "spark.sql.adaptive.enabled": "true",
    # Measured: the batch is cached in half the time, and is read a few times only.
    "spark.sql.inMemoryColumnarStorage.compressed": "false",
    # INT96, Spark's default, has no statistics, so that no engine can skip row groups by time.
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.int96RebaseModeInRead": "CORRECTED",
}


class Run:
    """One run of the job: everything new, batch by batch."""

    def __init__(self, spark: SparkSession, args: dict[str, str]) -> None:
        for key, value in SETTINGS.items():
            spark.conf.set(key, value)
        self.spark, self.args, self.files = spark, args, Files(spark)
        self.plan = Plan.parse(Location(args["plan"]).read())
        self.source, self.state = Location(args["source"]), Location(args["state"])
        self.reader = BatchReader(
            spark=spark,
            plan=self.plan,
            references=References(spark, json.loads(args.get("joins") or "{}")),
            source=self.source,
            target=args["target"],
        )
        self.ledger = Ledger.load(self.state)
        self.copy = MaskedCopy.of(spark, self.plan, args)

    def go(self) -> None:
        """Work through the batches; a run that finds nothing new reports zeros."""
        self.forget_replayed()
        self.reshape()
        self.renew_copy()
        self.report(self.ledger.next_batch(self.arrived()))
        if "replay" in self.args and (folders := self.files.folders(self.args["quarantine"])):
            self.report(self.ledger.replay(folders))
        while (batch := self.ledger.next_batch(self.arrived())).objects:
            self.report(batch)

    def arrived(self) -> Iterable[SourceObject]:
        """List what the source holds; of exports, the data files of those that are complete."""
        listed = self.source.objects()
        return dynamodb.exported(self.source, listed) if self.plan.format == dynamodb.FORMAT else listed

    def report(self, batch: Batch) -> None:
        """Work on a batch and leave its report. Only when that is done does it count as read."""
        started = time.monotonic()
        try:
            account = self.account(batch)
        except Exception:
            if batch.replayed:
                # Its records are in quarantine still; new ones must not wait for them.
                self.withdraw(batch)
            raise
        report = {
            "dataset": self.plan.dataset,
            "table": f"{self.args['database']}.{self.args['table']}",
            "version": self.plan.version,
            "batch": batch.identity,
            "redone": batch.redone,
            "replayed": bool(batch.replayed),
            **asdict(account),
            "input_objects": len(batch.objects),
            "input_bytes": sum(item.size for item in batch.objects),
            "seconds": round(time.monotonic() - started, 1),
        }
        self.state.write(f"runs/{batch.identity}.json", report)
        self.ledger.finish(batch.objects, batch.replayed)
        self.ledger.save(self.state)
        self.forget_replayed()
        print(json.dumps(report))

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

    def withdraw(self, batch: Batch) -> None:
        """Give up a batch of quarantined records, as if it had not begun."""
        self.remove_traces(replace(batch, before=self.ledger.before()))
        self.ledger.pending = None
        self.ledger.save(self.state)

    def remove_traces(self, batch: Batch) -> None:
        """Delete what a killed attempt has written."""
        self.files.remove_leftovers(batch.before)
        self.files.delete(self.quarantine(batch))

    def forget_replayed(self) -> None:
        """Delete the folders of the quarantine whose records are elsewhere now."""
        if self.ledger.replayed:
            for folder in self.ledger.replayed:
                self.files.delete(folder)
            self.ledger.replayed = []
            self.ledger.save(self.state)

    def quarantine(self, batch: Batch) -> str:
        return f"{self.args['quarantine']}batch={batch.identity}/"

    def register(self, partitions: list[str]) -> None:
        """Tell the Data Catalog about partitions of the table and of its masked copy."""
        args = self.args
        register_partitions(args["database"], args["table"], args["target"], partitions)
        if self.copy:
            register_partitions(args["masked_database"], args["masked_table"], self.copy.copy, partitions)

    def curate(self, batch: Batch, parsed: Parsed) -> BatchCounts:
        """Write the rows of a batch to the table and the quarantine."""
        target, rows, counts, folders = self.args["target"], parsed.rows, parsed.counts, parsed.folders
        account = BatchCounts(
            read=counts.total() + len(parsed.refused) + parsed.replaced,
            filtered=counts[FILTERED],
            quarantined_objects=len(parsed.refused),
        )
        if counts[QUARANTINED] or parsed.refused:
            folder = self.quarantine(batch)
            account.quarantined, account.reasons = write_quarantine(
                self.plan, rows, parsed.refused, folder, batch.identity
            )
        good = rows.where(F.col(STATUS) == GOOD)
        copies = [self.copy.folder(folder) for folder in folders] if self.copy else []
        before = {folder: self.files.data(folder) for folder in (*folders, *copies)}
        with kept(repeated(self.plan, good, [folder for folder in folders if before[folder]], target)) as again:
            repetitions = again.count()
            account.duplicates = repetitions + parsed.replaced
            self.note(batch, {folder: list(files) for folder, files in before.items()})
            if counts[GOOD] > repetitions:
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

    def note(self, batch: Batch, before: dict[str, list[str]]) -> None:
        self.ledger.begin(batch, before)
        self.ledger.save(self.state)


def main(argv: list[str]) -> None:
    names = ["JOB_NAME", "plan", "source", "target", "quarantine", "state", "database", "table"]
    optional = ["joins", "masked", "masked_database", "masked_table", "salt", "replay"]
    args: dict[str, Any] = getResolvedOptions(argv, [*names, *(name for name in optional if f"--{name}" in argv)])
    context = GlueContext(SparkContext.getOrCreate())
    # Without Job.init Glue does not apply the job's security configuration.
    job = Job(context)
    job.init(args["JOB_NAME"], args)
    try:
        Run(context.spark_session, args).go()
    except Exception as error:
        # Spark's own message names a stage and a task; the alarm should name the cause.
        if cause := cause_of(error):
            raise CurateError(cause) from error
        raise
    job.commit()


if __name__ == "__main__":
    main(sys.argv)
