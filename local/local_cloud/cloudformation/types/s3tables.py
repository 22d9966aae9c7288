"""S3 Tables."""

from __future__ import annotations

from typing import Any

from local_cloud.cloudformation.resource import Call, Context, Properties, Resource
from local_cloud.cloudformation.resource_type import ResourceType

_TABLE = {"tableBucketARN": "{TableBucketARN}", "namespace": "{Namespace}", "name": "{TableName}"}
# The members of `metadata.iceberg` by the properties of IcebergMetadata.
_PARTS = {
    "IcebergSchema": "schema",
    "IcebergSchemaV2": "schemaV2",
    "IcebergPartitionSpec": "partitionSpec",
    "IcebergSortOrder": "writeOrder",
    "TableProperties": "properties",
}
_MEMBERS = {"SchemaFieldList": "fields", "SchemaV2FieldList": "fields", "SchemaV2FieldType": "type"}
_NUMBERS = ("id", "sourceId", "fieldId", "specId", "orderId", "schemaId")


class _TableType(ResourceType):
    """A table, whose metadata the API spells differently."""

    def make(self, logical_id: str, properties: Properties, context: Context) -> Resource:
        resource = Resource(self, logical_id, properties, context)
        given = properties.get("IcebergMetadata")
        client = context.client(self.service)
        request = {"namespace": properties["Namespace"], "name": properties["TableName"]}
        resource.response = {
            **client.create_table(
                tableBucketARN=properties["TableBucketARN"],
                **request,
                format=properties["OpenTableFormat"],
                **({"metadata": {"iceberg": _metadata(given)}} if given else {}),
            ),
            "warehouseLocation": client.get_table(tableBucketARN=properties["TableBucketARN"], **request)[
                "warehouseLocation"
            ],
        }
        resource.physical_resource_id = resource.response["tableARN"]
        return resource

    def check_change(self, resource: Resource, properties: Properties) -> None:
        """Do nothing: a table can be renamed, and what else can change in place changes nothing here."""

    def change(self, resource: Resource, properties: Properties) -> None:
        before, resource.properties = resource.properties, properties
        names = [(one["Namespace"], one["TableName"]) for one in (before, properties)]
        if names[0] != names[1]:
            (namespace, name), (new_namespace, new_name) = names
            resource.context.client(self.service).rename_table(
                tableBucketARN=properties["TableBucketARN"],
                namespace=namespace,
                name=name,
                newNamespaceName=new_namespace,
                newName=new_name,
            )


def _metadata(given: dict[str, Any]) -> dict[str, Any]:
    found = {_PARTS[name]: _spelled(value) for name, value in given.items() if name != "TableProperties"}
    if "writeOrder" in found:
        found["writeOrder"].setdefault("orderId", 1)
    if "TableProperties" in given:
        found["properties"] = {name: str(value) for name, value in given["TableProperties"].items()}
    return found


def _spelled(value: Any) -> Any:
    """Return members as the API spells them; a nested type is one of Iceberg's and stays as it is."""
    if isinstance(value, list):
        return [_spelled(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        member: _scalar(member, item if name == "Type" else _spelled(item))
        for name, item in value.items()
        for member in [_MEMBERS.get(name, f"{name[0].lower()}{name[1:]}")]
    }


def _scalar(member: str, value: Any) -> Any:
    """Return the loose scalars of a template as what they are."""
    if member in _NUMBERS:
        return int(value)
    return str(value).lower() == "true" if member == "required" else value


# S3 compacts nothing here, removes nothing, and has no other storage class; encryption is not local.
TYPES = [
    ResourceType(
        name="AWS::S3Tables::TableBucket",
        ref="{arn}",
        attributes={"TableBucketARN": "{arn}"},
        update=None,
        delete=Call("delete_table_bucket", {"tableBucketARN": "{id}"}),
        ignore=frozenset(
            {
                *("EncryptionConfiguration", "MetricsConfiguration", "StorageClassConfiguration", "Tags"),
                "UnreferencedFileRemoval",
            }
        ),
    ),
    ResourceType(
        name="AWS::S3Tables::Namespace",
        ref="{TableBucketARN}|{Namespace}",
        delete=Call("delete_namespace", {"tableBucketARN": "{TableBucketARN}", "namespace": "{Namespace}"}),
    ),
    _TableType(
        name="AWS::S3Tables::Table",
        ref="{tableARN}",
        attributes={
            "TableARN": "{tableARN}",
            "WarehouseLocation": "{warehouseLocation}",
            "VersionToken": "{versionToken}",
        },
        update=Call("rename_table"),
        delete=Call("delete_table", _TABLE),
        ignore=frozenset({"Compaction", "SnapshotManagement", "Tags"}),
        physical_name=None,
    ),
]
