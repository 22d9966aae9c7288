"""SNS and SQS."""

from __future__ import annotations

import json

from local_cloud.cloudformation.names import PhysicalName
from local_cloud.cloudformation.resource import Call, Context, Properties, Resource, ResourceType, Setting

_TOPIC_ATTRIBUTES = ("ContentBasedDeduplication", "DisplayName", "FifoTopic", "KmsMasterKeyId", "TracingConfig")


def _topic(properties: Properties) -> Properties:
    request = {name: value for name, value in properties.items() if name not in _TOPIC_ATTRIBUTES}
    return {**request, "Attributes": {name: properties[name] for name in _TOPIC_ATTRIBUTES if name in properties}}


def _subscription(properties: Properties) -> Properties:
    passed = ("Endpoint", "Protocol", "TopicArn")
    attributes = {name: value for name, value in properties.items() if name not in passed}
    return {name: properties[name] for name in passed} | {"Attributes": attributes, "ReturnSubscriptionArn": True}


class _PolicyType(ResourceType):
    """One policy that the template puts on several topics or queues."""

    def make(self, logical_id: str, properties: Properties, context: Context) -> Resource:
        resource = Resource(self, logical_id, properties, context)
        self.change(resource, properties)
        return resource

    def change(self, resource: Resource, properties: Properties) -> None:
        resource.properties = properties
        policy = json.dumps(properties["PolicyDocument"])
        client = resource.context.client(self.service)
        for arn in properties.get("Topics", []):
            client.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=policy)
        for url in properties.get("Queues", []):
            client.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})


TYPES = [
    ResourceType(
        name="AWS::SNS::Topic",
        service="sns",
        create=Call("create_topic"),
        delete=Call("delete_topic", {"TopicArn": "{id}"}),
        ref="{TopicArn}",
        attributes={"TopicArn": "{TopicArn}", "TopicName": "{TopicName}"},
        physical_name=PhysicalName(path="TopicName", length=256),
        rename={"TopicName": "Name"},
        ignore=frozenset({"ArchivePolicy", "DeliveryStatusLogging", "SignatureVersion"}),
        settings=(Setting(path="Subscription", call=Call("subscribe", {"TopicArn": "{id}"})),),
        adapt=_topic,
    ),
    ResourceType(
        name="AWS::SNS::Subscription",
        service="sns",
        create=Call("subscribe"),
        delete=Call("unsubscribe", {"SubscriptionArn": "{id}"}),
        ref="{SubscriptionArn}",
        immutable=frozenset({"Endpoint", "Protocol", "TopicArn"}),
        ignore=frozenset({"Region", "ReplayPolicy"}),
        adapt=_subscription,
    ),
    _PolicyType(name="AWS::SNS::TopicPolicy", service="sns"),
    _PolicyType(name="AWS::SQS::QueuePolicy", service="sqs"),
]
