"""Redshift clusters."""

from __future__ import annotations

from typing import Any

from local_cloud.cloudformation.names import PhysicalName
from local_cloud.cloudformation.resource import Call, Properties, Resource, Setting
from local_cloud.cloudformation.resource_type import ResourceType

_LONGEST_NAME = 63
_LONGEST_GROUP = 255


class _Group(ResourceType):
    def recreates(self, before: Properties, after: Properties) -> bool:
        """Whether parameters are left out, which the API resets by a call that moto lacks."""
        left_out = _names(before) - _names(after)
        return bool(left_out) or super().recreates(before, after)


class _Cluster(ResourceType):
    def change(self, resource: Resource, properties: Properties) -> None:
        """Change what differs, since the API takes a new size as a resize."""
        before, after = self._body(resource.properties), self._body(properties)
        former, resource.properties = resource.properties, properties
        changed = {name: value for name, value in after.items() if value != before.get(name)}
        assert self.update
        if changed := self._accepted(self.update, resource, changed):
            # A number of nodes has no meaning without the type, nor this without a number.
            sizes = {name: after[name] for name in ("ClusterType", "NumberOfNodes", "NodeType") if name in after}
            self._call(self.update, resource, {**changed, **(sizes if changed.keys() & sizes.keys() else {})})
        self._apply_settings(resource, former)


def _names(properties: Properties) -> set[str]:
    return {parameter["ParameterName"] for parameter in properties.get("Parameters") or ()}


def _parameters(parameters: list[dict[str, Any]]) -> dict[str, Any]:
    return {"Parameters": [{**one, "ParameterValue": str(one["ParameterValue"])} for one in parameters]}


TYPES = [
    ResourceType(
        name="AWS::Redshift::ClusterSubnetGroup",
        physical_name=PhysicalName(path="ClusterSubnetGroupName", length=_LONGEST_GROUP, lower=True),
        # moto has no call that changes one.
        update=None,
    ),
    _Group(
        name="AWS::Redshift::ClusterParameterGroup",
        physical_name=PhysicalName(path="ParameterGroupName", length=_LONGEST_GROUP, lower=True),
        update=None,
        settings=(
            Setting(
                path="Parameters",
                call=Call("modify_cluster_parameter_group", {"ParameterGroupName": "{id}"}),
                adapt=_parameters,
            ),
        ),
    ),
    _Cluster(
        name="AWS::Redshift::Cluster",
        physical_name=PhysicalName(path="ClusterIdentifier", length=_LONGEST_NAME, lower=True),
        attributes={
            "Endpoint.Address": "{Cluster[Endpoint][Address]}",
            "Endpoint.Port": "{Cluster[Endpoint][Port]}",
            "ClusterNamespaceArn": "{Cluster[ClusterNamespaceArn]}",
            "MasterPasswordSecretArn": "{Cluster[MasterPasswordSecretArn]}",
        },
        update=Call("modify_cluster", {"ClusterIdentifier": "{id}"}),
        delete=Call("delete_cluster", {"ClusterIdentifier": "{id}", "SkipFinalClusterSnapshot": True}),
        settings=(Setting(path="LoggingProperties", call=Call("enable_logging", {"ClusterIdentifier": "{id}"})),),
    ),
    ResourceType(
        name="AWS::Redshift::ScheduledAction",
        ref="{ScheduledActionName}",
        physical_name=None,
        update=Call("modify_scheduled_action", {"ScheduledActionName": "{id}"}),
    ),
    ResourceType(
        name="AWS::Redshift::UsageLimit",
        ref="arn:{partition}:redshift:{region}:{account}:usagelimit:{UsageLimitId}",
        attributes={"UsageLimitId": "{UsageLimitId}"},
        update=Call("modify_usage_limit", {"UsageLimitId": "{UsageLimitId}"}),
        delete=Call("delete_usage_limit", {"UsageLimitId": "{UsageLimitId}"}),
    ),
]
