"""Reading of a batch: its rows, and the objects that are set aside so that all others can be read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from pyspark import StorageLevel
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lake_curation.columns import MISCODED, OBJECT, QUARANTINED, RAW, STATUS
from lake_curation.damage import damaged_alone, damaged_texts
from lake_curation.heads import foreign
from lake_curation.ledger import Batch
from lake_curation.plan import Plan
from lake_curation.quarantine import lines_again, objects_again, quarantined
from lake_curation.references import References
from lake_curation.source import read
from lake_curation.storage import Location, SourceObject
from lake_curation.validation import validate


@dataclass(frozen=True, kw_only=True)
class Parsed:
    """The rows of a batch and how many have each status.

    `refused` are the URIs of objects that cannot be read, with their ETag and the reason; `replaced` is how many
    objects were refused once and are others now.
    """

    rows: DataFrame
    counts: Counter[str]
    refused: list[tuple[str, str, str]]
    replaced: int = 0


@dataclass(frozen=True, kw_only=True)
class Again:
    """The content of the quarantine: records, objects that are as they were, those that are gone, and how many differ.

    What has replaced an object is read by itself, so the object that was refused is only counted.
    """

    records: DataFrame | None = None
    objects: list[SourceObject]
    gone: list[tuple[str, str, str]]
    replaced: int = 0


@dataclass(frozen=True, kw_only=True)
class BatchReader:
    """Parser of batches."""

    spark: SparkSession
    plan: Plan
    references: References
    source: Location

    @contextmanager
    def parsed(self, batch: Batch) -> Iterator[Parsed]:
        """Parse a batch and keep its rows meanwhile; objects on which that fails are refused."""
        again = self._again(batch) if batch.replayed else Again(objects=batch.objects, gone=[])
        # Perhaps an object was why the attempt before was killed.
        refused = self._damaged_texts(again.objects) if batch.redone else {}
        while True:
            sound = [item for item in again.objects if item.key not in refused]
            reading = read(self.spark, self.plan, self.source.bucket, sound, again.records)
            sound = [item for item in sound if item.key not in reading.refused]
            with kept(validate(self.plan, reading.parts, self.references)) as rows:
                try:
                    counts = _count(rows)
                    found = self._foreign(rows, sound) if counts[QUARANTINED] else {}
                except Exception:
                    found = self._damaged(sound)
                    if not found:
                        raise
                refused |= reading.refused | found
                if not found:
                    named = [
                        (self.source.uri_of(item), item.etag, refused[item.key])
                        for item in again.objects
                        if item.key in refused
                    ]
                    yield Parsed(
                        rows=rows,
                        counts=counts,
                        refused=[*named, *again.gone],
                        replaced=again.replaced,
                    )
                    return

    def _foreign(self, rows: DataFrame, objects: Sequence[SourceObject]) -> dict[str, str]:
        """Return the objects that hold something else than text, whose lines would all be refused one by one."""
        if self.plan.format in ("csv", "parquet"):
            return {}
        odd = F.col(MISCODED) | F.col(RAW).contains("\0")
        found = rows.where((F.col(STATUS) == QUARANTINED) & odd).select(OBJECT).distinct().collect()
        uris = {row[OBJECT] for row in found}
        return foreign(self.source.bucket, [item for item in objects if self.source.uri_of(item) in uris])

    def _damaged(self, objects: Sequence[SourceObject]) -> dict[str, str]:
        """Return the objects on which parsing fails; none if it fails for another reason."""

        def parse(some: Sequence[SourceObject]) -> None:
            # All columns, and not kept: a full disk is no fault of an object.
            reading = read(self.spark, self.plan, self.source.bucket, some)
            rows = validate(self.plan, reading.parts, self.references)
            rows.write.format("noop").mode("overwrite").save()

        return self._damaged_texts(objects) or (damaged_alone(parse, objects) if objects else {})

    def _damaged_texts(self, objects: Sequence[SourceObject]) -> dict[str, str]:
        return {} if self.plan.format == "parquet" else damaged_texts(self.spark, self.source.bucket, objects)

    def _again(self, batch: Batch) -> Again:
        found = quarantined(self.spark, batch.replayed)
        present = {self.source.uri_of(item): item for item in self.source.objects()}
        named = objects_again(found)
        objects = [present[uri] for uri, etag in named if uri in present and present[uri].etag == etag]
        gone = [(uri, etag, "it is not there any more") for uri, etag in named if uri not in present]
        replaced = len(named) - len(objects) - len(gone)
        return Again(records=lines_again(found), objects=objects, gone=gone, replaced=replaced)


def _count(rows: DataFrame) -> Counter[str]:
    """Return how many rows have each status."""
    return Counter({group[STATUS]: group["count"] for group in rows.groupBy(STATUS).count().collect()})


@contextmanager
def kept(rows: DataFrame) -> Iterator[DataFrame]:
    """Keep rows on the workers' disks while they are used."""
    try:
        yield rows.persist(StorageLevel.DISK_ONLY)
    finally:
        rows.unpersist()
