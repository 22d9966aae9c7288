"""An Apache Iceberg table of the Glue Data Catalog, derived from a dataset.

Above 200 lines: most of it is the signature and documentation of one construct and of its grants.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypedDict

from aws_cdk import Aws, RemovalPolicy, Stack
from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam
from constructs import Construct

from lake_blueprints.catalog.catalog_table import CatalogTable
from lake_blueprints.catalog.iceberg.field_ids import FieldIds
from lake_blueprints.catalog.iceberg.optimizer_role import OptimizerRole
from lake_blueprints.catalog.iceberg.optimizers import (
    Compaction,
    CompactionStrategy,
    OrphanFileDeletion,
    SnapshotRetention,
    define_optimizers,
)
from lake_blueprints.catalog.iceberg.partition_spec import partition_spec, partitioning_of
from lake_blueprints.catalog.iceberg.permissions import optimize
from lake_blueprints.catalog.iceberg.regions import check_optimizers
from lake_blueprints.catalog.iceberg.sort_order import SortField, sort_order_of
from lake_blueprints.catalog.iceberg.table_properties import table_properties
from lake_blueprints.catalog.iceberg.table_schema import schema_of
from lake_blueprints.catalog.table_location import Access
from lake_blueprints.catalog.table_owner import TableOwner
from lake_blueprints.contracts import Dataset, PartitionTransform
from lake_blueprints.foundation.access import ServiceRole, allow, combine
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.removal import guard_removal
from lake_blueprints.storage.s3 import Zone

# Athena reads no version 3: https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg.html
_VERSION = "2"
_NO_PROPERTIES: Mapping[str, str] = MappingProxyType({})
_COMPACTION = Compaction()
_SNAPSHOT_RETENTION = SnapshotRetention()
_ORPHAN_FILE_DELETION = OrphanFileDeletion()


class IcebergTableOptions(TypedDict, total=False):
    """The options of an `IcebergTable`, for `Database.add_iceberg_table`."""

    prefix: str | None
    table_name: str | None
    zone: Zone | None
    partitioning: Sequence[PartitionTransform] | None
    sort_order: Sequence[SortField]
    properties: Mapping[str, str]
    compaction: Compaction | None
    snapshot_retention: SnapshotRetention | None
    orphan_file_deletion: OrphanFileDeletion | None
    optimizer_role: OptimizerRole | None
    removal_policy: RemovalPolicy


WITHOUT_OPTIMIZERS: IcebergTableOptions = {
    "compaction": None,
    "snapshot_retention": None,
    "orphan_file_deletion": None,
}
"""The options of a table that Glue does not maintain."""


@checked
class IcebergTable(CatalogTable):
    """Define the Iceberg table of a dataset, with its maintenance.

    The template changes columns: a deployment writes new metadata, and rewrites no file. The id of a column is
    calculated from its name; what follows is in docs/capabilities/catalog/iceberg.md.

    Parameters
    ----------
    database: Database
        Where the table belongs; its zone holds the data.
    dataset: Dataset
        What the data is.
    prefix: str, optional
        Where the data lies in the zone, ending in a slash; no other table or crawler may read there, and no lifecycle
        rule may delete or archive there. By default the dataset's name: `flights/`.
    table_name: str, optional
        Lower case letters, digits and underscores, at most 255. By default the dataset's name.
    zone: Zone, optional
        Where the data lies, if not in the database's zone. By default it is there.
    partitioning: sequence of PartitionTransform, optional
        Hidden partitioning: `[Day("scheduled"), Bucket("customer_id", 16)]`. By default the dataset's, which are its
        partition keys or the transforms that its contract states.
    sort_order: sequence of SortField
        Order of the rows within each file. By default as they come.
    properties: mapping of str to str
        Table properties beside the library's, or in place of them. By default none; where files lie and the format
        version cannot be set.
    compaction: Compaction, optional
        Compaction of small files. By default as Glue's own defaults; None turns it off.
    snapshot_retention: SnapshotRetention, optional
        Expiration of snapshots. By default after 5 days; None turns it off.
    orphan_file_deletion: OrphanFileDeletion, optional
        Deletion of files that no snapshot names. By default after 3 days; None turns it off.
    optimizer_role: OptimizerRole, optional
        A role that the optimizers of the database's tables share. By default they have one for this table alone.
    removal_policy: RemovalPolicy
        What happens to the catalog's entry, which alone knows the current metadata, when the table leaves the stack,
        subject to the removal guard. By default it is retained. Files always stay.

    Defines
    -------
    One Glue table, named `table_name`; up to three table optimizers and, unless they share one, their role, as `role`.

    Raises
    ------
    ValueError
        If a name or prefix is invalid, partitioning or sort order do not fit the dataset, field ids collide, the zone
        deletes or archives objects by age at the prefix, another table or crawler reads there, `optimizer_role` is of
        another database or the table of another zone, or CloudFormation has no table optimizers in the stack's Region
        and not all three are None.

    Example
    -------
        >>> flights = IcebergTable(self, "Flights", database=database, dataset=contract["flights"])
        >>> flights.grant_read(analyst)
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        database: TableOwner,
        dataset: Dataset,
        prefix: str | None = None,
        table_name: str | None = None,
        zone: Zone | None = None,
        partitioning: Sequence[PartitionTransform] | None = None,
        sort_order: Sequence[SortField] = (),
        properties: Mapping[str, str] = _NO_PROPERTIES,
        compaction: Compaction | None = _COMPACTION,
        snapshot_retention: SnapshotRetention | None = _SNAPSHOT_RETENTION,
        orphan_file_deletion: OrphanFileDeletion | None = _ORPHAN_FILE_DELETION,
        optimizer_role: OptimizerRole | None = None,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        super().__init__(
            scope, construct_id, database=database, dataset=dataset, prefix=prefix, table_name=table_name, zone=zone
        )
        self.zone.reserve(self.prefix, f"Iceberg table '{self.table_name}'")
        self.partitioning = partitioning_of(dataset, partitioning)
        self.sort_order = tuple(sort_order)
        _check_strategy(compaction, self.sort_order)
        ids = FieldIds(dataset)
        self.resource = glue.CfnTable(
            self,
            "Table",
            catalog_id=Aws.ACCOUNT_ID,
            # The reference, so that the database comes first.
            database_name=database.resource.ref,
            # Beside OpenTableFormatInput, CloudFormation's first update of a TableInput takes `table_type` away.
            name=self.table_name,
            open_table_format_input=glue.CfnTable.OpenTableFormatInputProperty(
                iceberg_input=glue.CfnTable.IcebergInputProperty(
                    metadata_operation="CREATE",
                    version=_VERSION,
                    iceberg_table_input=glue.CfnTable.IcebergTableInputProperty(
                        location=self.uri,
                        schema=schema_of(dataset, ids),
                        partition_spec=partition_spec(dataset, self.partitioning, ids),
                        write_order=sort_order_of(dataset, self.sort_order, ids),
                        properties=table_properties(
                            dataset,
                            properties,
                            partitioned=bool(self.partitioning),
                            sorted_=bool(self.sort_order),
                            retention=snapshot_retention,
                        ),
                    ),
                )
            ),
        )
        guard_removal(self.resource, removal_policy)
        self._register(self.resource, iceberg=True)
        self._optimize(
            optimizer_role,
            {
                **({"compaction": compaction.configuration} if compaction else {}),
                **({"retention": snapshot_retention.configuration} if snapshot_retention else {}),
                **(
                    {"orphan_file_deletion": orphan_file_deletion.configuration_at(self.uri)}
                    if orphan_file_deletion
                    else {}
                ),
            },
        )

    def grant_write(self, grantee: iam.IGrantable, *, restricted: bool = False) -> iam.Grant:
        """Allow appending rows: reading the table's metadata, adding files and committing them; not reading rows.

        Parameters
        ----------
        grantee: iam.IGrantable
            Who may append.
        restricted: bool
            Whether the grantee may see restricted columns, of which the metadata has the smallest and largest values.

        Raises
        ------
        ValueError
            If the table has restricted columns and the grantee may not see them.
        """
        self.require_unmasked_access(restricted)
        return combine(
            self.zone.grant_objects(grantee, prefix=f"{self.prefix}metadata/", restricted=restricted),
            self.zone.grant_write(grantee, prefix=self.prefix),
        )

    def allow_commits(self, grantee: iam.IGrantable, *, before: Construct) -> iam.Grant:
        """Allow committing to the table's entry, which `before` looks up as soon as it is created; not its files."""
        return self.database.grant_entry(grantee, self._entry, Access.COMMIT, before=before)

    def grant_erase(self, grantee: iam.IGrantable, *, restricted: bool = False) -> iam.Grant:
        """Allow reading, adding and deleting rows and files, as erasure and the expiration of snapshots do."""
        self.require_unmasked_access(restricted)
        return combine(
            # First, since it refuses other accounts, which could delete files and commit nothing.
            self.database.grant_entry(grantee, self._entry, Access.MAINTAIN),
            self.grant_read_write(grantee, restricted=restricted),
            self.zone.grant_delete(grantee, prefix=self.prefix),
        )

    def _optimize(self, shared: OptimizerRole | None, configurations: dict[str, dict[str, Any]]) -> None:
        self.role: ServiceRole | None = None
        if not configurations:
            return
        check_optimizers(Stack.of(self).region)
        optimizers = Construct(self, "Optimizers")
        if shared:
            self._check_shared(shared)
            self.role = shared.role
            shared.prepare(optimizers)
        else:
            self.role = self._own_role(list(configurations), optimizers)
        define_optimizers(
            optimizers,
            database_name=self.database.database_name,
            table_name=self.table_name,
            role=self.role,
            configurations=configurations,
        )
        optimizers.node.add_dependency(self.resource)

    def _own_role(self, kinds: Sequence[str], optimizers: Construct) -> ServiceRole:
        # No page says that optimizers send `aws:SourceAccount`; only principals of the account can pass the role.
        role = ServiceRole(
            self,
            "Role",
            services=["glue.amazonaws.com"],
            description="Optimizes an Iceberg table",
            source_account=False,
        )
        allow(role, *optimize(self.resource, self.zone, self.prefix, kinds))
        access = Access.DESCRIBE if kinds == ["orphan_file_deletion"] else Access.MAINTAIN
        with role.used_for("optimizes the table"):
            self.database.grant_entry(role, self._entry, access, before=optimizers)
        return role

    def _check_shared(self, shared: OptimizerRole) -> None:
        if shared.database is not self.database:
            raise ValueError(
                f"'optimizer_role' is of database '{shared.database.database_name}', and the table is in "
                f"'{self.database.database_name}'; give one of the same database, or leave it out"
            )
        if self.zone is not self.database.zone:
            raise ValueError(
                "'optimizer_role' may use the database's zone alone, and the table lies in another zone; leave it out"
            )


def _check_strategy(compaction: Compaction | None, sort_order: Sequence[SortField]) -> None:
    if compaction and compaction.strategy is not CompactionStrategy.BINPACK and not sort_order:
        raise ValueError(
            f"compaction by '{compaction.strategy}' needs a 'sort_order', and the table has none; give one, or use "
            f"'{CompactionStrategy.BINPACK}'"
        )
