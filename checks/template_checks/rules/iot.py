"""IoT topic rules and policies."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from template_checks.core.policies import statements
from template_checks.core.rule import Violation, rule
from template_checks.core.tables import actions
from template_checks.core.template import Node, Resource
from template_checks.core.values import matching, one_of, required
from template_checks.limits import iot as limits
from template_checks.rules.roles import role_must_allow

RULE: Final = "AWS::IoT::TopicRule"
POLICY: Final = "AWS::IoT::Policy"
_GUIDE: Final = "https://docs.aws.amazon.com/iot/latest/developerguide"
_TOPIC: Final = re.compile(r"\bFROM\s+(?P<topic>\S.*?)(\s+WHERE\b.*)?\s*$", re.IGNORECASE | re.DOTALL)
# What the role of an action must allow, and what the action names besides.
_ACTIONS: Final = {
    "Firehose": ("firehose:PutRecord", ("DeliveryStreamName",)),
    "Kinesis": ("kinesis:PutRecord", ("StreamName",)),
    "S3": ("s3:PutObject", ("BucketName", "Key")),
    "Sns": ("sns:Publish", ("TargetArn",)),
    "Sqs": ("sqs:SendMessage", ("QueueUrl",)),
    "DynamoDB": ("dynamodb:PutItem", ("TableName", "HashKeyField", "HashKeyValue")),
    "StepFunctions": ("states:StartExecution", ("StateMachineName",)),
    "CloudwatchLogs": ("logs:PutLogEvents", ("LogGroupName",)),
    "CloudwatchMetric": ("cloudwatch:PutMetricData", ("MetricName", "MetricNamespace", "MetricUnit", "MetricValue")),
    "CloudwatchAlarm": ("cloudwatch:SetAlarmState", ("AlarmName", "StateReason", "StateValue")),
    "Republish": ("iot:Publish", ("Topic",)),
    "Timestream": ("timestream:WriteRecords", ("DatabaseName", "TableName", "Dimensions")),
}
# Actions of devices' policies that the service reference lists elsewhere.
_OF_DEVICES: Final = {
    *("assumerolewithcertificate", "startnextpendingjobexecution", "updatejobexecution", "getpendingjobexecutions"),
}
_DATA_ACTIONS: Final = ("iot:Connect", "iot:Publish", "iot:Subscribe", "iot:Receive", "iot:RetainPublish")


@rule(
    "LAKE-IOT-001",
    RULE,
    title="A topic rule is a statement of IoT's SQL",
    fix="write SELECT ... FROM 'topic/filter', the topic in single quotes",
    source=f"{_GUIDE}/iot-sql-from.html",
)
def statement(resource: Resource) -> Iterator[Violation]:
    """IoT refuses other statements, or matches no message."""
    payload = resource.at("TopicRulePayload")
    node = payload.at("Sql")
    yield from one_of(payload.at("AwsIotSqlVersion"), ("2015-10-08", "2016-03-23", "beta"))
    text = node.rendered.strip().rstrip(";")
    if not text or text.startswith(("${", "{{")):
        return
    if not re.match(r"(SELECT|SET)\b", text, re.IGNORECASE):
        yield Violation(at=node, allowed="a statement that begins with SELECT")
        return
    # Topics named in functions are quoted texts too: the last FROM is that of the statement.
    found = _TOPIC.search(re.sub(r"\([^()]*\)", "()", text))
    topic = found["topic"] if found else ""
    # Without a topic, the rule gets what is published to it directly, by Basic Ingest.
    if not found or topic.startswith(("${", "(")):
        return
    if not re.fullmatch(r"'[^']*'", topic):
        yield Violation(at=node, found=f"FROM {topic}", allowed=f"the topic in single quotes, '{topic.strip(chr(34))}'")
    else:
        yield from _topic_filter(node, topic.strip("'"))


def _topic_filter(node: Node, topic: str) -> Iterator[Violation]:
    levels = topic.split("/")
    if "#" in topic and (levels[-1] != "#" or topic.count("#") > 1):
        yield Violation(at=node, found=topic, allowed="# as the last level only")
    if any("+" in level and level != "+" for level in levels):
        yield Violation(at=node, found=topic, allowed="+ as a whole level only")
    if len(levels) > limits.LEVELS and not topic.startswith("$"):
        yield Violation(at=node, found=topic, allowed=f"{limits.LEVELS} levels or fewer")


@rule(
    "LAKE-IOT-002",
    RULE,
    title="Each action of a topic rule is one, with a role that may do it",
    fix="give one action in each element, with RoleArn and what it names",
    source=f"{_GUIDE}/iot-rule-actions.html",
)
def rule_actions(resource: Resource) -> Iterator[Violation]:
    """IoT refuses several actions in one, or cannot act for each message."""
    payload = resource.at("TopicRulePayload")
    listed = payload.at("Actions")
    if isinstance(listed.value, list) and len(listed.value) > limits.ACTIONS.ends[1]:
        yield Violation(at=listed, found=f"{len(listed.value)} actions", allowed=str(limits.ACTIONS))
    for one in [*listed.items(), *([payload.at("ErrorAction")] if payload.at("ErrorAction").present else [])]:
        names = [child.path.rpartition(".")[2] for child in one.children() if child.present]
        if one.known and len(names) != 1:
            yield Violation(at=one, found=", ".join(names) or "no action", allowed="one action")
        for name in names:
            needed, parts = _ACTIONS.get(name, ("", ()))
            action = one.at(name)
            if not needed or not action.known:
                continue
            yield from required(action.at("RoleArn"), f"a role with {needed}")
            yield from role_must_allow(action.at("RoleArn"), needed)
            for part in parts:
                yield from required(action.at(part), f"a value for {name}")


@rule(
    "LAKE-IOT-003",
    POLICY,
    title="A policy of devices is about actions of IoT on their resources",
    fix="write iot:Connect on client/..., iot:Publish and iot:Receive on topic/..., iot:Subscribe on topicfilter/...",
    source="https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsiot.html",
)
def policy(resource: Resource) -> Iterator[Violation]:
    """IoT refuses actions that it does not have, and nothing is allowed on a resource of another kind."""
    known = {name.lower() for name in actions("iot")} | _OF_DEVICES
    kinds = {"connect": ("client",), "publish": ("topic",), "receive": ("topic",), "subscribe": ("topicfilter",)}
    for one in statements(resource):
        yield from one_of(one.node.at("Effect"), ("Allow", "Deny"))
        names = []
        for action in one.actions:
            prefix, _, name = (action.text or "").partition(":")
            names.append(name.lower())
            if action.text in {None, "*"} or "*" in name or "?" in name:
                continue
            if prefix.lower() not in {"iot", "greengrass", "iotjobsdata", "freertos"} or not name:
                yield from matching(action, r"iot:\w+", f"an action of iot such as {', '.join(_DATA_ACTIONS)}")
            elif prefix.lower() == "iot" and name.lower() not in known:
                yield Violation(at=action, allowed=f"an action of iot such as {', '.join(_DATA_ACTIONS)}")
        allowed = {kind for name in names for kind in kinds.get(name, ("",))}
        for node in one.resources if allowed and "" not in allowed else ():
            found = re.match(r"arn:[^:]*:iot:[^:]*:[^:]*:([a-z]+)/", re.sub(r"\$\{[^}]*\}", "x", node.rendered))
            if found and found[1] in {"client", "topic", "topicfilter", "thing"} and found[1] not in allowed:
                wanted = " or ".join(f"{kind}/..." for kind in sorted(allowed))
                yield Violation(at=node, found=node.rendered, allowed=f"{wanted} for {', '.join(names)}")
