"""The table that a load reads: files, or a snapshot of an Iceberg table and what changed since another."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from lake_curation.iceberg_table import IcebergTable
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.utils import AnalysisException

from lake_load.errors import LoadError

# Columns that Iceberg adds to changed rows.
_ADDED = ("_change_type", "_change_ordinal", "_commit_snapshot_id")
_NET = "__net"


@dataclass(frozen=True, kw_only=True)
class Changes:
    """The rows that a table gained between two snapshots, and those that it lost.

    Parameters
    ----------
    added, removed: DataFrame
        The rows; one that has changed is among both.
    """

    added: DataFrame
    removed: DataFrame


@dataclass(frozen=True)
class Source:
    """The table, as it is when the run begins: what is committed later belongs to the next run.

    Parameters
    ----------
    spark: SparkSession
        Session that reads it.
    args: mapping
        Arguments of the job: its `database` and `table_name`, or the URI of its files as `source`.
    """

    spark: SparkSession
    args: Mapping[str, str]

    @cached_property
    def snapshot(self) -> int | None:
        """The snapshot that is read; None for files, and for a table that nothing was ever written to."""
        return self._table.snapshot if self._table else None

    @cached_property
    def rows(self) -> DataFrame:
        """All rows; before the first one of files are none."""
        if self._table:
            # Another commit must not come between two passes.
            pinned = {} if self.snapshot is None else {"snapshot-id": str(self.snapshot)}
            return self.spark.read.options(**pinned).table(self._table.identifier)
        schema = ", ".join(f"`{name}` {kind}" for name, kind in json.loads(self.args["columns"]))
        try:
            return self.spark.read.schema(schema).parquet(self.args["source"])
        except AnalysisException as error:
            if "PATH_NOT_FOUND" not in str(error):
                raise
            return self.spark.createDataFrame([], schema)

    def changes(self, since: int) -> Changes | None:
        """Return what changed after a snapshot, rows that were only written to another file left out.

        None if that cannot be told: the snapshot has expired or is no ancestor, the table has delete files, of which
        Iceberg tells no changes, or maps, which Spark does not compare.
        """
        if self._table is None or self.snapshot is None or "map<" in self.rows.schema.simpleString():
            return None
        history = self._table.history(since, self.snapshot)
        if not history or any(step.delete_files != "0" for step in history):
            return None
        changed = self._table.changes(since, self.snapshot)
        names = [name for name in changed.columns if name not in _ADDED]
        step = F.when(F.col("_change_type") == "INSERT", 1).otherwise(-1)
        net = changed.groupBy(*(F.col(f"`{name}`") for name in names)).agg(F.sum(step).alias(_NET))
        # Read once for both.
        net = net.where(f"{_NET} <> 0").localCheckpoint()
        return Changes(added=net.where(f"{_NET} > 0").drop(_NET), removed=net.where(f"{_NET} < 0").drop(_NET))

    def check_keys(self, keys: Sequence[str]) -> int:
        """Return the number of rows, each of which has a key of its own.

        Raises
        ------
        LoadError
            If a row has no key, or that of another.
        """
        total: int = self.rows.count()
        missing = self.rows.where(" OR ".join(f"`{key}` IS NULL" for key in keys)).count()
        if missing:
            raise LoadError(f"{missing} rows have no {' or '.join(keys)}, which is their key")
        distinct = self.rows.select(*(F.col(f"`{key}`") for key in keys)).distinct().count()
        if distinct != total:
            raise LoadError(f"{total - distinct} rows have the {', '.join(keys)} of another row, which they replace")
        return total

    @cached_property
    def _table(self) -> IcebergTable | None:
        if "table_name" not in self.args:
            return None
        return IcebergTable(spark=self.spark, database=self.args["database"], name=self.args["table_name"])
