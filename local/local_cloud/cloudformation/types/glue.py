"""Glue."""

from __future__ import annotations

from typing import Any

from local_cloud.cloudformation.names import PhysicalName
from local_cloud.cloudformation.resource import Call, Context, Properties, Resource
from local_cloud.cloudformation.resource_type import ResourceType

# There is one catalog; its id is the account.
_CATALOG = frozenset({"CatalogId"})


def _crawler(properties: Properties) -> Properties:
    schedule = properties.get("Schedule")
    return {**properties, "Schedule": schedule["ScheduleExpression"]} if schedule else properties


def _security_configuration(properties: Properties) -> Properties:
    encryption = {
        {"S3Encryptions": "S3Encryption"}.get(name, name): value
        for name, value in properties["EncryptionConfiguration"].items()
    }
    return {**properties, "EncryptionConfiguration": encryption}


class _TableType(ResourceType):
    """A table by `TableInput`, or an Iceberg table by `OpenTableFormatInput`, which has its name outside."""

    def named(self, properties: Properties, stack_name: str, logical_id: str) -> Properties:
        if _iceberg(properties) is None:
            return super().named(properties, stack_name, logical_id)
        assert self.physical_name
        return {"Name": self.physical_name.generate(stack_name, logical_id), **properties}

    def keep_name(self, resource: Resource, properties: Properties) -> Properties:
        if _iceberg(properties) is None:
            return super().keep_name(resource, properties)
        return {"Name": resource.properties.get("Name"), **properties}

    def make(self, logical_id: str, properties: Properties, context: Context) -> Resource:
        iceberg = _iceberg(properties)
        if iceberg is None:
            return super().make(logical_id, properties, context)
        resource = Resource(self, logical_id, properties, context)
        described = {"CreateIcebergTableInput": iceberg["IcebergTableInput"]}
        version = {"Version": str(iceberg["Version"])} if "Version" in iceberg else {}
        body = {"IcebergInput": {"MetadataOperation": iceberg["MetadataOperation"], **version, **described}}
        assert self.create
        self._call(self.create, resource, {**_entry(properties), "OpenTableFormatInput": body})
        resource.physical_resource_id = properties["Name"]
        return resource

    def check_change(self, resource: Resource, properties: Properties) -> None:
        before, after = _iceberg(resource.properties), _iceberg(properties)
        if before is None or after is None:
            super().check_change(resource, properties)
        elif before.get("Version") != after.get("Version"):
            raise ValueError("CloudFormation does not change the format version of an Iceberg table; replace the table")

    def change(self, resource: Resource, properties: Properties) -> None:
        iceberg = _iceberg(properties)
        if iceberg is None:
            super().change(resource, properties)
            return
        resource.properties = properties
        table = dict(iceberg["IcebergTableInput"])
        if "WriteOrder" in table:
            table["SortOrder"] = table.pop("WriteOrder")
        updates = {"UpdateIcebergInput": {"UpdateIcebergTableInput": {"Updates": [table]}}}
        assert self.update
        self._call(self.update, resource, {**_entry(properties), "UpdateOpenTableFormatInput": updates})


def _iceberg(properties: Properties) -> dict[str, Any] | None:
    return (properties.get("OpenTableFormatInput") or {}).get("IcebergInput")


def _entry(properties: Properties) -> Properties:
    return {name: properties[name] for name in ("DatabaseName", "Name", "TableInput") if name in properties}


# `update=None`: moto has no such call.
TYPES = [
    # The names outside the inputs came later; the inputs' own are those that templates give.
    ResourceType(
        name="AWS::Glue::Database",
        update=Call("update_database", {"Name": "{id}"}),
        delete=Call("delete_database", {"Name": "{id}"}),
        ref="{DatabaseInput[Name]}",
        physical_name=PhysicalName(path="DatabaseInput.Name", length=255, lower=True),
        ignore=_CATALOG,
    ),
    _TableType(
        name="AWS::Glue::Table",
        delete=Call("delete_table", {"DatabaseName": "{DatabaseName}", "Name": "{id}"}),
        ref="{TableInput[Name]}",
        physical_name=PhysicalName(path="TableInput.Name", length=255, lower=True),
        ignore=_CATALOG,
    ),
    ResourceType(
        name="AWS::Glue::TableOptimizer",
        ref="{TableName}|{DatabaseName}|{Type}|{CatalogId}",
        delete=Call(
            "delete_table_optimizer",
            {name: f"{{{name}}}" for name in ("CatalogId", "DatabaseName", "TableName", "Type")},
        ),
    ),
    ResourceType(name="AWS::Glue::Crawler", update=None, adapt=_crawler),
    ResourceType(name="AWS::Glue::Job", update=None),
    # Its name is required in the schema, and generated all the same.
    ResourceType(name="AWS::Glue::DataQualityRuleset", physical_name=PhysicalName(path="Name", length=255)),
    ResourceType(name="AWS::Glue::SecurityConfiguration", adapt=_security_configuration),
    ResourceType(
        name="AWS::Glue::Connection",
        update=None,
        delete=Call("delete_connection", {"ConnectionName": "{id}"}),
        ref="{ConnectionInput[Name]}",
        physical_name=PhysicalName(path="ConnectionInput.Name", length=255),
        ignore=_CATALOG,
    ),
    ResourceType(name="AWS::Glue::Trigger", update=None),
    ResourceType(name="AWS::Glue::Workflow"),
]
