"""Lake Formation."""

from __future__ import annotations

from local_cloud.cloudformation.resource import Call, Properties, ResourceType


def _settings(properties: Properties) -> Properties:
    admins = {"Admins": "DataLakeAdmins"}
    return {"DataLakeSettings": {admins.get(name, name): value for name, value in properties.items()}}


TYPES = [
    ResourceType(
        name="AWS::LakeFormation::Resource",
        service="lakeformation",
        create=Call("register_resource"),
        delete=Call("deregister_resource", {"ResourceArn": "{ResourceArn}"}),
        ref="{ResourceArn}",
        immutable=frozenset({"ResourceArn"}),
    ),
    ResourceType(
        name="AWS::LakeFormation::PrincipalPermissions",
        service="lakeformation",
        create=Call("grant_permissions"),
        immutable=frozenset({"Permissions", "Principal", "Resource"}),
        ignore=frozenset({"Catalog"}),
    ),
    ResourceType(
        name="AWS::LakeFormation::DataLakeSettings",
        service="lakeformation",
        create=Call("put_data_lake_settings"),
        update=Call("put_data_lake_settings"),
        ignore=frozenset({"MutationType"}),
        adapt=_settings,
    ),
]
