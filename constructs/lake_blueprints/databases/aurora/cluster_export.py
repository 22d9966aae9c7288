"""An export of a cluster to a zone, as Parquet."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import aws_iam as iam
from constructs import Construct

from lake_blueprints.databases.aurora.aurora_cluster import AuroraCluster
from lake_blueprints.databases.rds.export import DatabaseExport
from lake_blueprints.databases.rds.permissions import start_export
from lake_blueprints.foundation.access import allow
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.storage.s3 import Zone

_CLUSTERS = "https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/export-cluster-data.html"


@checked
class ClusterExport(DatabaseExport):
    """Define the role by which Aurora exports a cluster to a zone, for the step `ExportCluster`.

    An export reads a copy of the cluster's storage, as it is when the export begins: it takes none of the cluster's
    capacity, and does not wake a cluster that pauses. Each has a folder of its own:
    `<prefix><export>/<database>/<schema>.<table>/`, with Parquet files below numbered folders.

    Parameters
    ----------
    cluster: AuroraCluster
        The cluster. An instance of RDS is exported by an `InstanceExport`.
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
        super().__init__(
            scope,
            construct_id,
            endpoint=cluster.endpoint,
            what="a cluster",
            source=_CLUSTERS,
            zone=zone,
            prefix=prefix,
            tables=tables,
        )
        self.cluster = cluster

    def grant_export(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow exporting the cluster, and following exports."""
        return allow(grantee, *start_export(self.role.role_arn, self.zone, "exports the cluster"))
