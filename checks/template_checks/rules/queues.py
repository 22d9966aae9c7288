"""SQS queues: their options, where failed messages go, and what topics may send."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from template_checks.core.policies import Statement, statements
from template_checks.core.rule import Violation, rule
from template_checks.core.senders import QUEUE, TOPIC, is_same, policies_on, speaks_of
from template_checks.core.template import Node, Resource
from template_checks.core.values import absent, between, matching, one_of, parsed, required
from template_checks.rules.subscriptions import SUBSCRIPTION, subscriptions_of

_SQS: Final = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide"


@rule(
    "LAKE-QUEUES-005",
    QUEUE,
    SUBSCRIPTION,
    title="Messages that fail go to a queue that takes them",
    fix="set deadLetterTargetArn to another queue, and maxReceiveCount between 1 and 1000",
    source=f"{_SQS}/sqs-dead-letter-queues.html",
)
def redrive(resource: Resource) -> Iterator[Violation]:
    """SQS and SNS refuse others; what they refuse to take there is lost."""
    policy = resource.at("RedrivePolicy")
    if isinstance(policy.value, str) and not policy.value.startswith("{{"):
        policy = Node(resource, policy.path, parsed(policy.value))
        if not isinstance(policy.value, dict):
            yield Violation(at=resource.at("RedrivePolicy"), allowed="an object with deadLetterTargetArn")
    if not isinstance(policy.value, dict) or not policy.known:
        return
    letters, count = policy.at("deadLetterTargetArn"), policy.at("maxReceiveCount")
    yield from required(letters, "the ARN of a queue")
    if resource.kind == QUEUE:
        yield from required(count, "1 to 1000 receives")
        yield from between(count, 1, 1000, "receives")
    target = letters.target
    if target is None:
        if letters.text and not letters.text.startswith("{{"):
            yield from matching(letters, r"arn:[^:]+:sqs:.+", "the ARN of a queue")
        return
    if target.kind != QUEUE and target.kind.startswith("AWS::S") and not target.kind.startswith("AWS::SSM"):
        yield Violation(at=letters, found=f"the {target.kind} {target.logical_id}", allowed="the ARN of a queue")
    elif is_same(target, resource):
        yield Violation(at=letters, found=f"{target.logical_id} itself", allowed="another queue")
    elif target.kind == QUEUE and isinstance(letters.value, dict) and "Ref" in letters.value:
        yield Violation(at=letters, found=f"the URL of {target.logical_id}", allowed="the ARN of a queue")
    elif target.kind == QUEUE and resource.kind == QUEUE:
        yield from _refused(letters, target)


def _refused(letters: Node, target: Resource) -> Iterator[Violation]:
    """Refuse a queue that does not let others send what they could not process."""
    allow = target.at("RedriveAllowPolicy")
    permission, sources = allow.at("redrivePermission").text, allow.at("sourceQueueArns").items()
    named = permission == "byQueue" and all(item.target is not None for item in sources)
    if permission == "denyAll" or (named and not any(is_same(item.target, letters.resource) for item in sources)):
        found = f"{target.logical_id}, whose RedriveAllowPolicy refuses this queue"
        yield Violation(at=letters, found=found, allowed="a queue that allows it")


@rule(
    "LAKE-QUEUES-006",
    QUEUE,
    title="A queue's options go together",
    fix="correct the option, or remove one of the two",
    source="https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html",
)
def queue_options(queue: Resource) -> Iterator[Violation]:
    """SQS refuses others."""
    yield from between(queue.at("MaximumMessageSize"), 1024, 1048576, "bytes")
    allow = queue.at("RedriveAllowPolicy")
    permission, sources = allow.at("redrivePermission"), allow.at("sourceQueueArns")
    yield from one_of(permission, ("allowAll", "denyAll", "byQueue"))
    if permission.text == "byQueue":
        yield from required(sources, "the ARNs of up to 10 queues")
        if isinstance(sources.value, list) and len(sources.value) > 10:
            yield Violation(at=sources, found=f"{len(sources.value)} queues", allowed="10 or fewer")
    elif permission.text is not None:
        yield from absent(sources, f"with {permission.text}")
    if queue.at("SqsManagedSseEnabled").flag:
        yield from absent(queue.at("KmsMasterKeyId"), "with SqsManagedSseEnabled")
    scope, throughput = queue.at("DeduplicationScope"), queue.at("FifoThroughputLimit")
    yield from one_of(scope, ("messageGroup", "queue"))
    yield from one_of(throughput, ("perQueue", "perMessageGroupId"))
    if throughput.text == "perMessageGroupId" and (scope.known or not scope.present) and scope.text != "messageGroup":
        yield Violation(at=scope, allowed="messageGroup with perMessageGroupId")
    if queue.at("FifoQueue").known or not queue.at("FifoQueue").present:
        for option in (scope, throughput) if not queue.at("FifoQueue").flag else ():
            yield from absent(option, "for a standard queue")


@rule(
    "LAKE-QUEUES-007",
    SUBSCRIPTION,
    TOPIC,
    title="The policy of a queue lets in the topic that it subscribes to",
    fix="allow sns.amazonaws.com sqs:SendMessage on the queue with the topic as aws:SourceArn",
    source="https://docs.aws.amazon.com/sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html",
)
def admits_topic(resource: Resource) -> Iterator[Violation]:
    """SNS drops each message that the policy refuses: nothing arrives."""
    for one, topic in subscriptions_of(resource):
        if topic is None or topic.kind != TOPIC:
            continue
        for node in (one.at("Endpoint"), one.at("RedrivePolicy.deadLetterTargetArn")):
            queue = node.target
            policies = policies_on(queue) if queue is not None and queue.kind == QUEUE else []
            if (
                queue is None
                or queue.kind != QUEUE
                or not all(policy.at("PolicyDocument").known for policy in policies)
            ):
                continue
            granted = [statement for policy in policies for statement in statements(policy) if _lets_in(statement)]
            # LAKE-EVENTS-015 is about endpoints that nothing lets in.
            if resource.kind == SUBSCRIPTION and not granted and node.path.endswith("Endpoint"):
                continue
            if not any(_reaches(statement, topic, queue) for statement in granted):
                found = f"{queue.logical_id}, whose policy does not let in {topic.logical_id}"
                yield Violation(at=node, found=found, allowed=f"a queue whose policy names {topic.logical_id}")


def _lets_in(statement: Statement) -> bool:
    return statement.may_allow("sqs:SendMessage") and speaks_of(statement, "sns.")


def _reaches(statement: Statement, topic: Resource, queue: Resource) -> bool:
    """Whether a statement may be about messages of a topic to a queue."""
    about = [item.target for item in statement.resources]
    if about and None not in about and not any(is_same(one, queue) for one in about):
        return False
    for operator, keys in statement.conditions:
        for key in keys.children():
            sources = [item.target for item in key.items()]
            if re.search(r"aws:sourcearn$", key.path, re.IGNORECASE) and "Not" not in operator and None not in sources:
                return any(is_same(one, topic) for one in sources)
    return True
