"""IoT Core."""

from __future__ import annotations

from local_cloud.cloudformation.resource import Call
from local_cloud.cloudformation.resource_type import ResourceType

TYPES = [
    ResourceType(
        name="AWS::IoT::TopicRule",
        attributes={"Arn": "arn:{partition}:iot:{region}:{account}:rule/{id}"},
        update=Call("replace_topic_rule", {"ruleName": "{id}"}),
        ignore=frozenset({"Tags"}),
    ),
    ResourceType(
        name="AWS::IoT::Policy",
        update=None,
        delete=Call("delete_policy", {"policyName": "{id}"}),
        ignore=frozenset({"Tags"}),
    ),
]
