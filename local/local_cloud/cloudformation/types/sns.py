"""SNS."""

from __future__ import annotations

import json

from local_cloud.cloudformation.resource import Call, Context, Properties, Resource, Setting
from local_cloud.cloudformation.resource_type import ResourceType

_TOPIC_ATTRIBUTES = ("ContentBasedDeduplication", "DisplayName", "FifoTopic", "KmsMasterKeyId", "TracingConfig")


def _topic(properties: Properties) -> Properties:
    request = {name: value for name, value in properties.items() if name not in _TOPIC_ATTRIBUTES}
    return {**request, "Attributes": {name: properties[name] for name in _TOPIC_ATTRIBUTES if name in properties}}


def _subscription(properties: Properties) -> Properties:
    passed = ("Endpoint", "Protocol", "TopicArn")
    attributes = {name: value for name, value in properties.items() if name not in passed}
    return {name: properties[name] for name in passed} | {"Attributes": attributes, "ReturnSubscriptionArn": True}


class _TopicPolicyType(ResourceType):
    """One policy that the template puts on several topics."""

    def make(self, logical_id: str, properties: Properties, context: Context) -> Resource:
        resource = Resource(self, logical_id, properties, context)
        self.change(resource, properties)
        return resource

    def change(self, resource: Resource, properties: Properties) -> None:
        resource.properties = properties
        policy, client = json.dumps(properties["PolicyDocument"]), resource.context.client("sns")
        for arn in properties["Topics"]:
            client.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=policy)


TYPES = [
    ResourceType(
        name="AWS::SNS::Topic",
        # Beside the schema's: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sns-topic.html
        attributes={"TopicName": "{TopicName}"},
        ignore=frozenset({"ArchivePolicy", "DeliveryStatusLogging", "SignatureVersion"}),
        settings=(Setting(path="Subscription", call=Call("subscribe", {"TopicArn": "{id}"})),),
        adapt=_topic,
    ),
    # The API has other verbs.
    ResourceType(
        name="AWS::SNS::Subscription",
        create=Call("subscribe"),
        delete=Call("unsubscribe", {"SubscriptionArn": "{id}"}),
        ignore=frozenset({"Region", "ReplayPolicy"}),
        adapt=_subscription,
    ),
    # An attribute of the topics.
    _TopicPolicyType(name="AWS::SNS::TopicPolicy", service=""),
]
