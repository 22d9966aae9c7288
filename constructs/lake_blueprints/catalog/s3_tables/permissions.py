"""Permissions on tables of S3 Tables, on the key that encrypts them, and on their entries in the Glue catalog."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_kms as kms

from lake_blueprints.foundation.access import Permission, arn_of

_REST = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-tables-integrating-open-source.html"
_ACTIONS = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-tables-setting-up.html"
_KEY = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-tables-kms-permissions.html"
_ENTRIES = "https://docs.aws.amazon.com/glue/latest/dg/s3tables-catalog-prerequisites.html"

# What clients of the REST endpoint ask of the table bucket before they ask for a table.
_FIND = ("s3tables:GetTableBucket", "s3tables:GetNamespace", "s3tables:ListNamespaces", "s3tables:ListTables")
_LOOK_UP = ("s3tables:GetTable",)
_READ = (*_LOOK_UP, "s3tables:GetTableMetadataLocation", "s3tables:GetTableData")
_WRITE = ("s3tables:PutTableData", "s3tables:UpdateTableMetadataLocation")
_MAINTENANCE = ("s3tables:GetTableMaintenanceConfiguration", "s3tables:GetTableMaintenanceJobStatus")
# The catalog that the integration with Glue makes has this name in every account.
_CATALOG = "s3tablescatalog"


class StoredTable(Protocol):
    """An `S3Table`, as permissions are about it."""

    table_arn: str
    table_name: str
    namespace: str

    @property
    def zone(self) -> TableBucket: ...


class TableBucket(Protocol):
    """A `TableZone`, as permissions are about it."""

    table_bucket_arn: str
    table_bucket_name: str
    key: kms.IKey
    catalog_integration: bool


def describe(table: StoredTable) -> Iterator[Permission]:
    """Look a table up, and what is done to maintain it."""
    because = "looks the table up"
    yield _on_bucket(table, because)
    yield _on_table(table, _LOOK_UP, because)
    yield from _entries(table, because)


def read(table: StoredTable) -> Iterator[Permission]:
    """Read the rows of a table, at any snapshot."""
    because = "reads the table"
    yield _on_bucket(table, because)
    yield _on_table(table, _READ, because)
    yield _with_key(table, ("kms:Decrypt",), because)
    yield from _entries(table, because)


def write(table: StoredTable) -> Iterator[Permission]:
    """Read and commit the rows of a table."""
    because = "commits snapshots"
    yield from read(table)
    yield _on_table(table, _WRITE, because)
    # A multipart upload decrypts its parts to complete.
    yield _with_key(table, ("kms:GenerateDataKey", "kms:Decrypt"), because)
    yield from _entries(table, because, "glue:UpdateTable")


def follow_maintenance(table: StoredTable) -> Permission:
    """See by when snapshots expire, and whether S3 has removed their files."""
    return _on_table(table, _MAINTENANCE, "sees whether deleted rows are gone")


def _on_bucket(table: StoredTable, because: str) -> Permission:
    return Permission(actions=_FIND, on=(table.zone.table_bucket_arn,), because=because, sources=(_REST,))


def _on_table(table: StoredTable, actions: tuple[str, ...], because: str) -> Permission:
    return Permission(actions=actions, on=(table.table_arn,), because=because, sources=(_ACTIONS,))


def _with_key(table: StoredTable, actions: tuple[str, ...], because: str) -> Permission:
    return Permission(actions=actions, on=(arn_of(table.zone.key),), because=because, sources=(_KEY,))


def _entries(table: StoredTable, because: str, *more: str) -> Iterator[Permission]:
    """Yield what a reader needs in the Glue catalog, each action on the whole path to the table."""
    zone = table.zone
    if not zone.catalog_integration:
        return
    catalog = f"{_CATALOG}/{zone.table_bucket_name}"
    database = f"{catalog}/{table.namespace}"
    stack = Stack.of(zone)  # type: ignore[arg-type]  # a construct
    of_catalogs = tuple(
        stack.format_arn(service="glue", resource=resource, arn_format=ArnFormat.NO_RESOURCE_NAME)
        for resource in ("catalog", f"catalog/{_CATALOG}", f"catalog/{catalog}")
    )
    in_database = stack.format_arn(service="glue", resource="database", resource_name=database)
    in_table = stack.format_arn(service="glue", resource="table", resource_name=f"{database}/{table.table_name}")
    if not more:
        for action, arns in (
            ("glue:GetCatalog", of_catalogs),
            ("glue:GetDatabase", (*of_catalogs, in_database)),
            ("glue:GetTable", (*of_catalogs, in_database, in_table)),
        ):
            yield Permission(actions=(action,), on=arns, because=because, sources=(_ENTRIES,))
        return
    yield Permission(actions=more, on=(*of_catalogs, in_database, in_table), because=because, sources=(_ENTRIES,))
