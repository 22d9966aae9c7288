"""SQS."""

from __future__ import annotations

import json

from local_cloud.cloudformation.resource import Context, Properties, Resource
from local_cloud.cloudformation.resource_type import ResourceType


class _QueuePolicyType(ResourceType):
    """One policy that the template puts on several queues."""

    def make(self, logical_id: str, properties: Properties, context: Context) -> Resource:
        resource = Resource(self, logical_id, properties, context)
        self.change(resource, properties)
        return resource

    def change(self, resource: Resource, properties: Properties) -> None:
        resource.properties = properties
        policy, client = json.dumps(properties["PolicyDocument"]), resource.context.client("sqs")
        for url in properties["Queues"]:
            client.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})


# An attribute of the queues.
TYPES = [_QueuePolicyType(name="AWS::SQS::QueuePolicy", service="")]
