"""The Glue catalog, as the SQL engines use it.

Above 200 lines: one class with the few calls that each engine needs.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import itertools
from collections.abc import Sequence
from functools import cached_property
from typing import Any
from urllib.parse import unquote

from botocore.exceptions import ClientError
from moto.utilities.utils import get_partition

from local_cloud.errors import LocalCloudError
from local_cloud.server.objects import ObjectStore, ObjectSummary
from local_cloud.server.runtime import Runtime
from local_cloud.sql.catalogs import full_name, place_of
from local_cloud.sql.duck import WAREHOUSE

PARQUET = "parquet"
JSON = "json"
CSV = "csv"

_TEXT_INPUT = "org.apache.hadoop.mapred.TextInputFormat"
_TEXT_OUTPUT = "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat"
_PARQUET = "org.apache.hadoop.hive.ql.io.parquet"
PARQUET_STORAGE: dict[str, Any] = {
    "InputFormat": f"{_PARQUET}.MapredParquetInputFormat",
    "OutputFormat": f"{_PARQUET}.MapredParquetOutputFormat",
    "SerdeInfo": {"SerializationLibrary": f"{_PARQUET}.serde.ParquetHiveSerDe"},
}
HIDDEN_PARTITION = "__HIVE_DEFAULT_PARTITION__"


def text_storage(library: str, parameters: dict[str, str] | None = None) -> dict[str, Any]:
    """Return the storage descriptor's part of a table of text files read by a SerDe."""
    return {
        "InputFormat": _TEXT_INPUT,
        "OutputFormat": _TEXT_OUTPUT,
        "SerdeInfo": {"SerializationLibrary": library, "Parameters": parameters or {}},
    }


class Catalog:
    """Databases, tables and partitions of one region."""

    def __init__(self, runtime: Runtime, region: str, *, role: str | None = None) -> None:
        self._runtime = runtime
        self._region = region
        self._role = role
        self.glue = runtime.client("glue", region, role=role)
        self.objects: ObjectStore = runtime.objects_of(role)

    @cached_property
    def iceberg(self) -> Any:
        """The same catalog as pyiceberg sees it, which takes a second to import."""
        from local_cloud.iceberg.catalog import IcebergCatalog  # noqa: PLC0415

        return IcebergCatalog(self._runtime, self._region, role=self._role)

    def load_iceberg(self, described: dict[str, Any]) -> Any:
        """Return an Iceberg table with its metadata as it is now."""
        place = place_of(described["DatabaseName"])
        if place is None:
            return self.iceberg.load_table((described["DatabaseName"], described["Name"]))
        return self._of_bucket(described[WAREHOUSE]).load_table((place[1], described["Name"]))

    def _of_bucket(self, arn: str) -> Any:
        from local_cloud.iceberg.table_bucket import TableBucketCatalog  # noqa: PLC0415

        return TableBucketCatalog(self._runtime, self._region, arn, role=self._role)

    def _in_bucket(self, bucket: str, namespace: str, database: str, name: str) -> dict[str, Any] | None:
        """Return a table of S3 Tables as Glue's catalog has it, by its entry there."""
        account = self._runtime.account
        arn = f"arn:{get_partition(self._region)}:s3tables:{self._region}:{account}:bucket/{bucket}"
        if self._role:
            self._runtime.recording.note(self._role, "glue:GetTable", f"{database}/{name}")
        if not self._of_bucket(arn).table_exists((namespace, name)):
            return None
        parameters = {"table_type": "ICEBERG"}
        return {"DatabaseName": database, "Name": name, "Parameters": parameters, WAREHOUSE: arn}

    def table(self, database: str, name: str) -> dict[str, Any] | None:
        if place := place_of(database):
            return self._in_bucket(*place, database, name)
        with contextlib.suppress(self.glue.exceptions.EntityNotFoundException):
            table: dict[str, Any] = self.glue.get_table(DatabaseName=database, Name=name)["Table"]
            return table
        return None

    def need_table(self, database: str, name: str) -> dict[str, Any]:
        table = self.table(database, name)
        if table is None:
            raise LocalCloudError(f"TABLE_NOT_FOUND: Table '{full_name(database, name)}' does not exist")
        return table

    def has_database(self, name: str) -> bool:
        with contextlib.suppress(self.glue.exceptions.EntityNotFoundException):
            self.glue.get_database(Name=name)
            return True
        return False

    def find_default_database(self) -> None:
        """Look for the database `default`, and make it if there is none: AWS's metastore client begins with that.

        https://github.com/awslabs/aws-glue-data-catalog-client-for-apache-hive-metastore
        """
        if not self.has_database("default"):
            with contextlib.suppress(self.glue.exceptions.AlreadyExistsException):
                self.glue.create_database(DatabaseInput={"Name": "default", "Description": "Default Hive database"})

    def databases(self) -> list[str]:
        return sorted(item["Name"] for page in self._pages("get_databases") for item in page["DatabaseList"])

    def tables(self, database: str) -> list[dict[str, Any]]:
        found = [item for page in self._pages("get_tables", DatabaseName=database) for item in page["TableList"]]
        return sorted(found, key=lambda table: str(table["Name"]))

    def partitions(self, database: str, name: str) -> dict[tuple[str, ...], str]:
        """Return the location of every registered partition, by its values."""
        described = self.described_partitions(database, name)
        return {values: storage["Location"] for values, storage in described.items()}

    def described_partitions(self, database: str, name: str) -> dict[tuple[str, ...], dict[str, Any]]:
        """Return the storage descriptor of every registered partition, by its values."""
        pages = self._pages("get_partitions", DatabaseName=database, TableName=name)
        return {tuple(item["Values"]): item["StorageDescriptor"] for page in pages for item in page["Partitions"]}

    def add_partitions(self, table: dict[str, Any], locations: dict[tuple[str, ...], str]) -> int:
        """Register the partitions that are not yet; return how many were added."""
        database, name = table["DatabaseName"], table["Name"]
        missing = {key: uri for key, uri in locations.items() if key not in self.partitions(database, name)}
        entries = [
            {"Values": list(values), "StorageDescriptor": {**table["StorageDescriptor"], "Location": uri}}
            for values, uri in missing.items()
        ]
        # The API takes at most 100 at once.
        for start in range(0, len(entries), 100):
            self.glue.batch_create_partition(
                DatabaseName=database, TableName=name, PartitionInputList=entries[start : start + 100]
            )
        return len(entries)

    def create_table(
        self,
        database: str,
        name: str,
        *,
        columns: Sequence[tuple[str, str]],
        partition_keys: Sequence[tuple[str, str]] = (),
        location: str,
        storage: dict[str, Any],
        parameters: dict[str, str] | None = None,
    ) -> dict[str, Any]:
        """Create an external table and return it as the catalog has it."""
        self.glue.create_table(
            DatabaseName=database,
            TableInput={
                "Name": name,
                "TableType": "EXTERNAL_TABLE",
                "Parameters": {"EXTERNAL": "TRUE", **(parameters or {})},
                "PartitionKeys": [{"Name": key, "Type": kind} for key, kind in partition_keys],
                "StorageDescriptor": {
                    "Columns": [{"Name": column, "Type": kind} for column, kind in columns],
                    "Location": location,
                    **storage,
                },
            },
        )
        return self.need_table(database, name)

    def files(self, location: str) -> list[ObjectSummary]:
        """Return the objects that a reader of a location sees: not empty, and neither they nor a folder hidden."""
        folder = location.rstrip("/") + "/"
        return [
            item
            for item in self.objects.list(folder)
            if item.size and not any(part.startswith(("_", ".")) for part in item.uri[len(folder) :].split("/"))
        ]

    def folders(self, location: str) -> list[str]:
        """Return every folder at or below `location` that holds data, as URIs that end in `/`."""
        return sorted({item.uri.rsplit("/", 1)[0] + "/" for item in self.files(location)})

    def hive_partitions(self, table: dict[str, Any]) -> dict[tuple[str, ...], str]:
        """Return the `key=value` folders below a table's location that match its partition columns."""
        root = table["StorageDescriptor"]["Location"].rstrip("/") + "/"
        keys = [key["Name"] for key in table.get("PartitionKeys", [])]
        found = {}
        for folder in self.folders(root):
            parts = [part.partition("=") for part in folder[len(root) :].split("/")[: len(keys)]]
            if [key.lower() for key, _, _ in parts] == keys:
                # Writers escape what a folder's name may not hold; Hive reads it back.
                values = tuple(unquote(value) for _, _, value in parts)
                found[values] = root + "/".join("=".join((key, value)) for key, _, value in parts) + "/"
        return found

    def head(self, uri: str, *, lines: int) -> list[str]:
        """Return the first lines of a text object, decompressed if its name ends in `.gz`."""
        content = self.objects.read(uri)
        text = gzip.GzipFile(fileobj=io.BytesIO(content)) if uri.endswith(".gz") else io.BytesIO(content)
        return [line.decode(errors="replace").rstrip("\r\n") for line in itertools.islice(text, lines)]

    def _pages(self, operation: str, **arguments: Any) -> Any:
        try:
            yield from self.glue.get_paginator(operation).paginate(**arguments)
        except ClientError as error:
            raise LocalCloudError(error.response["Error"]["Message"]) from None
