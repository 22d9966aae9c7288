"""IoT Core."""

from __future__ import annotations

import json

from local_cloud.cloudformation.names import PhysicalName
from local_cloud.cloudformation.resource import Call, Properties
from local_cloud.cloudformation.resource_type import ResourceType


def _policy(properties: Properties) -> Properties:
    """Return the properties with the document as the API takes it."""
    document = properties["PolicyDocument"]
    return {**properties, "PolicyDocument": document if isinstance(document, str) else json.dumps(document)}


TYPES = [
    ResourceType(
        name="AWS::IoT::TopicRule",
        physical_name=PhysicalName(path="RuleName", hyphens=False),
        attributes={"Arn": "arn:{partition}:iot:{region}:{account}:rule/{id}"},
        update=Call("replace_topic_rule", {"ruleName": "{id}"}),
        ignore=frozenset({"Tags"}),
    ),
    ResourceType(
        name="AWS::IoT::Policy",
        ref="{policyName}",
        attributes={"Arn": "{policyArn}", "Id": "{policyName}"},
        update=None,
        delete=Call("delete_policy", {"policyName": "{id}"}),
        ignore=frozenset({"Tags"}),
        adapt=_policy,
    ),
]
