"""Lake Formation."""

from __future__ import annotations

from local_cloud.cloudformation.resource import Call, Properties
from local_cloud.cloudformation.resource_type import ResourceType


def _settings(properties: Properties) -> Properties:
    admins = {"Admins": "DataLakeAdmins"}
    return {"DataLakeSettings": {admins.get(name, name): value for name, value in properties.items()}}


# The API has other verbs, and no ids: https://docs.aws.amazon.com/lake-formation/latest/APIReference/API_Operations.html
TYPES = [
    ResourceType(
        name="AWS::LakeFormation::Resource",
        create=Call("register_resource"),
        # moto has no such call.
        update=None,
        delete=Call("deregister_resource", {"ResourceArn": "{ResourceArn}"}),
        ref="{ResourceArn}",
    ),
    ResourceType(
        name="AWS::LakeFormation::PrincipalPermissions",
        create=Call("grant_permissions"),
        # Not yet revoked with the stack.
        delete=None,
        ref="{id}",
        ignore=frozenset({"Catalog"}),
    ),
    ResourceType(
        name="AWS::LakeFormation::DataLakeSettings",
        create=Call("put_data_lake_settings"),
        update=Call("put_data_lake_settings"),
        # The settings of a region cannot be deleted.
        delete=None,
        ref="{id}",
        ignore=frozenset({"MutationType"}),
        adapt=_settings,
    ),
]
