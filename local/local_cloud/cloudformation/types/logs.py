"""CloudWatch Logs."""

from __future__ import annotations

from local_cloud.cloudformation.resource import Call, Setting
from local_cloud.cloudformation.resource_type import ResourceType

TYPES = [
    ResourceType(
        name="AWS::Logs::LogGroup",
        # The API answers nothing.
        attributes={"Arn": "arn:{partition}:logs:{region}:{account}:log-group:{id}:*"},
        ignore=frozenset({"DataProtectionPolicy", "FieldIndexPolicies", "ResourcePolicyDocument"}),
        settings=(
            Setting(
                path="RetentionInDays",
                call=Call("put_retention_policy", {"logGroupName": "{id}"}),
                adapt=lambda days: {"retentionInDays": days},
            ),
        ),
    ),
    # Ref is the name, though the group belongs to the identifier.
    ResourceType(name="AWS::Logs::LogStream", ref="{LogStreamName}"),
    ResourceType(
        name="AWS::Logs::MetricFilter",
        create=Call("put_metric_filter"),
        update=Call("put_metric_filter"),
        ref="{FilterName}",
    ),
]
