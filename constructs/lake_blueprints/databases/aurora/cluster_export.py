"""An export of a cluster to a zone, as Parquet."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import aws_iam as iam
from constructs import Construct

from lake_blueprints.catalog.names import check_prefix
from lake_blueprints.databases.aurora import permissions
from lake_blueprints.databases.aurora.aurora_cluster import AuroraCluster
from lake_blueprints.foundation.access import ServiceRole, allow
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.connections import DatabaseEngine
from lake_blueprints.storage.s3 import Zone


@checked
class ClusterExport(Construct):
    """Define the role by which Aurora exports a cluster to a zone, for the step `ExportCluster`.

    An export reads a copy of the cluster's storage, as it is when the export begins: it takes none of the cluster's
    capacity, and does not wake a cluster that pauses. Each has a folder of its own:
    `<prefix><export>/<database>/<schema>.<table>/`, with Parquet files below numbered folders.

    Parameters
    ----------
    cluster: AuroraCluster
        The cluster. An RDS instance has no such export: AWS exports its snapshots only.
    zone: Zone
        Zone that receives the export, under the zone's key.
    prefix: str
        Prefix of the exports, ending in a slash, without a colon.
    tables: sequence of str, optional
        What is exported: tables of the first database as `public.orders`, or of MySQL `orders`, of letters, digits,
        `_` and `$`. By default the first database is exported as a whole.

    Defines
    -------
    The role that writes the export, as `role`; nothing that costs anything.

    Raises
    ------
    ValueError
        If the prefix or a table has a name that an export does not take.

    Notes
    -----
    https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/export-cluster-data.html

    Example
    -------
        >>> shop = AuroraCluster(self, "Shop", database="shop")
        >>> export = ClusterExport(self, "Export", cluster=shop, zone=raw, prefix="shop/", tables=["public.orders"])
        >>> ExportCluster(export=export)
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        cluster: AuroraCluster,
        zone: Zone,
        prefix: str,
        tables: Sequence[str] = (),
    ) -> None:
        super().__init__(scope, construct_id)
        check_prefix(prefix)
        if ":" in prefix:
            raise ValueError(f"'prefix' must have no colon, which no export takes, got '{prefix}'")
        self.cluster, self.zone, self.prefix = cluster, zone, prefix
        database = cluster.endpoint.database
        parts = 1 if cluster.endpoint.engine is DatabaseEngine.MYSQL else 2
        for table in tables:
            names = table.split(".")
            if len(names) != parts or not all(_exportable(name) for name in names):
                example = "orders" if parts == 1 else "public.orders"
                raise ValueError(
                    f"'tables' must be names such as {example}, of letters, digits, '_' and '$', got '{table}'"
                )
        self.export_only = [f"{database}.{table}" for table in tables] or [database]
        self.role = ServiceRole(
            self,
            "Role",
            services=[permissions.EXPORTS],
            description="Writes exports of a cluster to a zone",
            # Nothing says that an export sends the account when it assumes the role.
            source_account=False,
        )
        allow(self.role, *permissions.write_export(zone, prefix))

    def grant_export(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow exporting the cluster, and following exports."""
        return allow(grantee, *permissions.start_export(self.role.role_arn, self.zone))


def _exportable(name: str) -> bool:
    return bool(name) and all(mark.isascii() and (mark.isalnum() or mark in "_$") for mark in name)
