"""An Iceberg table of S3 Tables, derived from a dataset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from aws_cdk import RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3tables as s3tables
from constructs import Construct

from lake_blueprints.catalog.iceberg import SortField
from lake_blueprints.catalog.iceberg.partition_spec import partitioning_of
from lake_blueprints.catalog.s3_tables import permissions
from lake_blueprints.catalog.s3_tables.evolution import check_evolution
from lake_blueprints.catalog.s3_tables.maintenance import SnapshotManagement
from lake_blueprints.catalog.s3_tables.metadata import metadata_of
from lake_blueprints.catalog.s3_tables.table_zone import TableZone
from lake_blueprints.contracts import Dataset, PartitionTransform
from lake_blueprints.foundation.access import allow
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.removal import guard_removal
from lake_blueprints.foundation.units import KnownText
from template_checks.limits import s3_tables as limits

_NO_PROPERTIES: Mapping[str, str] = MappingProxyType({})
_SNAPSHOT_MANAGEMENT = SnapshotManagement()


@checked
class S3Table(Construct):
    """Define the Iceberg table of a dataset in a table bucket, where S3 compacts it and expires its snapshots.

    CloudFormation writes the schema once: it cannot change columns, partitioning, order or properties of a table of S3
    Tables, and a template that tries fails as long as the table exists. Columns are changed by `created_as`.

    Parameters
    ----------
    zone: TableZone
        Where the table belongs.
    dataset: Dataset
        What the data is.
    created_as: Dataset, optional
        The dataset as the table was first deployed with, once the contract has more columns or wider types. The
        template goes on to describe that one, and the curation job brings the table to what the data is. By default
        the dataset has not changed.
    namespace: str
        Namespace of the table: lower case letters, digits and underscores, at most 255. By default `lake`.
    table_name: str, optional
        As a namespace's. By default the dataset's name.
    partitioning: sequence of PartitionTransform, optional
        Hidden partitioning: `[Day("scheduled"), Bucket("customer_id", 16)]`. By default the dataset's, which are its
        partition keys or the transforms that its contract states.
    sort_order: sequence of SortField
        Order of the rows within each file; compaction keeps it. By default as they come.
    properties: mapping of str to str
        Table properties beside the library's, or in place of them. By default none; where files lie, the format
        version and the retention of snapshots cannot be set.
    target_file_mb: int, optional
        Size that compacted and written files aim at, in MB, 64 to 512. By default 128; None turns compaction off.
    snapshot_management: SnapshotManagement, optional
        Expiration of snapshots. By default after 5 days; None turns it off.
    removal_policy: RemovalPolicy
        What happens to the table, its rows included, when it leaves the stack, subject to the removal guard. By default
        it is retained.

    Defines
    -------
    One table, named `table_name` in `namespace`, and the namespace in the zone if it is its first table.

    Raises
    ------
    ValueError
        If a name is invalid or taken, partitioning or sort order do not fit the dataset, field ids collide, a property
        contradicts the maintenance, or the dataset has changed in another way than the table can.

    Example
    -------
        >>> tables = TableZone(self, "Tables")
        >>> flights = S3Table(self, "Flights", zone=tables, dataset=contract["flights"])
        >>> flights.grant_read(analyst)
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        zone: TableZone,
        dataset: Dataset,
        created_as: Dataset | None = None,
        namespace: KnownText = "lake",
        table_name: str | None = None,
        partitioning: Sequence[PartitionTransform] | None = None,
        sort_order: Sequence[SortField] = (),
        properties: Mapping[str, str] = _NO_PROPERTIES,
        target_file_mb: int | None = 128,
        snapshot_management: SnapshotManagement | None = _SNAPSHOT_MANAGEMENT,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        self.table_name = table_name or dataset.name
        # Before the construct exists: the tree's own complaint about a second one names neither table nor fix.
        zone.claim(namespace, self.table_name)
        super().__init__(scope, construct_id)
        self.zone = zone
        self.dataset = dataset
        self.namespace = namespace
        if target_file_mb is not None:
            limits.TARGET_FILE_MB.check("target_file_mb", target_file_mb)
        created_as = created_as or dataset
        check_evolution(created_as, dataset)
        self.partitioning = partitioning_of(created_as, partitioning)
        self.sort_order = tuple(sort_order)
        self.resource = s3tables.CfnTable(
            self,
            "Table",
            table_bucket_arn=zone.table_bucket_arn,
            namespace=namespace,
            table_name=self.table_name,
            open_table_format="ICEBERG",
            iceberg_metadata=metadata_of(
                created_as,
                partitioning=self.partitioning,
                sort_order=self.sort_order,
                properties=properties,
                target_file_mb=target_file_mb,
            ),
            compaction=s3tables.CfnTable.CompactionProperty(
                status="disabled" if target_file_mb is None else "enabled", target_file_size_mb=target_file_mb
            ),
            snapshot_management=(
                snapshot_management.configuration
                if snapshot_management
                else s3tables.CfnTable.SnapshotManagementProperty(status="disabled")
            ),
        )
        # It names the namespace as text.
        self.resource.node.add_dependency(zone.define_namespace(namespace))
        guard_removal(self.resource, removal_policy, encryption_key=zone.key)
        self.table_arn: str = self.resource.attr_table_arn

    def grant_read(self, grantee: iam.IGrantable, *, restricted: bool = False) -> iam.Grant:
        """Allow reading the table's rows, at any snapshot.

        Parameters
        ----------
        grantee: iam.IGrantable
            Who may read.
        restricted: bool
            Whether the grantee may see restricted columns. By default not, and a table that has some is refused: its
            files hold all columns.

        Raises
        ------
        ValueError
            If the table has restricted columns and the grantee may not see them, or is of another account.
        """
        self.require_unmasked_access(restricted)
        return allow(grantee, *permissions.read(self))

    def grant_write(self, grantee: iam.IGrantable, *, restricted: bool = False) -> iam.Grant:
        """Allow adding, changing and deleting rows; S3 Tables lets nobody commit without reading, see `grant_read`."""
        self.require_unmasked_access(restricted)
        return allow(grantee, *permissions.write(self))

    def grant_read_write(self, grantee: iam.IGrantable, *, restricted: bool = False) -> iam.Grant:
        """Allow reading, adding, changing and deleting rows, which to S3 Tables is the same as `grant_write`."""
        return self.grant_write(grantee, restricted=restricted)

    def grant_erase(self, grantee: iam.IGrantable, *, restricted: bool = False) -> iam.Grant:
        """Allow deleting rows, and seeing whether S3 has removed the files and snapshots that held them."""
        self.require_unmasked_access(restricted)
        return allow(grantee, *permissions.write(self), permissions.follow_maintenance(self))

    def grant_describe(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow looking the table up; not its data."""
        return allow(grantee, *permissions.describe(self))

    def require_unmasked_access(self, restricted: bool) -> None:
        """Refuse a reader who may not see the table's restricted columns, if it has some.

        Raises
        ------
        ValueError
            With the columns and the ways out.
        """
        if (found := self.dataset.restricted_columns) and not restricted:
            raise ValueError(
                f"table '{self.table_name}' has the restricted columns {', '.join(one.name for one in found)}; grant a "
                "table without them instead, or give restricted=True to a reader who may see them"
            )
