"""One run: the store gets what the table has gained, and loses what it has lost.

The store itself notes which snapshot it holds, so that the note lives and dies with what it speaks of. It is taken away
before the first write and made after the last one: a run that finds none, because the one before was killed or there
was none, puts every row and compares the keys of the store with those of the table.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from pyspark.sql import DataFrame, Row, SparkSession

from lake_load.errors import LoadError
from lake_load.source import Source

# Of how rows are written; another number has every store written again.
_FORM = 2


class Target(Protocol):
    """A store, as driver and executors reach it: it is copied to these."""

    @property
    def keys(self) -> Sequence[str]:
        """The columns of the key."""

    def prepare(self) -> bool:
        """Make the store ready; tell whether it may hold something."""

    def noted(self) -> str | None:
        """Return what was noted."""

    def note(self, state: str | None) -> None:
        """Note what the store holds, or take the note away; it is so when this returns."""

    def key(self, row: Row) -> str:
        """Return the key of a row as text."""

    def put(self, rows: Iterator[Row]) -> Iterator[int]:
        """Put rows; yield their number."""

    def held(self, part: int, parts: int) -> Iterator[str]:
        """Yield the keys of a part of what the store holds."""

    def delete(self, keys: Iterator[str]) -> Iterator[int]:
        """Delete what has one of the keys; yield their number."""


def load(spark: SparkSession, args: Mapping[str, str], target: Target) -> dict[str, Any]:
    """Load the table; return the account of the run.

    Raises
    ------
    LoadError
        If the table or the store does not allow it, or not every row was written.
    """
    spark.conf.set("spark.sql.session.timeZone", "UTC")
    source, mirror = Source(spark, args), args["mirror"] == "true"
    expected, snapshot = source.check_keys(target.keys), source.snapshot
    may_hold = target.prepare()
    noted, form = target.noted(), _form(args)
    account: dict[str, Any] = {"rows": expected, "snapshot": snapshot}
    if mirror and noted == f"{snapshot}-{form}":
        return _said({**account, "put": 0, "deleted": 0})
    since, _, noted_form = (noted or "").partition("-")
    changes = source.changes(int(since)) if mirror and noted_form == form else None
    if noted:
        target.note(None)
    written = changes.added if changes else source.rows
    put = sum(written.rdd.mapPartitions(target.put).collect())
    if put != (expected := changes.added.count() if changes else expected):
        raise LoadError(f"{expected} rows were read and {put} written")
    deleted = 0
    if mirror and (changes or may_hold):
        before = _keys(changes.removed, target) if changes else _held(spark, target)
        gone = before.join(_keys(written, target), "key", "left_anti")
        deleted = sum(gone.rdd.map(lambda row: row.key).mapPartitions(target.delete).collect())
    if mirror and snapshot is not None:
        target.note(f"{snapshot}-{form}")
    return _said({**account, "put": put, "deleted": deleted})


def _keys(rows: DataFrame, target: Target) -> DataFrame:
    return rows.select(*(f"`{key}`" for key in target.keys)).rdd.map(lambda row: (target.key(row),)).toDF("key string")


def _held(spark: SparkSession, target: Target) -> DataFrame:
    parts = spark.sparkContext.defaultParallelism
    found = spark.sparkContext.parallelize(range(parts), parts)
    return found.flatMap(lambda part: ((key,) for key in target.held(part, parts))).toDF("key string")


def _form(args: Mapping[str, str]) -> str:
    """Return what a store that was loaded otherwise does not share: source, columns, keys and how they are written."""
    told = {name: value for name, value in args.items() if name not in ("JOB_NAME", "JOB_RUN_ID", "mirror")}
    return hashlib.sha256(json.dumps([_FORM, told], sort_keys=True).encode()).hexdigest()[:16]


def _said(account: dict[str, Any]) -> dict[str, Any]:
    print(json.dumps(account))
    return account
