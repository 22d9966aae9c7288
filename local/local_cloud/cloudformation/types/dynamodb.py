"""DynamoDB."""

from __future__ import annotations

from typing import Any

from local_cloud.cloudformation.names import PhysicalName
from local_cloud.cloudformation.resource import Call, Properties, Resource, Setting
from local_cloud.cloudformation.resource_type import ResourceType

_TABLE = {"TableName": "{id}"}


def _table(properties: Properties) -> Properties:
    """Return the properties with the two specifications as the API spells them."""
    request = dict(properties)
    if encryption := request.pop("SSESpecification", None):
        request["SSESpecification"] = {{"SSEEnabled": "Enabled"}.get(k, k): v for k, v in encryption.items()}
    if stream := request.pop("StreamSpecification", None):
        request["StreamSpecification"] = {"StreamEnabled": True, **stream}
    return request


def _by_name(properties: Properties) -> dict[str, dict[str, Any]]:
    return {index["IndexName"]: index for index in properties.get("GlobalSecondaryIndexes", [])}


def _index_updates(before: Properties, after: Properties) -> list[dict[str, Any]]:
    """Return the changes of indexes.

    Raises
    ------
    ValueError
        If there are several, as CloudFormation refuses them, or one that nothing can make.
    """
    old, new = _by_name(before), _by_name(after)
    created = [{"Create": new[name]} for name in new if name not in old]
    deleted = [{"Delete": {"IndexName": name}} for name in old if name not in new]
    if len(created) + len(deleted) > 1:
        raise ValueError("Cannot perform more than one GSI creation or deletion in a single update")
    throughput = "ProvisionedThroughput"
    changed = [name for name in new if name in old and new[name] != old[name]]
    for name in changed:
        if {**new[name], throughput: None} != {**old[name], throughput: None}:
            raise ValueError(f"Cannot update GSI's properties other than Provisioned Throughput: {name}")
    updated = [{"Update": {"IndexName": name, throughput: new[name][throughput]}} for name in changed]
    return [*created, *deleted, *updated]


class _TableType(ResourceType):
    def change(self, resource: Resource, properties: Properties) -> None:
        before, client = resource.properties, resource.context.client("dynamodb")
        updates = _index_updates(before, properties)
        request = {**properties, **({"GlobalSecondaryIndexUpdates": updates} if updates else {})}
        # Said again, a stream that is on is an error, and so is one that is taken away without being turned off.
        if properties.get("StreamSpecification") == before.get("StreamSpecification"):
            request.pop("StreamSpecification", None)
        elif "StreamSpecification" in before:
            client.update_table(TableName=resource.physical_resource_id, StreamSpecification={"StreamEnabled": False})
        if "SSESpecification" in before and "SSESpecification" not in properties:
            request["SSESpecification"] = {"SSEEnabled": False}
        if "DeletionProtectionEnabled" in before:
            request.setdefault("DeletionProtectionEnabled", False)
        if "PointInTimeRecoverySpecification" in before:
            request.setdefault("PointInTimeRecoverySpecification", {"PointInTimeRecoveryEnabled": False})
        if "TimeToLiveSpecification" in before:
            request.setdefault("TimeToLiveSpecification", {**before["TimeToLiveSpecification"], "Enabled": False})
        super().change(resource, request)
        resource.properties = properties
        described = client.describe_table(TableName=resource.physical_resource_id)["Table"]
        resource.response = {"TableDescription": described}

    def _apply_settings(self, resource: Resource, before: Properties) -> None:
        self._stop_streaming(resource, before, resource.properties)
        super()._apply_settings(resource, before)

    @staticmethod
    def _stop_streaming(resource: Resource, before: Properties, after: Properties) -> None:
        old, new = before.get("KinesisStreamSpecification"), after.get("KinesisStreamSpecification")
        if old and old != new:
            resource.context.client("dynamodb").disable_kinesis_streaming_destination(
                TableName=resource.physical_resource_id, StreamArn=old["StreamArn"]
            )


def _kinesis(value: dict[str, Any]) -> dict[str, Any]:
    precision = {name: item for name, item in value.items() if name != "StreamArn"}
    configuration = {"EnableKinesisStreamingConfiguration": precision} if precision else {}
    return {"StreamArn": value["StreamArn"], **configuration}


TYPES = [
    _TableType(
        name="AWS::DynamoDB::Table",
        # The schema's length is that of an ARN.
        physical_name=PhysicalName(path="TableName", length=255),
        attributes={"StreamArn": "{TableDescription[LatestStreamArn]}"},
        changes=frozenset({"GlobalSecondaryIndexes"}),
        # Create-only under conditions: keys cannot change, and indexes of the sort key neither.
        immutable=frozenset({"KeySchema", "LocalSecondaryIndexes"}),
        # Nothing here measures who reads what.
        ignore=frozenset({"ContributorInsightsSpecification"}),
        settings=(
            Setting(
                path="TimeToLiveSpecification",
                call=Call("update_time_to_live", _TABLE, argument="TimeToLiveSpecification"),
            ),
            Setting(
                path="PointInTimeRecoverySpecification",
                call=Call("update_continuous_backups", _TABLE, argument="PointInTimeRecoverySpecification"),
            ),
            Setting(
                path="KinesisStreamSpecification",
                call=Call("enable_kinesis_streaming_destination", _TABLE),
                adapt=_kinesis,
            ),
            Setting(
                path="ResourcePolicy",
                call=Call("put_resource_policy", {"ResourceArn": "{TableDescription[TableArn]}"}),
                adapt=lambda policy: {"Policy": policy["PolicyDocument"]},
            ),
        ),
        adapt=_table,
    ),
]
