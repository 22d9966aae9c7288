"""Glue crawlers: list the S3 targets, infer tables and partitions, write them to the catalog."""

from __future__ import annotations

import csv
import json
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import translate
from typing import Any
from urllib.parse import unquote

import duckdb
from botocore.exceptions import ClientError
from moto.glue.exceptions import CrawlerRunningException
from moto.glue.models import FakeCrawl, FakeCrawler

from lake_blueprints.local.engine import Engine
from lake_blueprints.local.errors import LocalCloudError
from lake_blueprints.local.objects import ObjectSummary
from lake_blueprints.local.patching import Patches
from lake_blueprints.local.runtime import Runtime
from lake_blueprints.local.sql.catalog import CSV, JSON, PARQUET, PARQUET_STORAGE, Catalog, text_storage
from lake_blueprints.local.sql.duck import Session, message, quote
from lake_blueprints.local.sql.types import HiveType, from_duckdb

_MODELS = "moto.glue.models"
_LAZY = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
_OPENX = "org.openx.data.jsonserde.JsonSerDe"
_DELIMITERS = ",|\t;\x01"
# How many lines of a text file are looked at, and how many rows of it must agree on the number of columns.
_SAMPLE = 1000

Column = tuple[str, str]


class CrawlerEngine(Engine):
    """Runs crawlers when they are started."""

    def patches(self) -> Patches:
        patches = Patches()
        runtime = self.runtime
        described = FakeCrawler.as_dict

        @patches.replace(_MODELS, "FakeCrawler.start_crawler")
        def start_crawler(self: Any) -> None:
            if self.status != "READY":
                raise CrawlerRunningException(f"Crawler with name {self.name} has already started")
            crawl = FakeCrawl(self.name)
            # Ours alone decides when a crawl is over; moto would end it when it is looked at.
            crawl._transitions = []
            self.crawls.append(crawl)
            runtime.background(lambda: _crawl(runtime, self, crawl), f"crawler {self.name}")

        @patches.replace(_MODELS, "FakeCrawler.as_dict")
        def as_dict(self: Any) -> dict[str, Any]:
            crawler: dict[str, Any] = described(self)
            crawler.pop("LastCrawl", None)
            return {**crawler, **({"LastCrawl": self.last_crawl_info} if self.last_crawl_info else {})}

        return patches


class _Stopped(Exception):
    """Somebody has stopped the crawler."""


def _crawl(runtime: Runtime, crawler: Any, crawl: Any) -> None:
    started = time.monotonic()
    status, error = "SUCCEEDED", ""
    session = Session(runtime, crawler.backend.region_name)
    try:
        _Crawl(crawler, crawl, Catalog(runtime, crawler.backend.region_name), session).run()
    except _Stopped:
        status = "CANCELLED"
    except (LocalCloudError, duckdb.Error) as failure:
        status, error = "FAILED", message(failure)
    except ClientError as failure:
        status, error = "FAILED", failure.response["Error"].get("Message") or str(failure)
    except Exception as failure:
        # A crawl must end whatever happens, or whoever waits for it waits for ever.
        status, error = "FAILED", f"internal error: {type(failure).__name__}: {failure}"
    finally:
        session.close()
    crawl.status = "STOPPING"
    crawler.crawl_elapsed_time = int(1000 * (time.monotonic() - started))
    crawler.last_crawl_info = {
        "Status": status,
        "LogGroup": crawl.log_group,
        "LogStream": crawl.log_stream,
        "MessagePrefix": crawl.message_prefix,
        "StartTime": crawl.start_time,
        **({"ErrorMessage": error} if error else {}),
    }
    crawl.end_time = datetime.now(UTC)
    crawl.status = {"SUCCEEDED": "COMPLETED", "CANCELLED": "STOPPED", "FAILED": "FAILED"}[status]


@dataclass(frozen=True, kw_only=True)
class Found:
    """A table that was found under a target."""

    name: str
    location: str
    format: str
    columns: list[Column]
    keys: list[Column]
    partitions: dict[tuple[str, ...], str]
    storage: dict[str, Any]
    parameters: dict[str, str]


class _Crawl:
    """One run of a crawler."""

    def __init__(self, crawler: Any, crawl: Any, catalog: Catalog, session: Session) -> None:
        self._crawler = crawler
        self._state = crawl
        self._catalog = catalog
        self._session = session
        self._configuration = json.loads(crawler.configuration or "{}")

    def run(self) -> None:
        if not self._catalog.has_database(self._crawler.database_name):
            raise LocalCloudError(f"Database {self._crawler.database_name} not found.")
        if self._crawler.classifiers:
            raise LocalCloudError("custom classifiers are not reproduced by the local crawler")
        others = [kind for kind, targets in self._crawler.targets.items() if targets and kind != "S3Targets"]
        if others:
            raise LocalCloudError(f"the local crawler reads only S3 targets, got {', '.join(others)}")
        found = []
        for target in self._crawler.targets.get("S3Targets", []):
            found += self._tables(target["Path"].rstrip("/") + "/", target.get("Exclusions") or [])
        for table in found:
            self._check_running()
            self._write(table)
        self._remove_missing({table.name for table in found})

    def _check_running(self) -> None:
        # moto's own StopCrawler sets this state.
        if self._state.status == "STOPPING":
            raise _Stopped

    def _tables(self, target: str, exclusions: Sequence[str]) -> list[Found]:
        excluded = [_glob(pattern) for pattern in exclusions]
        files = [
            item
            for item in self._catalog.files(target)
            if not any(pattern.fullmatch(item.uri[len(target) :]) for pattern in excluded)
        ]
        groups: dict[str, list[ObjectSummary]] = {}
        first_folders = {item.uri[len(target) :].split("/")[0] for item in files if "/" in item.uri[len(target) :]}
        direct = any("/" not in item.uri[len(target) :] for item in files)
        grouping = self._configuration.get("Grouping", {})
        if grouping.get("TableLevelConfiguration"):
            raise LocalCloudError("TableLevelConfiguration is not reproduced by the local crawler")
        combined = grouping.get("TableGroupingPolicy") == "CombineCompatibleSchemas"
        if direct or combined or (first_folders and all("=" in folder for folder in first_folders)):
            groups[target] = files
        else:
            for item in files:
                groups.setdefault(f"{target}{item.uri[len(target) :].split('/')[0]}/", []).append(item)
        tables = []
        for location, members in groups.items():
            if members:
                self._check_running()
                tables.append(self._table(location, members))
        return tables

    def _table(self, location: str, files: list[ObjectSummary]) -> Found:
        keys, partitions = _partitions(location, [item.uri for item in files])
        uris = [item.uri for item in files]
        kinds = {self._format(uri) for uri in uris}
        if len(kinds) > 1:
            raise LocalCloudError(f"{location} holds files of different formats: {', '.join(sorted(kinds))}")
        kind = kinds.pop()
        columns, storage, extra = {PARQUET: self._parquet, JSON: self._json, CSV: self._csv}[kind](uris)
        size = sum(item.size for item in files)
        parameters = {
            "classification": kind,
            "compressionType": "gzip" if uris[0].endswith(".gz") else "none",
            "typeOfData": "file",
            "objectCount": str(len(files)),
            "sizeKey": str(size),
            "averageRecordSize": "0",
            "recordCount": "0",
            "UPDATED_BY_CRAWLER": self._crawler.name,
            **extra,
        }
        taken = {name for name, _ in keys}
        name = re.sub(r"[^a-z0-9_]", "_", location.rstrip("/").rsplit("/", 1)[1].lower())
        return Found(
            name=f"{self._crawler.table_prefix or ''}{name}",
            location=location,
            format=kind,
            columns=[column for column in columns if column[0] not in taken],
            keys=keys,
            partitions=partitions,
            storage=storage,
            parameters=parameters,
        )

    def _format(self, uri: str) -> str:
        if self._catalog.objects.read(uri)[:4] == b"PAR1":
            return PARQUET
        first = next((line for line in self._catalog.head(uri, lines=10) if line.strip()), "").strip()
        if first.startswith("{"):
            return JSON
        if _delimiter([first]):
            return CSV
        raise LocalCloudError(f"{uri} is neither Parquet, JSON lines nor CSV")

    def _parquet(self, uris: list[str]) -> tuple[list[Column], dict[str, Any], dict[str, str]]:
        source = f"read_parquet({_list(uris)}, union_by_name = true, hive_partitioning = false)"
        columns = []
        for name, kind in self._session.schema(f"select * from {source}"):
            zoned = kind.id == "timestamp with time zone"
            columns.append((name.lower(), "timestamp" if zoned else str(from_duckdb(kind))))
        return columns, PARQUET_STORAGE, {}

    def _json(self, uris: list[str]) -> tuple[list[Column], dict[str, Any], dict[str, str]]:
        source = (
            f"read_json({_list(uris)}, format = 'newline_delimited', union_by_name = true, hive_partitioning = false)"
        )
        columns = []
        for name, kind in self._session.schema(f"select * from {source}"):
            inferred = "string" if str(kind) == "JSON" else str(_undated(from_duckdb(kind)))
            if inferred == "bigint" and self._is_small(name, source):
                inferred = "int"
            columns.append((name.lower(), inferred))
        paths = ",".join(name for name, _ in columns)
        return columns, text_storage(_OPENX, {"paths": paths}), {}

    def _is_small(self, name: str, source: str) -> bool:
        row = self._session.execute(f'select max(abs("{name}")) from {source}').fetchone()
        return row is not None and row[0] is not None and abs(int(row[0])) < 2**31

    def _csv(self, uris: list[str]) -> tuple[list[Column], dict[str, Any], dict[str, str]]:
        """The built-in classifier: see https://docs.aws.amazon.com/glue/latest/dg/add-classifier.html.

        It chooses LazySimpleSerDe, which knows no quotes; and it sees a header only if some column below it
        is not text, so a file of texts gets the columns col0, col1 and its header as first row.
        """
        lines = [line for line in self._catalog.head(uris[0], lines=_SAMPLE) if line.strip()]
        delimiter = _delimiter(lines) or ","
        rows = list(csv.reader(lines, delimiter=delimiter))
        width = len(rows[0])
        types = [_csv_type([row[position] for row in rows[1:] if len(row) == width]) for position in range(width)]
        header = rows[0]
        named = (
            len(set(header)) == width
            and all(_csv_type([name]) == "string" and 0 < len(name) < 150 for name in header)
            and any(kind != "string" for kind in types)
        )
        if not named:
            types = [_csv_type([row[position] for row in rows if len(row) == width]) for position in range(width)]
            header = [f"col{position}" for position in range(width)]
        columns = [
            (re.sub(r"[^\w]", "_", name.strip().lower()), kind) for name, kind in zip(header, types, strict=True)
        ]
        skip = {"skip.header.line.count": "1"} if named else {}
        extra = {"columnsOrdered": "true", "areColumnsQuoted": "false", "delimiter": delimiter, **skip}
        return columns, text_storage(_LAZY, {"field.delim": delimiter}), extra

    def _write(self, found: Found) -> None:
        database = self._crawler.database_name
        existing = self._catalog.table(database, found.name)
        if existing is None:
            existing = self._catalog.create_table(
                database,
                found.name,
                columns=found.columns,
                partition_keys=found.keys,
                location=found.location,
                storage=found.storage,
                parameters=found.parameters,
            )
        elif self._may_update():
            existing = self._update(existing, found)
        if len(existing.get("PartitionKeys", [])) == len(found.keys):
            self._catalog.add_partitions(existing, found.partitions)
            self._remove_partitions(existing, found)

    def _may_update(self) -> bool:
        policy = (self._crawler.schema_change_policy or {}).get("UpdateBehavior", "UPDATE_IN_DATABASE")
        recrawl = (self._crawler.recrawl_policy or {}).get("RecrawlBehavior", "CRAWL_EVERYTHING")
        return bool(policy == "UPDATE_IN_DATABASE" and recrawl == "CRAWL_EVERYTHING")

    def _update(self, existing: dict[str, Any], found: Found) -> dict[str, Any]:
        columns = [{"Name": name, "Type": kind} for name, kind in found.columns]
        output = self._configuration.get("CrawlerOutput", {}).get("Tables", {})
        if output.get("AddOrUpdateBehavior") == "MergeNewColumns":
            known = {column["Name"] for column in existing["StorageDescriptor"]["Columns"]}
            new = [column for column in columns if column["Name"] not in known]
            columns = [*existing["StorageDescriptor"]["Columns"], *new]
        table_input = {
            "Name": existing["Name"],
            "TableType": existing.get("TableType", "EXTERNAL_TABLE"),
            "Parameters": {**existing.get("Parameters", {}), **found.parameters},
            "PartitionKeys": existing.get("PartitionKeys", []),
            "StorageDescriptor": {**existing["StorageDescriptor"], "Columns": columns},
        }
        database = self._crawler.database_name
        self._catalog.glue.update_table(DatabaseName=database, TableInput=table_input)
        return self._catalog.need_table(database, existing["Name"])

    def _delete_behavior(self) -> str:
        policy = self._crawler.schema_change_policy or {}
        return str(policy.get("DeleteBehavior", "DEPRECATE_IN_DATABASE"))

    def _remove_partitions(self, table: dict[str, Any], found: Found) -> None:
        if self._delete_behavior() != "DELETE_FROM_DATABASE":
            return
        for values in self._catalog.partitions(table["DatabaseName"], table["Name"]).keys() - found.partitions.keys():
            self._catalog.glue.delete_partition(
                DatabaseName=table["DatabaseName"], TableName=table["Name"], PartitionValues=list(values)
            )

    def _remove_missing(self, found: set[str]) -> None:
        """Delete or deprecate tables of this crawler whose data is gone."""
        behavior = self._delete_behavior()
        database = self._crawler.database_name
        for table in self._catalog.tables(database) if behavior != "LOG" else []:
            parameters = table.get("Parameters", {})
            if parameters.get("UPDATED_BY_CRAWLER") != self._crawler.name or table["Name"] in found:
                continue
            if behavior == "DELETE_FROM_DATABASE":
                self._catalog.glue.delete_table(DatabaseName=database, Name=table["Name"])
            else:
                marked = {key: table[key] for key in ("Name", "TableType", "PartitionKeys", "StorageDescriptor")}
                marked["Parameters"] = {**parameters, "DEPRECATED_BY_CRAWLER": str(int(1000 * time.time()))}
                self._catalog.glue.update_table(DatabaseName=database, TableInput=marked)


def _list(uris: Sequence[str]) -> str:
    return f"[{', '.join(map(quote, uris))}]"


def _glob(pattern: str) -> re.Pattern[str]:
    """In an exclusion, `*` stays within a folder and `**` crosses folders."""
    parts = re.split(r"(\*\*/?|\*|\?)", pattern)
    known = {"**": ".*", "**/": "(?:.*/)?", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(known.get(part) or translate(part)[4:-3] for part in parts))


def _partitions(location: str, uris: Sequence[str]) -> tuple[list[Column], dict[tuple[str, ...], str]]:
    """Return partition columns and the location of each partition, from the folders below a table's location."""
    folders = sorted({uri[len(location) :].rpartition("/")[0] for uri in uris})
    levels = [folder.split("/") if folder else [] for folder in folders]
    if len({len(parts) for parts in levels}) > 1:
        raise LocalCloudError(f"{location} holds files at different depths: one table cannot have them all")
    keys: list[Column] = []
    plain = 0
    for segments in zip(*levels, strict=True):
        names = {segment.partition("=")[0].lower() if "=" in segment else None for segment in segments}
        name = names.pop() if len(names) == 1 else None
        if name is None:
            name, plain = f"partition_{plain}", plain + 1
        keys.append((name, "string"))
    named = [not key.startswith("partition_") for key, _ in keys]
    values = [
        tuple(
            unquote(part.partition("=")[2]) if is_named else part for part, is_named in zip(parts, named, strict=True)
        )
        for parts in levels
    ]
    if not keys:
        return [], {}
    return keys, {value: f"{location}{folder}/" for value, folder in zip(values, folders, strict=True)}


def _undated(kind: HiveType) -> HiveType:
    """A text that looks like a date is text to Glue's JSON classifier."""
    if kind.name in ("date", "timestamp"):
        return HiveType(name="string")
    return HiveType(
        name=kind.name,
        arguments=kind.arguments,
        children=tuple((name, _undated(child)) for name, child in kind.children),
    )


def _delimiter(lines: Sequence[str]) -> str | None:
    """Return the delimiter that gives every line the same number of columns, at least two."""
    for delimiter in _DELIMITERS:
        widths = {len(row) for row in csv.reader(lines, delimiter=delimiter)}
        if len(widths) == 1 and widths.pop() > 1:
            return delimiter
    return None


def _csv_type(values: Sequence[str]) -> str:
    given = [value.strip() for value in values if value.strip()]
    if given and all(re.fullmatch(r"[+-]?\d{1,18}", value) for value in given):
        return "bigint"
    if given and all(re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", value) for value in given):
        return "double"
    return "string"
