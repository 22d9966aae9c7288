"""The Iceberg destination of a delivery stream, as it was deployed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

from local_cloud.engines.firehose.prefixes import evaluate_error_prefix
from local_cloud.engines.firehose.settings import Destination
from local_cloud.errors import LocalCloudError

FAILED = "iceberg-failed"


@dataclass(frozen=True, kw_only=True)
class DestinationTable:
    """An entry of DestinationTableConfigurationList."""

    database: str
    name: str
    unique_keys: tuple[str, ...]
    error_prefix: str | None


@dataclass(frozen=True, kw_only=True)
class IcebergDestination(Destination):
    """Tables of a Glue catalog; bucket, prefix and compression are those of the records that fail.

    Parameters
    ----------
    error_role: str | None
        Role under which failed records are written.
    region: str
        Region of the catalog.
    tables: tuple of DestinationTable
        Tables that are configured; records may name others.
    """

    routes_records = True

    error_role: str | None
    region: str
    tables: tuple[DestinationTable, ...]

    @property
    def role_of_objects(self) -> str | None:
        return self.error_role

    @classmethod
    def of_iceberg(cls, configuration: Mapping[str, Any], *, account: str) -> IcebergDestination:
        """Read an IcebergDestinationConfiguration, or the description that moto makes of one.

        Raises
        ------
        LocalCloudError
            For what the local cloud cannot do.
        """
        for name in ("SchemaEvolutionConfiguration", "TableCreationConfiguration"):
            if (configuration.get(name) or {}).get("Enabled"):
                raise LocalCloudError(f"{name} is not run by the local cloud; create and change the table itself")
        catalog = configuration.get("CatalogConfiguration") or {}
        errors = configuration.get("S3DestinationDescription") or configuration["S3Configuration"]
        common = Destination.of(
            {
                **errors,
                "RoleARN": configuration.get("RoleARN"),
                "BufferingHints": configuration.get("BufferingHints"),
                "ProcessingConfiguration": configuration.get("ProcessingConfiguration"),
            }
        )
        return cls(
            **{field.name: getattr(common, field.name) for field in fields(common)},
            error_role=errors.get("RoleARN"),
            region=_region(catalog, account),
            tables=tuple(_table(entry) for entry in configuration.get("DestinationTableConfigurationList") or ()),
        )

    def table(self, database: str, name: str) -> DestinationTable | None:
        """Return what is configured for a table, if anything is."""
        return next((one for one in self.tables if (one.database, one.name) == (database, name)), None)


def _region(catalog: Mapping[str, Any], account: str) -> str:
    if catalog.get("WarehouseLocation"):
        raise LocalCloudError("WarehouseLocation is not run by the local cloud; create the table itself")
    arn = str(catalog.get("CatalogARN") or "")
    parts = arn.split(":")
    if parts[2:3] != ["glue"] or parts[4:] != [account, "catalog"]:
        raise LocalCloudError(
            f"CatalogARN {arn or 'without a value'} is not run by the local cloud, only the Glue catalog of account "
            f"{account}"
        )
    return parts[3]


def _table(entry: Mapping[str, Any]) -> DestinationTable:
    if entry.get("PartitionSpec"):
        raise LocalCloudError("PartitionSpec is not run by the local cloud; create the table itself")
    prefix = entry.get("S3ErrorOutputPrefix")
    evaluate_error_prefix(prefix or "", datetime.now(UTC), FAILED)
    return DestinationTable(
        database=entry["DestinationDatabaseName"],
        name=entry["DestinationTableName"],
        unique_keys=tuple(entry.get("UniqueKeys") or ()),
        error_prefix=prefix,
    )
