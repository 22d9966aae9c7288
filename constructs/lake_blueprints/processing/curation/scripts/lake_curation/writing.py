"""The files of the table, through Hadoop's file system as Spark itself sees them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from lake_curation.columns import quoted
from lake_curation.plan import Plan

# An estimate: how much more room shuffled rows take than the same rows in a Parquet file.
SHUFFLED_TO_PARQUET = 3


@dataclass(frozen=True)
class Files:
    """Listing and deleting."""

    spark: SparkSession

    def data(self, folder: str) -> dict[str, int]:
        """Return path and size of the files that Spark has written into a folder."""
        path, system = self._at(f"{folder}part-*.parquet")
        return {str(item.getPath()): int(item.getLen()) for item in system.globStatus(path) or []}

    def folders(self, uri: str) -> list[str]:
        """Return the folders below another that hold files which Spark has written."""
        path, system = self._at(f"{uri}*/part-*.parquet")
        return sorted({f"{item.getPath().getParent()}/" for item in system.globStatus(path) or []})

    def delete(self, uri: str) -> None:
        path, system = self._at(uri)
        system.delete(path, True)

    def remove_leftovers(self, before: dict[str, list[str]]) -> None:
        """Delete what a killed attempt has written: what has been added to the folders since `before`."""
        for folder, names in before.items():
            for path in self.data(folder).keys() - names:
                self.delete(path)

    @staticmethod
    def partitions(paths: Iterable[str], target: str) -> list[str]:
        """Return the folders below `target` that hold the files."""
        return sorted({path.removeprefix(target).rpartition("/")[0] for path in paths} - {""})

    def partition(self, values: dict[str, str]) -> str:
        """Return the folder of a partition as Spark names it."""
        utils = self.spark._jvm.org.apache.spark.sql.catalyst.catalog.ExternalCatalogUtils
        return "".join(f"{utils.getPartitionPathString(name, value)}/" for name, value in values.items())

    def _at(self, uri: str) -> tuple[Any, Any]:
        path = self.spark._jvm.org.apache.hadoop.fs.Path(uri)
        return path, path.getFileSystem(self.spark._jsc.hadoopConfiguration())


def append(plan: Plan, rows: DataFrame, target: str) -> None:
    """Append rows below a prefix; Spark balances the files, splitting large partitions and merging small tasks."""
    spark, keys = rows.sparkSession, plan.partition_keys
    advisory = f"{plan.target_file_mb * SHUFFLED_TO_PARQUET}m"
    spark.conf.set("spark.sql.adaptive.advisoryPartitionSizeInBytes", advisory)
    # With keys, small partitions only share a task; without, it would be one file per core.
    spark.conf.set("spark.sql.adaptive.coalescePartitions.parallelismFirst", str(bool(keys)).lower())
    hint = f"REBALANCE({', '.join(map(quoted, keys))})" if keys else "REBALANCE"
    rows = spark.sql(f"SELECT /*+ {hint} */ * FROM {{rows}}", rows=rows)
    writer = rows.write.mode("append").option("compression", "snappy")
    (writer.partitionBy(*keys) if keys else writer).parquet(target)
