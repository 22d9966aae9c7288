"""An export of an instance to a zone, as Parquet."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from lake_blueprints.databases.rds import permissions
from lake_blueprints.databases.rds.export import DatabaseExport
from lake_blueprints.databases.rds.rds_instance import RdsInstance
from lake_blueprints.foundation.access import allow
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.storage.s3 import Zone

_SNAPSHOTS = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ExportSnapshot.html"


@checked
class InstanceExport(DatabaseExport):
    """Define the role by which RDS exports an instance to a zone, for the step `ExportInstance`.

    The step takes a snapshot, exports it and deletes it: an export takes nothing of the instance's capacity, beyond the
    snapshot itself. Each has a folder of its own: `<prefix><export>/<database>/<schema>.<table>/`, with Parquet files
    below numbered folders.

    Parameters
    ----------
    instance: RdsInstance
        The instance.
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
    https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ExportSnapshot.html

    Example
    -------
        >>> shop = RdsInstance(self, "Shop", database="shop")
        >>> export = InstanceExport(self, "Export", instance=shop, zone=raw, prefix="shop/", tables=["public.orders"])
        >>> ExportInstance(export=export)
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        instance: RdsInstance,
        zone: Zone,
        prefix: str,
        tables: Sequence[str] = (),
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            endpoint=instance.endpoint,
            what="an instance",
            source=_SNAPSHOTS,
            zone=zone,
            prefix=prefix,
            tables=tables,
        )
        self.instance = instance

    def snapshot_arn(self, name: str) -> str:
        """Return the ARN of a snapshot of the instance."""
        return Stack.of(self).format_arn(
            service="rds", resource="snapshot", resource_name=name, arn_format=ArnFormat.COLON_RESOURCE_NAME
        )

    def grant_export(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow exporting the instance, and following exports: by snapshots, which are deleted afterwards."""
        snapshots = self.snapshot_arn("lake-*")
        return allow(
            grantee,
            *permissions.take_snapshot(self.instance.instance_arn, snapshots),
            *permissions.export_snapshots(self.role.role_arn, self.zone, snapshots, "exports the instance"),
        )
