"""One run of the curation job: everything new, batch by batch."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import asdict

from pyspark.sql import SparkSession

from lake_curation import dynamodb
from lake_curation.batch_counts import BatchCounts
from lake_curation.batch_reader import BatchReader, Parsed
from lake_curation.columns import FILTERED, QUARANTINED
from lake_curation.files import Files
from lake_curation.ledger import Batch, Ledger
from lake_curation.plan import Plan
from lake_curation.quarantine import write_quarantine
from lake_curation.references import References
from lake_curation.storage import Location, SourceObject
from lake_curation.table_writer import TableWriter

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
    """One run of the job."""

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
        )
        # Before the ledger is read: what another run commits later is a batch that this ledger need not know.
        self.writer = TableWriter(spark, self.plan, args)
        self.ledger = Ledger.load(self.state)

    def go(self) -> None:
        """Work through the batches; a run that finds nothing new reports zeros.

        What arrives meanwhile is for the next run: beside a busy source, this one would never end.
        """
        self.forget_replayed()
        self.writer.prepare()
        arrived = self.ledger.waiting(self.arrived())
        self.report(self.ledger.next_batch(arrived))
        if "replay" in self.args and (folders := self.files.folders(self.args["quarantine"])):
            self.report(self.ledger.replay(folders))
        while (batch := self.ledger.next_batch(arrived)).objects:
            self.report(batch)
        self.writer.expire_rows()

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
        """Bring a batch to the table and to its copy; what a killed attempt has left is completed or dropped."""
        if batch.redone and (done := self.writer.account_of(batch.identity)):
            # Killed after the commit: all that was left to do is to say so.
            return self.writer.copy_to(done)
        if batch.redone:
            self.remove_traces(batch)
        if not batch.objects and not batch.replayed:
            return BatchCounts()
        self.ledger.begin(batch)
        self.ledger.save(self.state)
        with self.reader.parsed(batch) as parsed:
            account = self.writer.commit(batch.identity, parsed, self.begin_account(batch, parsed))
        return self.writer.copy_to(account)

    def remove_traces(self, batch: Batch) -> None:
        """Delete what a killed attempt has written."""
        self.writer.discard(batch.identity)
        self.files.delete(self.quarantine(batch))

    def withdraw(self, batch: Batch) -> None:
        """Give up a batch of quarantined records, unless they are in the table: then the next run ends it."""
        if self.writer.batch != batch.identity:
            self.remove_traces(batch)
            self.ledger.pending = None
            self.ledger.save(self.state)

    def forget_replayed(self) -> None:
        """Delete the folders of the quarantine whose records are elsewhere now."""
        if self.ledger.replayed:
            for folder in self.ledger.replayed:
                self.files.delete(folder)
            self.ledger.replayed = []
            self.ledger.save(self.state)

    def quarantine(self, batch: Batch) -> str:
        return f"{self.args['quarantine']}batch={batch.identity}/"

    def begin_account(self, batch: Batch, parsed: Parsed) -> BatchCounts:
        """Count what was read, and set aside what is refused."""
        counts = parsed.counts
        account = BatchCounts(
            read=counts.total() + len(parsed.refused) + parsed.replaced,
            filtered=counts[FILTERED],
            quarantined_objects=len(parsed.refused),
        )
        if counts[QUARANTINED] or parsed.refused:
            folder = self.quarantine(batch)
            account.quarantined, account.reasons = write_quarantine(
                self.plan, parsed.rows, parsed.refused, folder, batch.identity
            )
        return account
