"""Glue job: turn the new objects of a source prefix into rows of a curated table.

Every record is accounted for: read = curated + duplicates + filtered + quarantined. A run that was killed at any
point is repaired by the next one. The plan, the guarantees and their limits: docs/etl.md.
"""

from __future__ import annotations

import csv
import hashlib
import json
import re
import sys
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from functools import reduce
from typing import Any
from urllib.parse import unquote, urlsplit

import boto3
from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.utils import getResolvedOptions
from pyspark import SparkContext, StorageLevel
from pyspark.errors import AnalysisException, ParseException
from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F

# An object is new if it was modified after the watermark minus this, and is not in the ledger with its ETag.
# S3 dates a multipart upload from its start, so an object may appear this much later than its date says.
LOOK_BACK = timedelta(days=2)
BATCH_OBJECTS = 20_000
# Measured: shuffled rows take about this much more room than the same rows in a Parquet file.
SHUFFLED_TO_PARQUET = 3
BROADCAST_ROWS = 2_000_000
QUOTED_CHARACTERS = 80

# Spark 3.5 and 4.1 have different defaults for some of these; a row must not depend on the version.
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

# Columns of our own, beside those of the dataset, while a batch is worked on.
STATUS, RAW, FIELDS, OBJECT = "__status", "__raw", "__fields", "__object"
MODIFIED, BLOCK, ROW = "__modified", "__block", "__row"
PARSED, BROKEN, CORRUPT = "__parsed", "__broken", "__corrupt"

INTEGERS = ("tinyint", "smallint", "int", "bigint")
TEMPORAL = ("date", "timestamp", "timestamp_ntz")
NESTED = ("array", "map", "struct")
TYPES = (*INTEGERS, "float", "double", "decimal", "boolean", "string", "binary", *TEMPORAL, *NESTED)
DATE = r"\d{4}-\d\d-\d\d"
PATTERNS = {
    **dict.fromkeys(INTEGERS, r"^[+-]?\d+$"),
    **dict.fromkeys(("float", "double", "decimal"), r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"),
    "date": rf"^{DATE}$",
    "timestamp": rf"^{DATE}[T ]\d\d:\d\d(:\d\d(\.\d{{1,9}})?)?(Z|[+-]\d\d(:?\d\d)?)?$",
    "timestamp_ntz": rf"^{DATE}[T ]\d\d:\d\d(:\d\d(\.\d{{1,9}})?)?$",
}


class CurateError(Exception):
    """The run cannot go on; the message says why in one line."""


# --- the plan -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Field:
    """A column of the dataset: its name in the source, its Spark type, and the rules for its values."""

    name: str
    source: str
    type: str
    required: bool = False
    format: str | None = None
    minimum: Any = None
    maximum: Any = None
    exclusive_minimum: Any = None
    exclusive_maximum: Any = None
    multiple_of: Any = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    enum: list[Any] | None = None

    @property
    def family(self) -> str:
        """The type without its parameters: `decimal(10,2)` is a `decimal`."""
        return re.split(r"[(<]", self.type, maxsplit=1)[0]

    @property
    def json_type(self) -> str:
        """The type as which Spark's JSON parser reads the column.

        Text where that parser would guess: it takes a number for a time, and 200 for the tinyint -56.
        """
        if self.family in TEMPORAL:
            return "string"
        return {"tinyint": "int", "smallint": "int", "float": "double"}.get(self.type, self.type)


@dataclass(frozen=True, kw_only=True)
class Lookup:
    """A join with a reference table."""

    name: str
    on: list[str]
    columns: list[str]
    how: str = "left"


@dataclass(frozen=True, kw_only=True)
class Derived:
    """A column that an SQL expression calculates."""

    expression: str
    type: str


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What the data contract demands of the dataset."""

    dataset: str
    version: str
    format: str
    columns: list[Field]
    csv: dict[str, str] = field(default_factory=dict)
    primary_key: list[str] = field(default_factory=list)
    partition_keys: list[str] = field(default_factory=list)
    drop: list[str] = field(default_factory=list)
    drop_null_rows: list[str] = field(default_factory=list)
    filter: str | None = None
    derive: dict[str, Derived] = field(default_factory=dict)
    joins: list[Lookup] = field(default_factory=list)
    target_file_mb: int = 128

    @classmethod
    def parse(cls, text: str) -> Plan:
        """Read a plan; raise CurateError that names the key at fault."""
        try:
            document = json.loads(text)
        except ValueError as error:
            raise CurateError(f"plan: not valid JSON: {error}") from None
        document = _checked(cls, document, "plan")
        document["columns"] = [
            Field(**_checked(Field, {"source": item.get("name"), **item}, f"plan: columns[{i}]"))
            for i, item in enumerate(document["columns"])
        ]
        document["joins"] = [
            Lookup(**_checked(Lookup, item, f"plan: joins[{i}]")) for i, item in enumerate(document.get("joins", []))
        ]
        document["derive"] = {
            name: Derived(**_checked(Derived, item, f"plan: derive.{name}"))
            for name, item in document.get("derive", {}).items()
        }
        plan = cls(**document)
        plan._check()
        return plan

    def _check(self) -> None:
        columns = [column.name for column in self.columns]
        everything = [*columns, *(name for join in self.joins for name in join.columns), *self.derive]
        if self.format not in ("json", "csv", "parquet"):
            raise CurateError(f"plan: format must be json, csv or parquet, got {self.format!r}")
        for key, names in {"name": columns, "source": [column.source for column in self.columns]}.items():
            for name, times in Counter(name.lower() for name in names).items():
                if times > 1:
                    raise CurateError(f"plan: columns: {key} {name!r} is used {times} times")
        for i, column in enumerate(self.columns):
            if column.family not in TYPES:
                raise CurateError(f"plan: columns[{i}]: type {column.type!r} is not a Spark type; one of {TYPES}")
        for key in ("primary_key", "partition_keys", "drop", "drop_null_rows"):
            for name in getattr(self, key):
                if name not in everything:
                    raise CurateError(f"plan: {key}: {name!r} is not a column; columns are {', '.join(everything)}")
        for name in {*self.primary_key, *self.partition_keys} & {*self.drop}:
            raise CurateError(f"plan: drop: {name!r} is part of the primary key or a partition key")
        for join in self.joins:
            if join.how not in ("left", "inner"):
                raise CurateError(f"plan: joins.{join.name}: how must be left or inner, got {join.how!r}")

    @property
    def written(self) -> list[str]:
        """The columns of the table, in its order."""
        joined = (name for join in self.joins for name in join.columns)
        names = dict.fromkeys([*(column.name for column in self.columns), *joined, *self.derive])
        return [name for name in names if name not in self.drop]


def _checked(cls: type, document: Any, where: str) -> dict[str, Any]:
    if not isinstance(document, dict):
        raise CurateError(f"{where}: must be a JSON object, got {type(document).__name__}")
    known = cls.__dataclass_fields__  # type: ignore[attr-defined]
    if unknown := sorted(document.keys() - known.keys()):
        raise CurateError(f"{where}: unknown key {unknown[0]!r}; known keys are {', '.join(known)}")
    given = {key: value for key, value in document.items() if value is not None}
    for key, declared in known.items():
        kind = declared.type.split("[")[0].split(" |")[0]
        expected = {"str": str, "list": list, "dict": dict, "int": int, "bool": bool}.get(kind)
        if expected and key in given and not isinstance(given[key], expected):
            raise CurateError(f"{where}: {key} must be {kind}, got {given[key]!r}")
        if key not in given and declared.default is declared.default_factory:
            raise CurateError(f"{where}: {key} is missing")
    return given


# --- state: which objects have been read ----------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class SourceObject:
    key: str
    etag: str
    size: int
    modified: str


@dataclass
class Ledger:
    """What has been read, and the batch that is being read; one small JSON document, replaced as a whole."""

    watermark: str = ""
    seen: dict[str, list[str]] = field(default_factory=dict)
    pending: dict[str, Any] | None = None

    def is_new(self, item: SourceObject) -> bool:
        return item.modified >= self._horizon() and self.seen.get(item.key, [""])[0] != item.etag

    def finish(self, batch: Iterable[SourceObject]) -> None:
        """Count the batch as read, and forget what is older than the look-back."""
        for item in batch:
            self.seen[item.key] = [item.etag, item.modified]
            self.watermark = max(self.watermark, item.modified)
        self.seen = {key: entry for key, entry in self.seen.items() if entry[1] >= self._horizon()}
        self.pending = None

    def _horizon(self) -> str:
        return (datetime.fromisoformat(self.watermark) - LOOK_BACK).isoformat() if self.watermark else ""


@dataclass(frozen=True)
class Location:
    """An `s3://bucket/prefix/`."""

    uri: str

    @property
    def bucket(self) -> str:
        return urlsplit(self.uri).netloc

    @property
    def prefix(self) -> str:
        return urlsplit(self.uri).path.lstrip("/")

    def read(self, name: str, default: str | None = None) -> str:
        client = boto3.client("s3")
        try:
            content: bytes = client.get_object(Bucket=self.bucket, Key=self.prefix + name)["Body"].read()
        except client.exceptions.NoSuchKey:
            if default is None:
                raise CurateError(f"there is no object {self.uri}{name}") from None
            return default
        return content.decode()

    def write(self, name: str, document: Any) -> None:
        body = json.dumps(document, indent=1).encode()
        boto3.client("s3").put_object(Bucket=self.bucket, Key=self.prefix + name, Body=body)

    def objects(self) -> Iterator[SourceObject]:
        """List the objects that hold data; as in Hive, a name that begins with `_` or `.` hides one."""
        pages = boto3.client("s3").get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=self.prefix)
        for item in (item for page in pages for item in page.get("Contents", [])):
            path = item["Key"].removeprefix(self.prefix)
            if item["Size"] and not any(part.startswith(("_", ".")) for part in path.split("/")):
                yield SourceObject(
                    key=item["Key"], etag=item["ETag"], size=item["Size"], modified=item["LastModified"].isoformat()
                )


# --- from text to typed values --------------------------------------------------------------------------------


def quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def schema(columns: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f"{quoted(name)} {kind}" for name, kind in columns)


def finite(value: Column) -> Column:
    return F.when(F.abs(value) < F.lit(float("inf")), value)


def from_text(text: Column, column: Field) -> Column:
    """Convert text strictly: null means that it is not a value of the type."""
    if column.family in ("date", "timestamp") and column.format:
        return (F.to_date if column.family == "date" else F.to_timestamp)(text, column.format)
    if column.family == "binary":
        return F.unbase64(text)
    if column.family in NESTED:
        return F.from_json(text, column.type)
    value = text.cast(column.type)
    if column.family in ("float", "double"):
        value = finite(value)
    # A cast alone takes '3.7' for the bigint 3, '1f' for a double and 'T05:00' for a time of today.
    return F.when(text.rlike(PATTERNS[column.family]), value) if column.family in PATTERNS else value


def converted(value: Column, found: str, column: Field) -> Column:
    """Convert a value of the type `found` to the column's type: null if it does not fit."""
    if found == column.type:
        return finite(value) if found == "double" else value
    if found == "string":
        return from_text(value, column)
    if column.family in INTEGERS:
        # A cast wraps around; a value that fits survives the way there and back.
        return F.when(value.cast(column.type).cast(found) == value, value.cast(column.type))
    return finite(value.cast(column.type)) if column.type == "float" else value.cast(column.type)


def is_one_value(text: Column) -> Column:
    """Tell whether a line holds exactly one JSON value: Spark reads the first and ignores what follows."""
    ends_with_first_brace = F.instr(text, "}") == F.length(text)
    return ends_with_first_brace | F.coalesce(json_values(text) == 1, F.lit(False))


def json_values(text: Column) -> Column:
    return F.json_array_length(F.concat(F.lit("["), text, F.lit("]")))


# --- the rules ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Rule:
    """A demand on a column: when it is broken, and how a sentence about the value goes on."""

    kind: str
    broken: Column
    sentence: str


def rules(plan: Plan, column: Field, found: Column, value: Column) -> Iterator[Rule]:
    """Yield the rules of a column, for its value as found in the record and as converted."""

    def literal(constant: Any) -> Column:
        return F.lit(constant if isinstance(constant, str) else json.dumps(constant)).cast(column.type)

    if column.name in plan.primary_key:
        yield Rule("key", found.isNull(), "missing, but part of the primary key")
    elif column.name in plan.partition_keys:
        yield Rule("partition", found.isNull() | (found.cast("string") == ""), "missing, but a partition key")
    elif column.required:
        yield Rule("required", found.isNull(), "missing, but required")
    yield Rule("type", found.isNotNull() & value.isNull(), f"is not {_with_article(column.type)}")
    if column.minimum is not None:
        yield Rule("range", value < literal(column.minimum), f"is below the minimum {column.minimum}")
    if column.maximum is not None:
        yield Rule("range", value > literal(column.maximum), f"is above the maximum {column.maximum}")
    if column.exclusive_minimum is not None:
        yield Rule("range", value <= literal(column.exclusive_minimum), f"is not above {column.exclusive_minimum}")
    if column.exclusive_maximum is not None:
        yield Rule("range", value >= literal(column.exclusive_maximum), f"is not below {column.exclusive_maximum}")
    if column.multiple_of is not None:
        exact = [part.cast("decimal(38,18)") for part in (value, F.lit(json.dumps(column.multiple_of)))]
        yield Rule("multiple", exact[0] % exact[1] != 0, f"is not a multiple of {column.multiple_of}")
    if column.min_length is not None:
        yield Rule("length", F.length(value) < column.min_length, f"is shorter than {column.min_length} characters")
    if column.max_length is not None:
        yield Rule("length", F.length(value) > column.max_length, f"is longer than {column.max_length} characters")
    if column.pattern is not None:
        yield Rule("pattern", ~value.rlike(column.pattern), f"does not match the pattern {column.pattern}")
    if column.enum is not None:
        allowed = ", ".join(str(item) for item in column.enum)
        yield Rule("enum", ~value.isin([literal(item) for item in column.enum]), f"is not one of {allowed}")


def _with_article(name: str) -> str:
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


# --- reading --------------------------------------------------------------------------------------------------


class Source:
    """The records of a batch, one row each: RAW, FIELDS, BROKEN, PARSED, and where it comes from.

    PARSED has a field for each column; BROKEN says that Spark could not parse the record. FIELDS is the record as
    JSON text, in which the reasons are looked for if it is refused; null if it has no fields.
    """

    def __init__(self, spark: SparkSession, plan: Plan, location: Location) -> None:
        self.spark, self.plan, self.location = spark, plan, location

    def records(self, batch: list[SourceObject]) -> DataFrame:
        if self.plan.format == "parquet":
            return self._parquet(batch)
        if self.plan.format == "json":
            return self._json(batch)
        # Objects may have their columns in different order, and Spark would look at the first header only.
        by_header: dict[str, list[SourceObject]] = {}
        for item in batch:
            by_header.setdefault(self._header(item), []).append(item)
        return reduce(DataFrame.unionByName, (self._csv(header, items) for header, items in by_header.items()))

    def _paths(self, batch: list[SourceObject]) -> list[str]:
        # Spark takes a path for a pattern; a backslash makes a character stand for itself.
        keys = (re.sub(r"([\[\]{}*?\\])", r"\\\1", item.key) for item in batch)
        return [f"s3://{self.location.bucket}/{key}" for key in keys]

    def _lines(self, batch: list[SourceObject]) -> DataFrame:
        lines = self.spark.read.text(self._paths(batch)).where(F.trim("value") != "")
        return lines.select(F.col("value").alias(RAW), *_origin())

    def _json(self, batch: list[SourceObject]) -> DataFrame:
        wanted = schema([*((column.source, column.json_type) for column in self.plan.columns), (CORRUPT, "string")])
        records = self._lines(batch).withColumn(PARSED, F.from_json(RAW, wanted, JSON_OPTIONS))
        broken = F.col(PARSED).isNull() | F.col(PARSED)[CORRUPT].isNotNull() | ~is_one_value(F.col(RAW))
        return records.withColumn(FIELDS, F.col(RAW)).withColumn(BROKEN, broken)

    def _header(self, item: SourceObject) -> str:
        reply = boto3.client("s3").get_object(Bucket=self.location.bucket, Key=item.key, Range="bytes=0-65535")
        head: bytes = reply["Body"].read()
        if item.key.endswith(".gz"):
            head = zlib.decompressobj(wbits=31).decompress(head)
        return head.decode("utf-8-sig", errors="replace").splitlines()[0]

    def _csv(self, header: str, batch: list[SourceObject]) -> DataFrame:
        delimiter = self.plan.csv.get("delimiter", ",")
        names = next(csv.reader([header], delimiter=delimiter))
        options = {"sep": delimiter, "escape": '"', "columnNameOfCorruptRecord": CORRUPT}
        everything = schema([*((name, "string") for name in names), (CORRUPT, "string")])
        lines = self._lines(batch).where(F.regexp_replace(RAW, "^\ufeff", "") != header)
        records = lines.withColumn(PARSED, F.from_csv(RAW, everything, options))

        def text(column: Field) -> Column:
            if column.source not in names:
                return F.lit(None).cast("string")
            found = F.col(PARSED).getField(column.source)
            return found if column.type == "string" else F.when(F.trim(found) != "", F.trim(found))

        fields = F.struct(*(text(column).alias(column.source) for column in self.plan.columns))
        broken = F.col(PARSED)[CORRUPT].isNotNull()
        return records.select(RAW, OBJECT, MODIFIED, BLOCK, ROW, broken.alias(BROKEN), fields.alias(PARSED)).withColumn(
            FIELDS, F.when(~F.col(BROKEN), F.to_json(PARSED))
        )

    def _parquet(self, batch: list[SourceObject]) -> DataFrame:
        rows = self.spark.read.option("mergeSchema", "true").parquet(*self._paths(batch))
        fields = [
            (F.col(quoted(column.source)) if column.source in rows.columns else F.lit(None).cast(column.type)).alias(
                column.source
            )
            for column in self.plan.columns
        ]
        records = rows.select(F.struct(*fields).alias(PARSED), *_origin())
        text = F.to_json(PARSED)
        return records.withColumn(RAW, text).withColumn(FIELDS, text).withColumn(BROKEN, F.lit(False))


def _origin() -> list[Column]:
    return [
        F.col("_metadata.file_path").alias(OBJECT),
        F.col("_metadata.file_modification_time").alias(MODIFIED),
        F.col("_metadata.file_block_start").alias(BLOCK),
        F.monotonically_increasing_id().alias(ROW),
    ]


class References:
    """Reference tables of the Data Catalog, ready to be joined."""

    def __init__(self, spark: SparkSession, tables: dict[str, dict[str, str]]) -> None:
        self.spark, self.tables = spark, tables

    def read(self, join: Lookup, types: dict[str, str]) -> DataFrame:
        """Return the join's columns, one row per key; its keys have the types of the dataset's columns."""
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
            example = ", ".join(f"{name} = {ambiguous[name]}" for name in join.on)
            times = ambiguous["count"]
            raise CurateError(f"join {join.name!r}: the reference has {times} different rows for {example}")
        return rows

    def _table(self, database: str, table: str) -> DataFrame:
        found = boto3.client("glue").get_table(DatabaseName=database, Name=table)["Table"]
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


# --- one batch ------------------------------------------------------------------------------------------------


class Files:
    """The data files, through Hadoop's file system as Spark itself sees them."""

    def __init__(self, spark: SparkSession) -> None:
        self._spark = spark

    def matching(self, pattern: str) -> dict[str, int]:
        """Return path and size of the files that match."""
        path, system = self._at(pattern)
        return {str(item.getPath()): int(item.getLen()) for item in system.globStatus(path) or []}

    def delete(self, uri: str) -> None:
        path, system = self._at(uri)
        system.delete(path, True)

    def exists(self, uri: str) -> bool:
        path, system = self._at(uri)
        return bool(system.exists(path))

    def partition(self, values: dict[str, str]) -> str:
        """Return the folder of a partition as Spark names it."""
        utils = self._spark._jvm.org.apache.spark.sql.catalyst.catalog.ExternalCatalogUtils
        return "".join(f"{utils.getPartitionPathString(name, value)}/" for name, value in values.items())

    def _at(self, uri: str) -> tuple[Any, Any]:
        path = self._spark._jvm.org.apache.hadoop.fs.Path(uri)
        return path, path.getFileSystem(self._spark._jsc.hadoopConfiguration())


@dataclass
class Batch:
    """The work on one batch of objects, step by step."""

    spark: SparkSession
    plan: Plan
    source: Source
    references: References
    target: str
    quarantine: str
    identity: str
    objects: list[SourceObject]
    remember: Callable[[dict[str, list[str]]], None]

    def __post_init__(self) -> None:
        self.files = Files(self.spark)

    def remove_leftovers(self, before: dict[str, list[str]]) -> None:
        """Delete what a killed attempt has written: what Spark has added to the folders since `before`."""
        for folder, names in before.items():
            for path in self._files(folder).keys() - names:
                self.files.delete(path)

    def _files(self, folder: str) -> dict[str, int]:
        return self.files.matching(f"{folder}part-*.parquet")

    def typed(self) -> DataFrame:
        """Parse and judge every record: its columns, and a STATUS of good, filtered or quarantined."""
        records = self.source.records(self.objects)
        found = dict(records.select(f"{PARSED}.*").dtypes)
        values = {
            column.name: converted(F.col(PARSED).getField(column.source), found[column.source], column)
            for column in self.plan.columns
        }
        kept = [name for name in records.columns if name != PARSED]
        rows = records.select(*kept, PARSED, *(value.alias(name) for name, value in values.items()))
        broken = [
            rule.broken
            for column in self.plan.columns
            for rule in rules(self.plan, column, F.col(PARSED).getField(column.source), F.col(quoted(column.name)))
        ]
        rows = rows.withColumn(BROKEN, F.col(BROKEN) | F.coalesce(_any(broken), F.lit(False))).drop(PARSED)
        return self._judged(*self._enriched(rows))

    def _enriched(self, rows: DataFrame) -> tuple[DataFrame, list[Column]]:
        """Add the columns of joins and expressions; also return the conditions under which a row is left out."""
        left_out = []
        for join in self.plan.joins:
            marker = f"__{join.name}"
            reference = self.references.read(join, dict(rows.dtypes)).withColumn(marker, F.lit(True))
            rows = rows.join(F.broadcast(reference), join.on, "left")
            if join.how == "inner":
                left_out.append(F.col(quoted(marker)).isNull())
        for name, derived in self.plan.derive.items():
            rows = rows.withColumn(name, expression(rows, derived.expression, f"derive.{name}").cast(derived.type))
        left_out += [F.col(quoted(name)).isNull() for name in self.plan.drop_null_rows]
        if self.plan.filter:
            left_out.append(~F.coalesce(expression(rows, self.plan.filter, "filter"), F.lit(False)))
        return rows, left_out

    def _judged(self, rows: DataFrame, left_out: list[Column]) -> DataFrame:
        # A row without a partition would be in a folder that no partition projection finds.
        lost = _any([F.coalesce(F.col(quoted(key)).cast("string"), F.lit("")) == "" for key in self._late_keys()])
        bad = F.col(BROKEN) | lost
        status = F.when(bad, "quarantined").when(_any(left_out), "filtered").otherwise("good")
        rows = rows.withColumn(STATUS, status)
        refused = F.col(STATUS) == "quarantined"
        return rows.select(
            STATUS, MODIFIED, BLOCK, ROW,
            *(F.when(refused, F.col(name)).alias(name) for name in (RAW, FIELDS, OBJECT)),
            *map(quoted, self.plan.written),
        )  # fmt: skip

    def _late_keys(self) -> list[str]:
        """The partition keys that are not columns of the source."""
        columns = {column.name for column in self.plan.columns} - self.plan.derive.keys()
        return [key for key in self.plan.partition_keys if key not in columns]

    def refused(self, rows: DataFrame) -> DataFrame:
        """Return the quarantined records with the reasons: only these are parsed again, column by column."""
        plan = self.plan
        texts = schema([*((column.source, "string") for column in plan.columns), (CORRUPT, "string")])
        rows = rows.where(F.col(STATUS) == "quarantined").withColumn(PARSED, F.from_json(FIELDS, texts, JSON_OPTIONS))
        unreadable = F.col(PARSED).isNull() | F.col(PARSED)[CORRUPT].isNotNull()
        if plan.format == "csv":
            sentence = F.lit("not a CSV record with as many fields as the header")
        else:
            unreadable |= ~is_one_value(F.col(RAW))
            sentence = F.when(json_values(F.col(RAW)).isNull(), "not valid JSON").otherwise("not one JSON object")
        reasons = [F.when(unreadable, _reason("unreadable", sentence))]
        for column in plan.columns:
            text = F.col(PARSED).getField(column.source)
            kind = column.json_type if plan.format == "json" else "string"
            alone = F.from_json(FIELDS, schema([(column.source, kind), (CORRUPT, "string")]), JSON_OPTIONS)
            sound = F.when(alone[CORRUPT].isNull(), alone.getField(column.source))
            value = F.concat(F.lit("'"), F.substring(text, 1, QUOTED_CHARACTERS), F.lit("' "))
            # Without this, the reason for "12" would be that '12' is not a bigint.
            as_string = F.col(FIELDS).rlike(rf'"\Q{column.source}\E"\s*:\s*"') & F.lit(kind != "string")
            note = F.when(as_string, "is a string and ").otherwise("")
            for rule in rules(plan, column, text, converted(sound, kind, column)):
                middle = F.concat(value, note) if rule.kind == "type" else F.coalesce(value, F.lit(""))
                sentence = F.concat(F.lit(f"column '{column.name}': "), middle, F.lit(rule.sentence))
                reasons.append(F.when(~unreadable & rule.broken, _reason(rule.kind, sentence)))
        for key in self._late_keys():
            missing = F.lit(f"column '{key}': missing, but a partition key")
            reasons.append(F.when(~unreadable & F.col(quoted(key)).isNull(), _reason("partition", missing)))
        found = F.array_compact(F.array(*reasons))
        unexplained = F.array(_reason("type", F.lit("a value does not have the type of its column")))
        found = F.when(F.size(found) > 0, found).otherwise(unexplained)
        return rows.select(
            # Through a Java string: bytes that are not UTF-8 become replacement characters.
            F.format_string("%s", RAW).alias("record"),
            F.col(OBJECT).alias("object"),
            found["sentence"].alias("reasons"),
            F.array_distinct(found["kind"]).alias("kinds"),
            F.lit(plan.dataset).alias("dataset"),
            F.lit(plan.version).alias("version"),
            F.current_timestamp().alias("quarantined_at"),
        )

    def write_quarantine(self, rows: DataFrame) -> dict[str, int]:
        """Write the refused records and return how many there are of each kind of reason."""
        path = f"{self.quarantine}batch={self.identity}/"
        self.refused(rows).coalesce(1).write.mode("overwrite").option("compression", "snappy").parquet(path)
        kinds = self.spark.read.parquet(path).select(F.explode("kinds").alias("kind")).groupBy("kind").count()
        return {row["kind"]: row["count"] for row in sorted(kinds.collect())}

    def repeated(self, good: DataFrame, folders: list[str]) -> DataFrame:
        """Return the ROW of each good row whose primary key is in the table or earlier in the batch."""
        key = [F.col(quoted(name)) for name in self.plan.primary_key]
        if not key:
            return good.where("false").select(ROW)
        # Grouping by a hash moves 8 bytes per row through the shuffle; the window settles collisions.
        hashed = good.withColumn("__hash", F.xxhash64(*key))
        several = hashed.groupBy("__hash").count().where("count > 1").select("__hash")
        position = F.row_number().over(Window.partitionBy(*key).orderBy(MODIFIED, BLOCK, ROW))
        repeated = hashed.join(several, "__hash", "left_semi").withColumn("__position", position)
        repeated = repeated.where("__position > 1").select(ROW)
        if existing := [folder for folder in folders if self.files.exists(folder)]:
            table = good.select(*map(quoted, self.plan.written)).schema
            written = self.spark.read.schema(table).option("basePath", self.target).parquet(*existing).select(*key)
            known = good.join(written, self.plan.primary_key, "left_semi").select(ROW)
            repeated = repeated.union(known).distinct()
        return repeated

    def write_curated(self, rows: DataFrame) -> None:
        """Append rows to the table; Spark balances the files, splitting large partitions and merging small tasks."""
        self.spark.conf.set(
            "spark.sql.adaptive.advisoryPartitionSizeInBytes", f"{self.plan.target_file_mb * SHUFFLED_TO_PARQUET}m"
        )
        keys = self.plan.partition_keys
        # With keys, small partitions only share a task; without, it would be one file per core.
        self.spark.conf.set("spark.sql.adaptive.coalescePartitions.parallelismFirst", str(bool(keys)).lower())
        hint = f"REBALANCE({', '.join(map(quoted, keys))})" if keys else "REBALANCE"
        rows = rows.select(*map(quoted, self.plan.written))
        rows = self.spark.sql(f"SELECT /*+ {hint} */ * FROM {{rows}}", rows=rows)
        writer = rows.write.mode("append").option("compression", "snappy")
        (writer.partitionBy(*keys) if keys else writer).parquet(self.target)

    def run(self) -> dict[str, Any]:
        """Work through the batch and return the account of it."""
        # Parsed once, used up to four times. Measured: this costs about as little as parsing a second time would.
        rows = self.typed().persist(StorageLevel.DISK_ONLY)
        try:
            return self._account(rows)
        finally:
            rows.unpersist()

    def _account(self, rows: DataFrame) -> dict[str, Any]:
        keys = self.plan.partition_keys
        in_good = [F.when(F.col(STATUS) == "good", F.col(quoted(key)).cast("string")).alias(key) for key in keys]
        groups = rows.groupBy(STATUS, *in_good).count().collect()
        counts = Counter[str]()
        for group in groups:
            counts[group[STATUS]] += group["count"]
        folders = [
            self.target + self.files.partition({key: group[key] for key in keys})
            for group in groups
            if group[STATUS] == "good"
        ]
        reasons = self.write_quarantine(rows) if counts["quarantined"] else {}
        good = rows.where(F.col(STATUS) == "good")
        repeated = self.repeated(good, folders).persist()
        duplicates = repeated.count()
        if duplicates:
            lookup = F.broadcast(repeated) if duplicates < BROADCAST_ROWS else repeated
            good = good.join(lookup, ROW, "left_anti")
        before = {folder: list(self._files(folder)) for folder in folders}
        self.remember(before)
        if counts["good"] > duplicates:
            self.write_curated(good)
        repeated.unpersist()
        files = {
            path: size for folder in folders for path, size in self._files(folder).items() if path not in before[folder]
        }
        curated = self.spark.read.parquet(*files).count() if files else 0
        if curated + duplicates != counts["good"]:
            raise CurateError(
                f"batch {self.identity}: {counts['good']} good rows, but {curated} written and {duplicates} duplicates"
            )
        return {
            "read": counts.total(),
            "curated": curated,
            "duplicates": duplicates,
            "filtered": counts["filtered"],
            "quarantined": counts["quarantined"],
            "reasons": reasons,
            "partitions": sorted({path.removeprefix(self.target).rpartition("/")[0] for path in files} - {""}),
            "output_files": len(files),
            "output_bytes": sum(files.values()),
        }


JSON_OPTIONS = {"columnNameOfCorruptRecord": CORRUPT, "allowNonNumericNumbers": "false"}


def expression(rows: DataFrame, sql: str, key: str) -> Column:
    """Return an SQL expression over `rows`; raise CurateError if it is not one."""
    try:
        rows.select(F.expr(sql))
    except (AnalysisException, ParseException) as error:
        first_line = next(line for line in str(error).splitlines() if line)
        raise CurateError(f"plan: {key}: {first_line}") from None
    return F.expr(sql)


def _any(conditions: list[Column]) -> Column:
    return reduce(Column.__or__, conditions, F.lit(False))


def _reason(kind: str, sentence: Column) -> Column:
    return F.struct(F.lit(kind).alias("kind"), sentence.alias("sentence"))


def register_partitions(database: str, table: str, target: str, partitions: list[str]) -> None:
    """Tell the Data Catalog about partitions; not needed if it calculates them."""
    if not partitions:
        return
    glue = boto3.client("glue")
    found = glue.get_table(DatabaseName=database, Name=table)["Table"]
    if not found.get("PartitionKeys") or found.get("Parameters", {}).get("projection.enabled") == "true":
        return
    inputs = [
        {
            "Values": [unquote(part.partition("=")[2]) for part in partition.split("/")],
            "StorageDescriptor": {**found["StorageDescriptor"], "Location": f"{target}{partition}/"},
        }
        for partition in partitions
    ]
    for start in range(0, len(inputs), 100):
        reply = glue.batch_create_partition(
            DatabaseName=database, TableName=table, PartitionInputList=inputs[start : start + 100]
        )
        for error in reply.get("Errors", []):
            if error["ErrorDetail"]["ErrorCode"] != "AlreadyExistsException":
                raise CurateError(f"partition {error['PartitionValues']} of {database}.{table}: {error['ErrorDetail']}")


# --- the run --------------------------------------------------------------------------------------------------


def next_batch(ledger: Ledger, source: Location) -> tuple[str, list[SourceObject]]:
    """Return the batch that a killed run has left, else the oldest new objects."""
    listed = list(source.objects())
    if ledger.pending:
        keys = set(ledger.pending["keys"])
        return ledger.pending["batch"], [item for item in listed if item.key in keys]
    new = sorted((item for item in listed if ledger.is_new(item)), key=lambda item: (item.modified, item.key))
    content = json.dumps([(item.key, item.etag) for item in new[:BATCH_OBJECTS]])
    digest = hashlib.sha256(content.encode()).hexdigest()[:8]
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}-{digest}", new[:BATCH_OBJECTS]


NOTHING: dict[str, Any] = {
    "read": 0,
    "curated": 0,
    "duplicates": 0,
    "filtered": 0,
    "quarantined": 0,
    "reasons": {},
    "partitions": [],
    "output_files": 0,
    "output_bytes": 0,
}


class Run:
    """One run of the job: everything new, batch by batch."""

    def __init__(self, spark: SparkSession, args: dict[str, str], references: dict[str, dict[str, str]]) -> None:
        for key, value in SETTINGS.items():
            spark.conf.set(key, value)
        self.spark, self.args, self.references = spark, args, references
        self.plan = Plan.parse(Location(args["plan"]).read(""))
        self.source, self.state = Location(args["source"]), Location(args["state"])
        self.ledger = Ledger(**json.loads(self.state.read("ledger.json", default="{}")))

    def go(self) -> None:
        """Report each batch; a run that finds nothing new reports zeros."""
        reported = 0
        while True:
            redone = self.ledger.pending is not None
            identity, objects = next_batch(self.ledger, self.source)
            if reported and not objects:
                return
            started = time.monotonic()
            account = self._work(identity, objects) if objects or redone else NOTHING
            report = {
                "dataset": self.plan.dataset,
                "version": self.plan.version,
                "batch": identity,
                "redone": redone,
                **account,
                "input_objects": len(objects),
                "input_bytes": sum(item.size for item in objects),
                "seconds": round(time.monotonic() - started, 1),
            }
            self.state.write(f"runs/{identity}.json", report)
            self.ledger.finish(objects)
            self._save()
            print(json.dumps(report))
            reported += 1

    def _work(self, identity: str, objects: list[SourceObject]) -> dict[str, Any]:
        before = (self.ledger.pending or {}).get("before", {})
        pending = {"batch": identity, "keys": [item.key for item in objects], "before": before}
        self.ledger.pending = pending
        self._save()

        def remember(files: dict[str, list[str]]) -> None:
            pending["before"] = files
            self._save()

        source, references = Source(self.spark, self.plan, self.source), References(self.spark, self.references)
        target, quarantine = self.args["target"], self.args["quarantine"]
        batch = Batch(self.spark, self.plan, source, references, target, quarantine, identity, objects, remember)
        batch.remove_leftovers(before)
        account = batch.run() if objects else NOTHING
        register_partitions(self.args["database"], self.args["table"], target, account["partitions"])
        return account

    def _save(self) -> None:
        self.state.write("ledger.json", asdict(self.ledger))


def main(argv: list[str]) -> None:
    names = ["JOB_NAME", "plan", "source", "target", "quarantine", "state", "database", "table"]
    args = getResolvedOptions(argv, [*names, *(["joins"] if "--joins" in argv else [])])
    context = GlueContext(SparkContext.getOrCreate())
    # Without Job.init Glue does not apply the job's security configuration.
    job = Job(context)
    job.init(args["JOB_NAME"], args)
    Run(context.spark_session, args, json.loads(args.get("joins") or "{}")).go()
    job.commit()


if __name__ == "__main__":
    main(sys.argv)
