"""Amazon MSK."""

from __future__ import annotations

import json
from typing import Any

from local_cloud.cloudformation.resource import Call, Properties
from local_cloud.cloudformation.resource_type import ResourceType


def _as_text(properties: Properties) -> Properties:
    """Return a policy as the text that the API takes."""
    policy: Any = properties["Policy"]
    return {**properties, "Policy": policy if isinstance(policy, str) else json.dumps(policy)}


def _serverless(properties: Properties) -> Properties:
    networks = [
        {"SubnetIds": one["SubnetIds"], "SecurityGroupIds": one.get("SecurityGroups", [])}
        for one in properties["VpcConfigs"]
    ]
    apart = {"VpcConfigs": networks, "ClientAuthentication": properties["ClientAuthentication"]}
    return {"ClusterName": properties["ClusterName"], "Serverless": apart}


TYPES = [
    ResourceType(
        name="AWS::MSK::ServerlessCluster",
        service="kafka",
        create=Call("create_cluster_v2"),
        ref="{ClusterArn}",
        physical_name=None,
        attributes={"Arn": "{ClusterArn}"},
        update=None,
        delete=Call("delete_cluster", {"ClusterArn": "{ClusterArn}"}),
        adapt=_serverless,
        ignore=frozenset({"Tags"}),
    ),
    ResourceType(
        name="AWS::MSK::Topic",
        service="kafka",
        ref="{TopicArn}",
        physical_name=None,
        update=Call("update_topic", {"ClusterArn": "{ClusterArn}", "TopicName": "{TopicName}"}),
        delete=Call("delete_topic", {"ClusterArn": "{ClusterArn}", "TopicName": "{TopicName}"}),
    ),
    ResourceType(
        name="AWS::MSK::ClusterPolicy",
        service="kafka",
        create=Call("put_cluster_policy"),
        ref="{ClusterArn}",
        physical_name=None,
        update=None,
        delete=Call("delete_cluster_policy", {"ClusterArn": "{ClusterArn}"}),
        adapt=_as_text,
    ),
]
