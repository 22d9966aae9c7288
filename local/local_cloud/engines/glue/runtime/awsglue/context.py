"""`awsglue.context`: reading and writing through options or the Data Catalog."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

import boto3
from pyspark.sql import DataFrame, SparkSession

from awsglue import postgresql
from awsglue.dynamicframe import DynamicFrame

_FORMATS = {"glueparquet": "parquet", "parquet": "parquet", "json": "json", "csv": "csv", "orc": "orc"}
_CSV_OPTIONS = {
    "withHeader": "header",
    "writeHeader": "header",
    "separator": "sep",
    "quoteChar": "quote",
    "escaper": "escape",
}
_OTHER_OPTIONS = {"multiline": "multiLine", "compression": "compression"}


def _format(name: str | None) -> str:
    if name not in _FORMATS:
        raise NotImplementedError(f"format {name!r} does not exist in the local cloud: it has {sorted(_FORMATS)}")
    return _FORMATS[name]


def _options(given: Mapping[str, Any] | None) -> dict[str, Any]:
    known = {**_CSV_OPTIONS, **_OTHER_OPTIONS}
    unknown = set(given or {}) - known.keys()
    if unknown:
        raise NotImplementedError(f"format_options {sorted(unknown)} do not exist in the local cloud")
    return {known[name]: value for name, value in (given or {}).items()}


def _table_format(table: Mapping[str, Any]) -> str:
    library = table["StorageDescriptor"].get("SerdeInfo", {}).get("SerializationLibrary", "").lower()
    for name in ("parquet", "json", "orc"):
        if name in library:
            return name
    raise NotImplementedError(f"a table with the serialization library {library!r} cannot be read by the local cloud")


class _Refusing:
    """Names what it lacks."""

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        raise NotImplementedError(f"{type(self).__name__.strip('_')}.{name} does not exist in the local cloud")


class GlueContext(_Refusing):
    def __init__(self, sparkContext: Any = None, **options: Any) -> None:
        self.spark_session = SparkSession.builder.getOrCreate()
        self.sparkSession = self.spark_session
        self.create_dynamic_frame = _DynamicFrameReader(self)
        self.create_data_frame = _DataFrameReader(self)
        self.write_dynamic_frame = _DynamicFrameWriter(self)
        self.write_data_frame = _DataFrameWriter(self)

    def get_logger(self) -> Any:
        """Return the JVM's logger, with info, warn and error: the kind that Glue returns."""
        jvm = self.spark_session.sparkContext._jvm
        return jvm.org.apache.log4j.LogManager.getLogger("com.amazonaws.services.glue")

    def create_data_frame_from_catalog(self, database: str, table_name: str, **options: Any) -> DataFrame:
        return self.create_data_frame.from_catalog(database=database, table_name=table_name, **options)

    def read_options(
        self,
        connection_type: str,
        *,
        connection_options: Mapping[str, Any] | None = None,
        format: str | None = None,
        format_options: Mapping[str, Any] | None = None,
        transformation_ctx: str = "",
    ) -> DataFrame:
        options = dict(connection_options or {})
        if connection_type == "postgresql":
            return postgresql.read(self.spark_session, options)
        paths = options.pop("paths", None)
        recurse = options.pop("recurse", False)
        self._refuse_others(connection_type, options)
        reader = self.spark_session.read.options(**_options(format_options))
        return reader.option("recursiveFileLookup", str(bool(recurse)).lower()).format(_format(format)).load(paths)

    def read_catalog(
        self, database: str, table_name: str, push_down_predicate: str = "", transformation_ctx: str = ""
    ) -> DataFrame:
        """Read the table's registered partitions, or its location if it has no partition keys."""
        table = self._table(database, table_name)
        location = table["StorageDescriptor"]["Location"]
        reader = self.spark_session.read.format(_table_format(table))
        if not table.get("PartitionKeys"):
            frame = reader.load(location)
        else:
            pages = (
                boto3.client("glue")
                .get_paginator("get_partitions")
                .paginate(DatabaseName=database, TableName=table_name)
            )
            found = [p["StorageDescriptor"]["Location"] for page in pages for p in page["Partitions"]]
            if not found:
                raise ValueError(f"table {database}.{table_name} has no registered partition")
            frame = reader.option("basePath", location).load(found)
        return frame.where(push_down_predicate) if push_down_predicate else frame

    def write_options(
        self,
        frame: DataFrame,
        connection_type: str,
        *,
        connection_options: Mapping[str, Any] | None = None,
        format: str | None = None,
        format_options: Mapping[str, Any] | None = None,
        transformation_ctx: str = "",
    ) -> None:
        options = dict(connection_options or {})
        path = options.pop("path", None)
        partition_keys = options.pop("partitionKeys", [])
        self._refuse_others(connection_type, options)
        writer = frame.write.mode("append").options(**_options(format_options)).format(_format(format))
        (writer.partitionBy(*partition_keys) if partition_keys else writer).save(path)

    def write_catalog(self, frame: DataFrame, database: str, table_name: str, transformation_ctx: str = "") -> None:
        table = self._table(database, table_name)
        keys = [column["Name"] for column in table.get("PartitionKeys", [])]
        target = {"path": table["StorageDescriptor"]["Location"], "partitionKeys": keys}
        self.write_options(frame, "s3", connection_options=target, format=_table_format(table))

    def _table(self, database: str, table_name: str) -> Mapping[str, Any]:
        table: Mapping[str, Any] = boto3.client("glue").get_table(DatabaseName=database, Name=table_name)["Table"]
        return table

    @staticmethod
    def _refuse_others(connection_type: str, options: Mapping[str, Any]) -> None:
        if connection_type != "s3":
            raise NotImplementedError(
                f"connection_type {connection_type!r} does not exist in the local cloud: it has s3 and postgresql"
            )
        if options:
            raise NotImplementedError(f"connection_options {sorted(options)} do not exist in the local cloud")


class _DataFrameReader(_Refusing):
    def __init__(self, context: GlueContext) -> None:
        self._context = context

    def from_options(self, connection_type: str, **options: Any) -> DataFrame:
        return self._context.read_options(connection_type, **options)

    def from_catalog(self, database: str, table_name: str, **options: Any) -> DataFrame:
        return self._context.read_catalog(database, table_name, **options)


class _DynamicFrameReader(_Refusing):
    def __init__(self, context: GlueContext) -> None:
        self._context = context

    def from_options(self, connection_type: str, **options: Any) -> DynamicFrame:
        return DynamicFrame(self._context.read_options(connection_type, **options), self._context)

    def from_catalog(self, database: str, table_name: str, **options: Any) -> DynamicFrame:
        return DynamicFrame(self._context.read_catalog(database, table_name, **options), self._context)


class _DataFrameWriter(_Refusing):
    def __init__(self, context: GlueContext) -> None:
        self._context = context

    def from_options(self, frame: DataFrame, connection_type: str, **options: Any) -> None:
        self._context.write_options(frame, connection_type, **options)

    def from_catalog(self, frame: DataFrame, database: str, table_name: str, **options: Any) -> None:
        self._context.write_catalog(frame, database, table_name, **options)


class _DynamicFrameWriter(_Refusing):
    def __init__(self, context: GlueContext) -> None:
        self._context = context

    def from_options(self, frame: DynamicFrame, connection_type: str, **options: Any) -> DynamicFrame:
        self._context.write_options(frame.toDF(), connection_type, **options)
        return frame

    def from_catalog(self, frame: DynamicFrame, database: str, table_name: str, **options: Any) -> DynamicFrame:
        self._context.write_catalog(frame.toDF(), database, table_name, **options)
        return frame
