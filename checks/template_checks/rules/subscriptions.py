"""SNS subscriptions: their endpoints, options and filters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from template_checks.core.invocations import FUNCTIONS, may_invoke
from template_checks.core.rule import Violation, rule
from template_checks.core.senders import QUEUE, TOPIC
from template_checks.core.template import Node, Resource
from template_checks.core.values import absent, matching, one_of, parsed, required
from template_checks.rules.roles import role_must_allow

SUBSCRIPTION: Final = "AWS::SNS::Subscription"
_SNS: Final = "https://docs.aws.amazon.com/sns/latest/dg"
_RAW: Final = ("sqs", "http", "https", "firehose")
_PROTOCOLS: Final = ("http", "https", "email", "email-json", "sms", "sqs", "application", "lambda", "firehose")
# How the endpoint of a protocol looks, and what it is in a template.
_ENDPOINTS: Final = {
    "http": (r"http://.+", "a URL that begins with http://", ()),
    "https": (r"https://.+", "a URL that begins with https://", ()),
    "email": (r"[^@\s]+@[^@\s]+", "an address", ()),
    "email-json": (r"[^@\s]+@[^@\s]+", "an address", ()),
    "sms": (r"\+?[\d ()-]+", "a telephone number", ()),
    "sqs": (r"arn:[^:]+:sqs:.+", "the ARN of a queue", (QUEUE,)),
    "lambda": (r"arn:[^:]+:lambda:.+", "the ARN of a function", ("AWS::Lambda::",)),
    "firehose": (r"arn:[^:]+:firehose:.+", "the ARN of a delivery stream", ("AWS::KinesisFirehose::",)),
}


def subscriptions_of(resource: Resource) -> Iterator[tuple[Node, Resource | None]]:
    """Yield the subscriptions that a resource makes, each with its topic as far as the app has it."""
    if resource.kind == SUBSCRIPTION:
        yield resource.properties, resource.at("TopicArn").target
    else:
        yield from ((one, resource) for one in resource.at("Subscription").items())


@rule(
    "LAKE-QUEUES-001",
    SUBSCRIPTION,
    TOPIC,
    title="A subscription's endpoint is of its protocol",
    fix="give the endpoint that the protocol sends to",
    source="https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html",
)
def endpoint(resource: Resource) -> Iterator[Violation]:
    """SNS refuses other endpoints, and a delivery stream without a role."""
    for one, _ in subscriptions_of(resource):
        protocol, node = one.at("Protocol"), one.at("Endpoint")
        yield from one_of(protocol, _PROTOCOLS)
        if protocol.text == "firehose":
            yield from required(one.at("SubscriptionRoleArn"), "a role that SNS may assume")
            yield from role_must_allow(one.at("SubscriptionRoleArn"), "firehose:PutRecord")
        if protocol.text not in _ENDPOINTS:
            continue
        pattern, allowed, kinds = _ENDPOINTS[protocol.text]
        if node.text and not node.text.startswith("{{"):
            yield from matching(node, pattern, f"{allowed} for protocol {protocol.text}")
        elif (
            isinstance(node.value, dict) and "Ref" in node.value and node.target is not None and protocol.text == "sqs"
        ):
            yield Violation(at=node, found=f"the URL of {node.target.logical_id}", allowed=allowed)
        if node.target is not None and kinds and not node.target.kind.startswith(kinds):
            yield Violation(at=node, found=f"the {node.target.kind} {node.target.logical_id}", allowed=allowed)


@rule(
    "LAKE-QUEUES-002",
    SUBSCRIPTION,
    title="Options of a subscription go with its protocol",
    fix="remove RawMessageDelivery or DeliveryPolicy, or choose another protocol",
    source=f"{_SNS}/sns-large-payload-raw-message-delivery.html",
)
def options(subscription: Resource) -> Iterator[Violation]:
    """SNS refuses raw messages but to queues, delivery streams and HTTP, and retries of HTTP for others."""
    protocol, raw = subscription.at("Protocol").text, subscription.at("RawMessageDelivery")
    if protocol is None:
        return
    if raw.flag and protocol not in _RAW:
        yield Violation(at=raw, allowed=f"false for protocol {protocol}; {', '.join(_RAW)} take raw messages")
    if protocol not in {"http", "https"}:
        yield from absent(subscription.at("DeliveryPolicy"), f"for protocol {protocol}")
    if protocol != "firehose":
        yield from absent(subscription.at("SubscriptionRoleArn"), f"for protocol {protocol}")


@rule(
    "LAKE-QUEUES-003",
    SUBSCRIPTION,
    TOPIC,
    title="A FIFO topic and what subscribes to it go together",
    fix="subscribe queues to a FIFO topic, and FIFO queues to FIFO topics only",
    source=f"{_SNS}/sns-fifo-topics.html",
)
def first_in_first_out(resource: Resource) -> Iterator[Violation]:
    """SNS refuses a FIFO queue at a standard topic, and anything but queues at a FIFO topic."""
    for one, topic in subscriptions_of(resource):
        if (
            topic is None
            or topic.kind != TOPIC
            or not (topic.at("FifoTopic").known or not topic.at("FifoTopic").present)
        ):
            continue
        ordered, queue, protocol = bool(topic.at("FifoTopic").flag), one.at("Endpoint").target, one.at("Protocol")
        if ordered and protocol.text is not None and protocol.text != "sqs":
            yield Violation(at=protocol, allowed=f"sqs for the FIFO topic {topic.logical_id}")
        if not ordered and queue is not None and queue.kind == QUEUE and queue.at("FifoQueue").flag:
            found = f"the FIFO queue {queue.logical_id}"
            yield Violation(at=one.at("Endpoint"), found=found, allowed="a standard queue for a standard topic")
        if not ordered:
            yield from absent(one.at("ReplayPolicy"), "for a standard topic")
    if resource.kind == TOPIC and not resource.at("FifoTopic").present:
        yield from absent(resource.at("ArchivePolicy"), "for a standard topic")


@rule(
    "LAKE-QUEUES-004",
    SUBSCRIPTION,
    title="A filter policy is an object of lists",
    fix='write JSON such as {"kind": ["order"]}',
    source=f"{_SNS}/sns-subscription-filter-policies.html",
)
def filter_policy(subscription: Resource) -> Iterator[Violation]:
    """SNS refuses other policies, more than five keys, and a scope that is none."""
    node, scope = subscription.at("FilterPolicy"), subscription.at("FilterPolicyScope")
    yield from one_of(scope, ("MessageAttributes", "MessageBody"))
    policy = parsed(node.value) if isinstance(node.value, str) else node.value if node.known else None
    if isinstance(node.value, str) and not node.value.startswith("{{") and not isinstance(policy, dict):
        yield Violation(at=node, allowed="an object in JSON")
    if not isinstance(policy, dict):
        return
    whole = Node(subscription, node.path, policy)
    yield from _not_lists(whole, nested=scope.text == "MessageBody" or (scope.present and not scope.known))


def _not_lists(policy: Node, *, nested: bool) -> Iterator[Violation]:
    for child in policy.children():
        if child.path.endswith("$or") or not child.known:
            continue
        if isinstance(child.value, dict) and nested:
            yield from _not_lists(child, nested=nested)
        elif isinstance(child.value, dict):
            yield Violation(at=child, allowed="a list of values, or FilterPolicyScope MessageBody for what is nested")
        elif not isinstance(child.value, list):
            yield Violation(at=child, allowed="a list of values")
        elif not child.value:
            yield Violation(at=child, found="an empty list", allowed="a list of one value or more")


@rule(
    "LAKE-QUEUES-008",
    SUBSCRIPTION,
    TOPIC,
    title="A function that subscribes may be invoked by SNS",
    fix="permit sns.amazonaws.com to invoke the function with the topic as SourceArn",
    source=f"{_SNS}/lambda-console.html",
)
def invokes(resource: Resource) -> Iterator[Violation]:
    """SNS cannot deliver: each message is lost."""
    for one, topic in subscriptions_of(resource):
        node = one.at("Endpoint")
        function = node.target
        if function is not None and function.kind in FUNCTIONS and not may_invoke("sns.", function, topic):
            found = f"{function.logical_id}, which SNS may not invoke"
            yield Violation(at=node, found=found, allowed="a function that a Permission lets sns.amazonaws.com invoke")
