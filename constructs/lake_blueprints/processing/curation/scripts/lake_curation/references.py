"""Reference tables of the Data Catalog, ready to be joined."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import boto3
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lake_curation.columns import quoted, schema
from lake_curation.errors import CurateError
from lake_curation.iceberg_table import IcebergTable
from lake_curation.plan import Lookup


@dataclass(frozen=True)
class References:
    """The tables that `--joins` names: database and table for each join."""

    spark: SparkSession
    tables: dict[str, dict[str, str]]

    def read(self, join: Lookup, types: dict[str, str], hidden: Collection[str] = ()) -> DataFrame:
        """Return the join's columns, one row per key; its keys have the types of the dataset's columns.

        Values of `hidden` columns are in no message: messages end up in logs.
        """
        if join.name not in self.tables:
            raise CurateError(f"--joins: no table is given for the join {join.name!r}")
        rows = self._table(**self.tables[join.name])
        if missing := [name for name in [*join.on, *join.columns] if name not in rows.columns]:
            raise CurateError(f"plan: joins.{join.name}: the reference table has no column {missing[0]!r}")
        keys = [F.col(quoted(name)).cast(types[name]).alias(name) for name in join.on]
        rows = rows.select(*keys, *map(quoted, join.columns)).dropna(subset=join.on).distinct()
        # A reference delivered twice is harmless; two answers to one question are not.
        ambiguous = rows.groupBy(*map(quoted, join.on)).count().where("count > 1").first()
        if ambiguous:
            quiet = {*hidden, *join.hidden}
            example = ", ".join(f"{name} = {'***' if name in quiet else ambiguous[name]}" for name in join.on)
            times = ambiguous["count"]
            raise CurateError(f"join {join.name!r}: the reference has {times} different rows for {example}")
        return rows

    def _table(self, database: str, table: str) -> DataFrame:
        found = boto3.client("glue").get_table(DatabaseName=database, Name=table)["Table"]
        if found.get("Parameters", {}).get("table_type", "").upper() == "ICEBERG":
            return self.spark.table(IcebergTable(spark=self.spark, database=database, name=table).identifier)
        storage = found["StorageDescriptor"]
        library = storage.get("SerdeInfo", {}).get("SerializationLibrary", "").lower()
        parameters = {**storage.get("SerdeInfo", {}).get("Parameters", {}), **found.get("Parameters", {})}
        columns = schema((item["Name"], item["Type"]) for item in storage["Columns"] + found.get("PartitionKeys", []))
        reader = self.spark.read.schema(columns)
        if "parquet" in library:
            return reader.parquet(storage["Location"])
        if "json" in library:
            return reader.json(storage["Location"])
        separator = parameters.get("separatorChar") or parameters.get("field.delim") or ","
        header = parameters.get("skip.header.line.count", "0") != "0"
        return reader.csv(storage["Location"], sep=separator, header=header, escape='"')
