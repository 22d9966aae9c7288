"""The account: where every record went, counted independently at each place."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pyarrow.parquet as pq

from examples.demo.errors import DemoError


@dataclass(frozen=True, kw_only=True)
class Account:
    """Record counts of a dataset: sent, curated, quarantined, duplicates.

    Parameters
    ----------
    sent: int
        Counted by the producer.
    curated: int
        Rows of the curated table, counted by Athena.
    quarantined: int
        Rows of the files in quarantine.
    duplicates, filtered: int
        Rows left out on purpose, as the run reports say: they are nowhere to be counted.
    reports: mapping
        Sums over the run reports, which must say the same.
    reasons: mapping
        Quarantined records by kind of reason.
    """

    dataset: str
    sent: int
    curated: int
    quarantined: int
    duplicates: int
    filtered: int
    reports: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)

    @property
    def found(self) -> int:
        return self.curated + self.quarantined + self.duplicates + self.filtered

    def check(self) -> None:
        """Refuse an account that is not exact.

        Raises
        ------
        DemoError
            With the numbers that disagree.
        """
        if self.sent != self.found:
            raise DemoError(
                f"{self.dataset}: {self.sent:,} records were sent, but {self.found:,} are accounted for: "
                f"{self.curated:,} curated, {self.quarantined:,} quarantined, {self.duplicates:,} duplicates, "
                f"{self.filtered:,} filtered"
            )
        counted = {"read": self.sent, "curated": self.curated, "quarantined": self.quarantined}
        for name, count in counted.items():
            if self.reports[name] != count:
                raise DemoError(
                    f"{self.dataset}: the run reports say {self.reports[name]:,} {name}, but {count:,} were counted"
                )

    def check_injected(self, *, quarantined: int, duplicates: int) -> None:
        """Refuse an account in which the bad records that were injected are not what was found."""
        for name, found, wanted in (
            ("quarantined", self.quarantined, quarantined),
            ("duplicates", self.duplicates, duplicates),
        ):
            if found != wanted:
                raise DemoError(f"{self.dataset}: {found:,} {name}, but {wanted:,} were injected")


def reported(s3: Any, bucket: str, dataset: str) -> Counter[str]:
    """Return the sums of the run reports of a dataset's curation."""
    sums: Counter[str] = Counter()
    for body in _objects(s3, bucket, f"_state/{dataset}/runs/", ".json"):
        report = json.loads(body)
        sums.update({name: count for name, count in report.items() if type(count) is int})
    return sums


def quarantined(s3: Any, bucket: str, dataset: str) -> tuple[int, Counter[str]]:
    """Return how many records are in quarantine, and how many for each kind of reason."""
    kinds: Counter[str] = Counter()
    count = 0
    for body in _objects(s3, bucket, f"quarantine/{dataset}/", ".parquet"):
        rows = pq.read_table(io.BytesIO(body)).to_pylist()
        count += len(rows)
        kinds.update(kind for row in rows for kind in row["kinds"])
    return count, kinds


def _objects(s3: Any, bucket: str, prefix: str, suffix: str) -> Iterator[bytes]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    for item in (item for page in pages for item in page.get("Contents", [])):
        if item["Key"].endswith(suffix):
            yield s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read()
