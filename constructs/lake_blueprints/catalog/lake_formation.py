"""Lake Formation beside IAM: the zone as a registered location, and each grant a second time."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, cast

from aws_cdk import Annotations, Aws, CfnResource, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lakeformation as lakeformation
from constructs import Construct, IConstruct

from lake_blueprints.catalog.permissions import get_data_access, lend_location
from lake_blueprints.catalog.table_location import EVERY_TABLE, Access, TableLocation
from lake_blueprints.foundation.access import ServiceRole, allow, arn_of
from lake_blueprints.storage.s3 import Zone

# Adding a partition alters the table.
_TABLE = {
    Access.READ: ("DESCRIBE", "SELECT"),
    Access.WRITE: ("ALTER", "DESCRIBE", "INSERT"),
    Access.MANAGE_PARTITIONS: ("ALTER", "DESCRIBE", "INSERT"),
    # Lake Formation shows only columns that may be selected.
    Access.DESCRIBE: ("DESCRIBE", "SELECT"),
    Access.SCHEMA: ("DESCRIBE", "SELECT"),
    Access.READ_ICEBERG: ("DESCRIBE", "SELECT"),
    Access.COMMIT: ("ALTER", "DESCRIBE", "INSERT"),
    Access.MAINTAIN: ("ALTER", "DELETE", "DESCRIBE", "INSERT"),
}
_READS = (Access.READ, Access.READ_ICEBERG)
_PERMISSIONS = lakeformation.CfnPrincipalPermissions
# Ids of what is defined outside the database, in the stack and in the zone.
_QUEUE = "LakeFormationPermissions"
_LOCATION = "LakeFormation"


class LakeFormation:
    """Repeat grants on a database in Lake Formation.

    The zone is registered in hybrid access mode: principals who opt in are governed by Lake Formation, all others
    by IAM as before. The deploying principal must be a Lake Formation administrator.

    Notes
    -----
    https://docs.aws.amazon.com/lake-formation/latest/dg/hybrid-access-mode.html
    """

    def __init__(self, database: CfnResource, database_name: str, zone: Zone) -> None:
        self._database = database
        self._name = database_name
        self._location = _location_of(zone)

    def grant(
        self, grantee: iam.IGrantable, entry: TableLocation, access: Access, *, restricted: bool = False
    ) -> list[IConstruct]:
        """Allow in Lake Formation what IAM allows, and return what does so.

        It knows roles, and only tables that have a name. Without `restricted`, a reader may select the other columns.
        """
        if not hasattr(grantee.grant_principal, "role_arn"):
            return []
        if access is not Access.SCHEMA:
            allow(grantee, get_data_access())
        if entry.tables.endswith("*") and entry is not EVERY_TABLE:
            Annotations.of(self._database).add_warning_v2(
                "lake-blueprints:lake-formation-pattern",
                f"Lake Formation cannot grant tables by pattern: grant '{self._name}.{entry.tables}' when they exist",
            )
            return []
        database = _PERMISSIONS.DatabaseResourceProperty(catalog_id=Aws.ACCOUNT_ID, name=self._name)
        role = cast(iam.IRole, grantee.grant_principal)
        self._add(role, _PERMISSIONS.ResourceProperty(database=database), self._name, ("DESCRIBE",))
        name = f"{self._name}.{entry.tables}"
        if entry.restricted and access in _READS and not restricted:
            permission = self._add(role, self._columns(entry), f"{name} but {' '.join(entry.restricted)}", ("SELECT",))
        else:
            permission = self._add(role, self._table(entry), name, _TABLE[access])
        if entry.described_by:
            permission.node.add_dependency(entry.described_by)
        return [permission]

    def _table(self, entry: TableLocation) -> lakeformation.CfnPrincipalPermissions.ResourceProperty:
        chosen: dict[str, Any] = {"table_wildcard": {}} if entry is EVERY_TABLE else {"name": entry.tables}
        table = _PERMISSIONS.TableResourceProperty(catalog_id=Aws.ACCOUNT_ID, database_name=self._name, **chosen)
        return _PERMISSIONS.ResourceProperty(table=table)

    def _columns(self, entry: TableLocation) -> lakeformation.CfnPrincipalPermissions.ResourceProperty:
        return _PERMISSIONS.ResourceProperty(
            table_with_columns=_PERMISSIONS.TableWithColumnsResourceProperty(
                catalog_id=Aws.ACCOUNT_ID,
                database_name=self._name,
                name=entry.tables,
                column_wildcard=_PERMISSIONS.ColumnWildcardProperty(excluded_column_names=list(entry.restricted)),
            )
        )

    def _add(
        self,
        role: iam.IRole,
        resource: lakeformation.CfnPrincipalPermissions.ResourceProperty,
        name: str,
        permissions: Sequence[str],
    ) -> IConstruct:
        # Of the role's stack, which is deployed after the catalog's when they differ.
        stack = Stack.of(role)
        queue = cast(Construct, stack.node.try_find_child(_QUEUE) or Construct(stack, _QUEUE))
        # Every property is immutable and two equal grants conflict, so the id is made of the content.
        construct_id = hashlib.sha256(" ".join([role.node.path, name, *permissions]).encode()).hexdigest()[:16]
        if existing := queue.node.try_find_child(construct_id):
            return existing
        earlier = queue.node.children
        permission = _PERMISSIONS(
            queue,
            construct_id,
            principal=_PERMISSIONS.DataLakePrincipalProperty(data_lake_principal_identifier=role.role_arn),
            resource=resource,
            permissions=list(permissions),
            permissions_with_grant_option=[],
        )
        # One after the other: grants made at the same time fail with ConcurrentModificationException
        # (https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/2500).
        permission.node.add_dependency(*earlier[-1:], self._database, self._location)
        return permission


def _location_of(zone: Zone) -> lakeformation.CfnResource:
    """Return the zone's registration; a location can be registered only once, whichever database asks first."""
    home = zone.node.try_find_child(_LOCATION)
    if home is not None:
        return cast(lakeformation.CfnResource, home.node.find_child("Location"))
    home = Construct(zone, _LOCATION)
    # A role of its own: the service-linked one has no access to a customer-managed key.
    role = ServiceRole(
        home,
        "Role",
        services=["lakeformation.amazonaws.com"],
        description="Lends Lake Formation access to the zone",
        source_account=False,
    )
    allow(role, *lend_location(zone))
    return lakeformation.CfnResource(
        home,
        "Location",
        resource_arn=arn_of(zone.bucket),
        role_arn=role.role_arn,
        use_service_linked_role=False,
        hybrid_access_enabled=True,
    )
