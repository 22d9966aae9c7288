"""An inventory of a zone, and the table of its reports."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from aws_cdk import Aws, Duration, Names
from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from lake_blueprints.catalog.database import Database
from lake_blueprints.catalog.inventory.fields import DEFAULT_FIELDS, InventoryField, columns
from lake_blueprints.catalog.table_location import TableLocation
from lake_blueprints.foundation.access import admit
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.encryption.lake_key import admit_inventories
from lake_blueprints.foundation.units import DurationInDays
from lake_blueprints.storage.s3 import Zone
from lake_blueprints.storage.s3.inventories import add_inventory
from lake_blueprints.storage.s3.permissions import write_inventories

_HIVE = "org.apache.hadoop.hive.ql.io"


class InventoryFrequency(StrEnum):
    """Times between two reports."""

    DAILY = "Daily"
    WEEKLY = "Weekly"


@checked
class Inventory(Construct):
    """Define an inventory of a zone: a list of all its objects and versions, and a table of the lists for Athena.

    It answers what costs: `SELECT storage_class, is_latest, sum(size) ... WHERE dt = ...`. S3 writes the first report
    within 48 hours.

    Parameters
    ----------
    zone: Zone
        What is listed.
    database: Database
        Database of the table, whose zone gets the reports: another one than is listed.
    frequency: InventoryFrequency
        How often S3 writes a report. By default daily.
    source_prefix: str
        Start of the keys that are listed. By default all are.
    fields: sequence of InventoryField
        What is said of each object beside bucket and key. By default size, age, storage class and tier, parts and
        encryption.
    versions: bool
        Whether older versions and delete markers are listed, which cost storage as well. By default they are.
    table_name: str, optional
        Lower case letters, digits and underscores. By default derived from the construct's path.
    expire_after: Duration
        Age at which reports are deleted, at least 1 day. By default 90 days.

    Defines
    -------
    One Glue table, named `table_name`, with a partition `dt` for each report; in the policies of the reports' bucket
    and of its key, that S3 may write them; a lifecycle rule that deletes them.

    Raises
    ------
    ValueError
        If the zone would list the reports about itself, or the database already has a table of that name.

    Notes
    -----
    An inventory costs 0.0025 USD for a million objects listed (https://aws.amazon.com/s3/pricing/).

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-inventory.html,
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-inventory-athena-query.html

    Example
    -------
        >>> database = Database(self, "Reports", zone=Zone(self, "ReportZone"))
        >>> inventory = Inventory(self, "RawObjects", zone=raw, database=database)
        >>> inventory.grant_read(analyst)
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        zone: Zone,
        database: Database,
        frequency: InventoryFrequency = InventoryFrequency.DAILY,
        source_prefix: str = "",
        fields: Sequence[InventoryField] = DEFAULT_FIELDS,
        versions: bool = True,
        table_name: str | None = None,
        expire_after: DurationInDays | None = None,
    ) -> None:
        if database.zone is zone:
            raise ValueError(
                f"zone '{zone.node.path}' would list the reports about itself; give a database of another zone"
            )
        super().__init__(scope, construct_id)
        self.table_name = database.claim(table_name or _derived_name(self))
        self.database = database
        self.prefix = f"inventories/{self.table_name}/"
        reports = database.zone
        reports.require_queryable(self.prefix, f"inventory '{self.table_name}'")
        reports.bucket.add_lifecycle_rule(
            id=f"inventories-{self.table_name}", prefix=self.prefix, expiration=expire_after or Duration.days(90)
        )
        admit(
            reports.bucket,
            f"Inventory{self.node.addr[-8:]}",
            "s3.amazonaws.com",
            write_inventories(reports, self.prefix),
        )
        admit_inventories(reports.key)

        name = Names.unique_resource_name(self, max_length=64, separator="-")
        add_inventory(
            zone.bucket,
            s3.CfnBucket.InventoryConfigurationProperty(
                id=name,
                enabled=True,
                schedule_frequency=frequency.value,
                included_object_versions="All" if versions else "Current",
                optional_fields=[field.value for field in fields],
                prefix=source_prefix or None,
                destination=s3.CfnBucket.DestinationProperty(
                    bucket_arn=reports.bucket.bucket_arn,
                    bucket_account_id=Aws.ACCOUNT_ID,
                    format="Parquet",
                    prefix=self.prefix.rstrip("/"),
                ),
            ),
        )
        self.uri = reports.uri(f"{self.prefix}{zone.bucket.bucket_name}/{name}/hive/")
        self._define_table(columns(fields, versions=versions))

    def grant_read(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow reading the reports and their table."""
        return self.database.zone.grant_read(grantee, prefix=self.prefix)

    def _define_table(self, described: Sequence[tuple[str, str]]) -> None:
        self.resource = glue.CfnTable(
            self,
            "Table",
            catalog_id=Aws.ACCOUNT_ID,
            database_name=self.database.resource.ref,
            table_input=glue.CfnTable.TableInputProperty(
                name=self.table_name,
                table_type="EXTERNAL_TABLE",
                parameters={
                    "EXTERNAL": "TRUE",
                    "classification": "parquet",
                    # Each report is a folder, named by the time at which S3 began it, that nobody registers.
                    "projection.enabled": "true",
                    "projection.dt.type": "date",
                    "projection.dt.format": "yyyy-MM-dd-HH-mm",
                    "projection.dt.range": "2022-01-01-00-00,NOW",
                    "projection.dt.interval": "1",
                    "projection.dt.interval.unit": "HOURS",
                },
                partition_keys=[glue.CfnTable.ColumnProperty(name="dt", type="string")],
                storage_descriptor=glue.CfnTable.StorageDescriptorProperty(
                    columns=[glue.CfnTable.ColumnProperty(name=name, type=kind) for name, kind in described],
                    location=self.uri,
                    # The folders hold lists of files, which lie beside them.
                    input_format=f"{_HIVE}.SymlinkTextInputFormat",
                    output_format=f"{_HIVE}.IgnoreKeyTextOutputFormat",
                    serde_info=glue.CfnTable.SerdeInfoProperty(
                        serialization_library=f"{_HIVE}.parquet.serde.ParquetHiveSerDe"
                    ),
                ),
            ),
        )
        self.database.add_entry(TableLocation(prefix=self.prefix, tables=self.table_name, described_by=self.resource))


def _derived_name(inventory: Inventory) -> str:
    return Names.unique_resource_name(inventory, separator="_", allowed_special_characters="_", max_length=128).lower()
