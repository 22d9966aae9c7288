"""A database of the Glue Data Catalog that describes the data of a zone."""

from __future__ import annotations

from typing import Unpack

from aws_cdk import Aws, Names, RemovalPolicy
from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam
from constructs import Construct

from lake_blueprints.catalog.access import CatalogEntries
from lake_blueprints.catalog.iceberg import IcebergTable, IcebergTableOptions
from lake_blueprints.catalog.lake_formation import LakeFormation
from lake_blueprints.catalog.names import check_name
from lake_blueprints.catalog.permissions import use_entries
from lake_blueprints.catalog.table import Table, TableOptions
from lake_blueprints.catalog.table_location import EVERY_TABLE, Access, TableLocation
from lake_blueprints.contracts import Dataset
from lake_blueprints.foundation.access import allow
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.removal import guard_removal
from lake_blueprints.storage.s3 import Zone


@checked
class Database(Construct):
    """Define a database for the tables of a zone.

    It becomes part of the zone's grants: who may read a prefix may also see the tables whose data lies there.

    Parameters
    ----------
    zone: Zone
        Where the data lies.
    database_name: str, optional
        Lower case letters, digits and underscores, at most 255. By default derived from the construct's path.
    description: str, optional
        For people. By default none.
    lake_formation: bool
        Whether grants to roles are repeated in Lake Formation, with the zone as a location in hybrid access mode;
        the person who deploys must then be a Lake Formation administrator, and roles are governed by it once they opt
        in (docs/governance.md), for which CloudFormation has no type. By default IAM alone decides.
    removal_policy: RemovalPolicy
        What happens when the database leaves the stack, subject to the removal guard; deleting it deletes every
        table that a crawler or query made in it. By default it is retained.

    Defines
    -------
    One Glue database, named `database_name`; with Lake Formation, a location and its role in the zone.

    Raises
    ------
    ValueError
        If the name would be changed by the catalog.

    Example
    -------
        >>> database = Database(self, "Curated", zone=curated)
        >>> flights = database.add_table(contract["flights"])
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        zone: Zone,
        database_name: str | None = None,
        description: str | None = None,
        lake_formation: bool = False,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        super().__init__(scope, construct_id)
        self.zone = zone
        self.key = zone.key
        # A plain string, not a reference: policies in any stack can name the database without an export.
        self.database_name = check_name("a database name", database_name or _derived_name(self))
        self.resource = glue.CfnDatabase(
            self,
            "Database",
            catalog_id=Aws.ACCOUNT_ID,
            database_input=glue.CfnDatabase.DatabaseInputProperty(name=self.database_name, description=description),
        )
        guard_removal(self.resource, removal_policy)
        self._lake_formation = LakeFormation(self.resource, self.database_name, zone) if lake_formation else None
        self._tables: set[str] = set()
        self._entries = {zone: self._entries_in(zone)}

    def add_table(self, dataset: Dataset, **options: Unpack[TableOptions]) -> Table:
        """Define the table of a dataset; see `Table` for the options."""
        return Table(self, options.get("table_name") or dataset.name, database=self, dataset=dataset, **options)

    def add_iceberg_table(self, dataset: Dataset, **options: Unpack[IcebergTableOptions]) -> IcebergTable:
        """Define the Iceberg table of a dataset; see `IcebergTable` for the options."""
        name = options.get("table_name") or dataset.name
        return IcebergTable(self, name, database=self, dataset=dataset, **options)

    def claim(self, table_name: str) -> str:
        """Return a table's name if it is valid and no other table of this database has it."""
        if check_name("a table name", table_name) in self._tables:
            raise ValueError(
                f"database '{self.database_name}' already has a table '{table_name}'; give another 'table_name'"
            )
        self._tables.add(table_name)
        return table_name

    def add_entry(self, entry: TableLocation, *, zone: Zone | None = None) -> None:
        """Make tables part of the grants on their data, which is in the database's zone unless another is named."""
        zone = zone or self.zone
        if zone not in self._entries:
            self._entries[zone] = self._entries_in(zone)
        self._entries[zone].add(entry)

    def grant_catalog_read(self, grantee: iam.IGrantable, prefix: str | None, *, restricted: bool = False) -> iam.Grant:
        """Allow reading the entries of the data below a prefix of the zone; `Zone.grant_read` does it as well."""
        return self._entries[self.zone].grant_catalog_read(grantee, prefix, restricted=restricted)

    def grant_catalog_write(self, grantee: iam.IGrantable, prefix: str | None) -> iam.Grant:
        """Allow adding partitions, and snapshots to Iceberg tables, below a prefix; `Zone.grant_write` does so too."""
        return self._entries[self.zone].grant_catalog_write(grantee, prefix)

    def grant_entry(
        self, grantee: iam.IGrantable, entry: TableLocation, access: Access, *, before: Construct | None = None
    ) -> iam.Grant:
        """Allow what a job does with a table's entry, or `before` from its creation on; it uses the data by itself."""
        permissions = (
            self._lake_formation.grant(grantee, entry, access, restricted=True) if self._lake_formation else []
        )
        if before:
            before.node.add_dependency(*permissions)
        wildcard = "every table of the database" if entry is EVERY_TABLE else None
        return allow(grantee, *use_entries(self, access, self.database_name, entry.tables, wildcard=wildcard))

    def grant_schema(self, grantee: iam.IGrantable, entry: TableLocation, *, before: Construct) -> iam.Grant:
        """Allow reading the columns of a table, which `before` does as soon as it is created."""
        return self.grant_entry(grantee, entry, Access.SCHEMA, before=before)

    def _entries_in(self, zone: Zone) -> CatalogEntries:
        entries = CatalogEntries(self, self.database_name, whole=zone is self.zone, lake_formation=self._lake_formation)
        zone.register(entries)
        return entries


def _derived_name(database: Database) -> str:
    return Names.unique_resource_name(database, separator="_", allowed_special_characters="_", max_length=128).lower()
