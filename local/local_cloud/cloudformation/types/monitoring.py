"""CloudWatch, CloudWatch Logs and Budgets."""

from __future__ import annotations

from local_cloud.cloudformation.names import PhysicalName
from local_cloud.cloudformation.resource import Call, ResourceType, Setting

_LOG_GROUP_ARN = "arn:{partition}:logs:{region}:{account}:log-group:{id}:*"

TYPES = [
    ResourceType(name="AWS::CDK::Metadata"),
    ResourceType(
        name="AWS::Logs::LogGroup",
        service="logs",
        create=Call("create_log_group"),
        delete=Call("delete_log_group", {"logGroupName": "{id}"}),
        ref="{LogGroupName}",
        attributes={"Arn": _LOG_GROUP_ARN},
        physical_name=PhysicalName(path="LogGroupName", length=512),
        ignore=frozenset({"DataProtectionPolicy", "FieldIndexPolicies", "ResourcePolicyDocument"}),
        settings=(
            Setting(
                path="RetentionInDays",
                call=Call("put_retention_policy", {"logGroupName": "{id}"}),
                adapt=lambda days: {"retentionInDays": days},
            ),
        ),
    ),
    ResourceType(
        name="AWS::Logs::LogStream",
        service="logs",
        create=Call("create_log_stream"),
        delete=Call("delete_log_stream", {"logGroupName": "{LogGroupName}", "logStreamName": "{id}"}),
        ref="{LogStreamName}",
        physical_name=PhysicalName(path="LogStreamName", length=512),
        immutable=frozenset({"LogGroupName"}),
    ),
    ResourceType(
        name="AWS::Logs::MetricFilter",
        service="logs",
        create=Call("put_metric_filter"),
        update=Call("put_metric_filter"),
        delete=Call("delete_metric_filter", {"logGroupName": "{LogGroupName}", "filterName": "{id}"}),
        ref="{FilterName}",
        physical_name=PhysicalName(path="FilterName", length=512),
        immutable=frozenset({"LogGroupName"}),
    ),
    ResourceType(
        name="AWS::CloudWatch::Alarm",
        service="cloudwatch",
        create=Call("put_metric_alarm"),
        update=Call("put_metric_alarm"),
        delete=Call("delete_alarms", {"AlarmNames": ["{id}"]}),
        ref="{AlarmName}",
        attributes={"Arn": "arn:{partition}:cloudwatch:{region}:{account}:alarm:{id}"},
        physical_name=PhysicalName(path="AlarmName", length=255),
    ),
    ResourceType(
        name="AWS::Budgets::Budget",
        service="budgets",
        create=Call("create_budget", {"AccountId": "{account}"}),
        delete=Call("delete_budget", {"AccountId": "{account}", "BudgetName": "{id}"}),
        ref="{Budget[BudgetName]}",
        physical_name=PhysicalName(path="Budget.BudgetName", length=100),
    ),
]
