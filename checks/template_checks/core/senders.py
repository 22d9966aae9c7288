"""Services that send messages on behalf of a resource, and their targets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from template_checks.core.arns import arn_of, overlap
from template_checks.core.policies import Statement, statements
from template_checks.core.template import Node, Resource

TOPIC: Final = "AWS::SNS::Topic"
QUEUE: Final = "AWS::SQS::Queue"
ALARMS: Final = ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")
SENDERS: Final = (
    "AWS::Events::Rule",
    *ALARMS,
    "AWS::SNS::Subscription",
    "AWS::S3::Bucket",
    "AWS::Budgets::Budget",
)
_PSEUDO: Final = re.compile(r"\$\{AWS::\w+\}")
ALARM_ACTIONS: Final = ("AlarmActions", "OKActions", "InsufficientDataActions")
_POLICIES: Final = {
    "AWS::SNS::TopicPolicy": "Topics",
    "AWS::SNS::TopicInlinePolicy": "TopicArn",
    "AWS::SQS::QueuePolicy": "Queues",
    "AWS::SQS::QueueInlinePolicy": "Queue",
}


def sent_to(resource: Resource) -> Iterator[tuple[str, Node]]:
    """Yield the services that a resource makes send messages, as the start of their names, and where to."""
    if resource.kind == "AWS::Events::Rule":
        for target in resource.at("Targets").items():
            # With a role of its own, EventBridge sends as the role.
            if not target.at("RoleArn").present:
                yield "events.", target.at("Arn")
            yield "events.", target.at("DeadLetterConfig.Arn")
    elif resource.kind == "AWS::SNS::Subscription":
        yield "sns.", resource.at("Endpoint")
    elif resource.kind == "AWS::S3::Bucket":
        for name, arn in (("TopicConfigurations", "Topic"), ("QueueConfigurations", "Queue")):
            for one in resource.at(f"NotificationConfiguration.{name}").items():
                yield "s3.", one.at(arn)
    elif resource.kind == "AWS::Budgets::Budget":
        for address in resource.properties.every("Address"):
            yield "budgets.", address
    elif resource.kind in ALARMS:
        for name in ALARM_ACTIONS:
            yield from (("cloudwatch.", action) for action in resource.at(name).items())


def speaks_of(statement: Statement, service: str) -> bool:
    """Whether the principal of a statement is a service, or everyone."""
    principal = statement.node.at("Principal")
    if principal.text == "*" or any(_may_be_everyone(item) for item in principal.at("AWS").items()):
        return True
    return any(name.startswith((service, "${", "*")) for name in statement.services)


def _may_be_everyone(node: Node) -> bool:
    """Whether a principal is everyone, or may be once it is deployed: neither of the app nor an account."""
    named = node.target is not None or not node.rendered.startswith("${") or _PSEUDO.match(node.rendered)
    return node.text == "*" or (node.unknown and not named)


def policies_on(target: Resource) -> list[Resource]:
    """Return the policies that are or may be those of a topic or queue, in whichever stack of the app they are."""
    return [
        policy
        for policy in target.template.everywhere_of_type(*_POLICIES)
        if any(may_be(item, target) for item in policy.at(_POLICIES[policy.kind]).items())
    ]


def is_same(one: Resource | None, other: Resource) -> bool:
    """Whether two are the same resource, each perhaps in another case of its template's conditions."""
    return one is not None and (one.kind, one.logical_id) == (other.kind, other.logical_id)


def may_be(node: Node, resource: Resource) -> bool:
    """Whether a value names a resource, or may once it is deployed."""
    if node.target is not None:
        return is_same(node.target, resource)
    if node.rendered.startswith("arn:"):
        own = Node(resource, "Arn", {"Fn::GetAtt": [resource.logical_id, "Arn"]})
        return node.unknown and overlap(arn_of(node), arn_of(own))
    return node.unknown and not _PSEUDO.fullmatch(node.rendered)


def _statements(policy: Resource) -> list[Node]:
    return policy.at("PolicyDocument.Statement").items()


def admits(policies: list[Resource], service: str, action: str) -> bool:
    """Whether one of the policies lets a service do something; one that is known only to CloudFormation may."""
    return any(
        any(not part.known for part in (policy.at("PolicyDocument.Statement"), *_statements(policy)))
        or any(one.may_allow(action) and speaks_of(one, service) for one in statements(policy))
        for policy in policies
    )
