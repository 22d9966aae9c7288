"""One crawl: the tables below the S3 targets, and what the crawler's policies write of them to the catalog."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from local_cloud.engines.glue.crawler.classifiers import Classifiers, Column
from local_cloud.engines.glue.crawler.folders import glob, partitions_below
from local_cloud.errors import LocalCloudError
from local_cloud.server.objects import ObjectSummary
from local_cloud.sql.catalog import Catalog
from local_cloud.sql.duck import Session


class Stopped(Exception):
    """The crawler was stopped."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """A table that was found under a target."""

    name: str
    location: str
    columns: list[Column]
    keys: list[Column]
    partitions: dict[tuple[str, ...], str]
    storage: dict[str, Any]
    parameters: dict[str, str]


class CrawlerExecution:
    """One run of a crawler."""

    def __init__(self, crawler: Any, crawl: Any, catalog: Catalog, session: Session) -> None:
        self._crawler = crawler
        self._state = crawl
        self._catalog = catalog
        self._classifiers = Classifiers(catalog, session)
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
            raise Stopped

    def _tables(self, target: str, exclusions: Sequence[str]) -> list[Found]:
        excluded = [glob(pattern) for pattern in exclusions]
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
        keys, partitions = partitions_below(location, [item.uri for item in files])
        uris = [item.uri for item in files]
        kinds = {self._classifiers.format(uri) for uri in uris}
        if len(kinds) > 1:
            raise LocalCloudError(f"{location} holds files of different formats: {', '.join(sorted(kinds))}")
        kind = kinds.pop()
        schema = self._classifiers.schema(kind, uris)
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
            **schema.parameters,
        }
        taken = {name for name, _ in keys}
        name = re.sub(r"[^a-z0-9_]", "_", location.rstrip("/").rsplit("/", 1)[1].lower())
        return Found(
            name=f"{self._crawler.table_prefix or ''}{name}",
            location=location,
            columns=[column for column in schema.columns if column[0] not in taken],
            keys=keys,
            partitions=partitions,
            storage=schema.storage,
            parameters=parameters,
        )

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
