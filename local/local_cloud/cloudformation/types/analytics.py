"""Glue, Athena and SageMaker."""

from __future__ import annotations

from local_cloud.cloudformation.names import PhysicalName
from local_cloud.cloudformation.resource import Call, Properties, ResourceType

# moto cannot update crawlers, jobs and work groups, nor delete named queries and model package groups.
# There is one catalog; its id is the account.
_CATALOG = frozenset({"CatalogId"})


def _crawler(properties: Properties) -> Properties:
    schedule = properties.get("Schedule")
    return {**properties, "Schedule": schedule["ScheduleExpression"]} if schedule else properties


TYPES = [
    ResourceType(
        name="AWS::Glue::Database",
        service="glue",
        create=Call("create_database"),
        update=Call("update_database", {"Name": "{id}"}),
        delete=Call("delete_database", {"Name": "{id}"}),
        ref="{DatabaseInput[Name]}",
        physical_name=PhysicalName(path="DatabaseInput.Name", length=255, lower=True),
        ignore=_CATALOG,
    ),
    ResourceType(
        name="AWS::Glue::Table",
        service="glue",
        create=Call("create_table"),
        update=Call("update_table"),
        delete=Call("delete_table", {"DatabaseName": "{DatabaseName}", "Name": "{id}"}),
        ref="{TableInput[Name]}",
        physical_name=PhysicalName(path="TableInput.Name", length=255, lower=True),
        immutable=frozenset({"DatabaseName"}),
        ignore=_CATALOG,
    ),
    ResourceType(
        name="AWS::Glue::Crawler",
        service="glue",
        create=Call("create_crawler"),
        delete=Call("delete_crawler", {"Name": "{id}"}),
        ref="{Name}",
        physical_name=PhysicalName(path="Name", length=255),
        adapt=_crawler,
    ),
    ResourceType(
        name="AWS::Glue::Job",
        service="glue",
        create=Call("create_job"),
        delete=Call("delete_job", {"JobName": "{id}"}),
        ref="{Name}",
        physical_name=PhysicalName(path="Name", length=255),
    ),
    ResourceType(
        name="AWS::Glue::DataQualityRuleset",
        service="glue",
        create=Call("create_data_quality_ruleset"),
        update=Call("update_data_quality_ruleset"),
        delete=Call("delete_data_quality_ruleset", {"Name": "{id}"}),
        ref="{Name}",
        physical_name=PhysicalName(path="Name", length=255),
    ),
    ResourceType(
        name="AWS::Glue::SecurityConfiguration",
        service="glue",
        create=Call("create_security_configuration"),
        delete=Call("delete_security_configuration", {"Name": "{id}"}),
        ref="{Name}",
        physical_name=PhysicalName(path="Name", length=255),
        adapt=lambda properties: {
            **properties,
            "EncryptionConfiguration": {
                {"S3Encryptions": "S3Encryption"}.get(name, name): value
                for name, value in properties["EncryptionConfiguration"].items()
            },
        },
    ),
    ResourceType(
        name="AWS::Glue::Connection",
        service="glue",
        create=Call("create_connection"),
        delete=Call("delete_connection", {"ConnectionName": "{id}"}),
        ref="{ConnectionInput[Name]}",
        physical_name=PhysicalName(path="ConnectionInput.Name", length=255),
        ignore=_CATALOG,
    ),
    ResourceType(
        name="AWS::Glue::Trigger",
        service="glue",
        create=Call("create_trigger"),
        delete=Call("delete_trigger", {"Name": "{id}"}),
        ref="{Name}",
        physical_name=PhysicalName(path="Name", length=255),
    ),
    ResourceType(
        name="AWS::Glue::Workflow",
        service="glue",
        create=Call("create_workflow"),
        delete=Call("delete_workflow", {"Name": "{id}"}),
        ref="{Name}",
        physical_name=PhysicalName(path="Name", length=255),
    ),
    ResourceType(
        name="AWS::Athena::WorkGroup",
        service="athena",
        create=Call("create_work_group"),
        delete=Call("delete_work_group", {"WorkGroup": "{id}", "RecursiveDeleteOption": True}),
        ref="{Name}",
        physical_name=PhysicalName(path="Name"),
        rename={"WorkGroupConfiguration": "Configuration"},
        ignore=frozenset({"RecursiveDeleteOption", "State", "WorkGroupConfigurationUpdates"}),
    ),
    ResourceType(
        name="AWS::Athena::NamedQuery",
        service="athena",
        create=Call("create_named_query"),
        ref="{NamedQueryId}",
        attributes={"NamedQueryId": "{NamedQueryId}"},
        physical_name=PhysicalName(path="Name"),
    ),
    ResourceType(
        name="AWS::SageMaker::ModelPackageGroup",
        service="sagemaker",
        create=Call("create_model_package_group"),
        ref="{ModelPackageGroupArn}",
        attributes={"ModelPackageGroupArn": "{ModelPackageGroupArn}"},
        physical_name=PhysicalName(path="ModelPackageGroupName", length=63),
    ),
]
