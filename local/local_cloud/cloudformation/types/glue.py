"""Glue."""

from __future__ import annotations

from local_cloud.cloudformation.names import PhysicalName
from local_cloud.cloudformation.resource import Call, Properties
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
    ResourceType(
        name="AWS::Glue::Table",
        delete=Call("delete_table", {"DatabaseName": "{DatabaseName}", "Name": "{id}"}),
        ref="{TableInput[Name]}",
        physical_name=PhysicalName(path="TableInput.Name", length=255, lower=True),
        ignore=_CATALOG,
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
