"""The files of the quarantine, through Hadoop's file system as Spark itself sees them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pyspark.sql import SparkSession


@dataclass(frozen=True)
class Files:
    """Listing and deleting."""

    spark: SparkSession

    def folders(self, uri: str) -> list[str]:
        """Return the folders below another that hold files which Spark has written."""
        path, system = self._at(f"{uri}*/part-*.parquet")
        return sorted({f"{item.getPath().getParent()}/" for item in system.globStatus(path) or []})

    def delete(self, uri: str) -> None:
        path, system = self._at(uri)
        system.delete(path, True)

    def _at(self, uri: str) -> tuple[Any, Any]:
        path = self.spark._jvm.org.apache.hadoop.fs.Path(uri)
        return path, path.getFileSystem(self.spark._jsc.hadoopConfiguration())
