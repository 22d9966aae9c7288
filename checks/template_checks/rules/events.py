"""EventBridge rules, schedules, queues and event sources of functions.

Above 200 lines: one rule after the other, each with its words and its source.
"""

from __future__ import annotations

from collections.abc import Iterator

from template_checks.core.rule import Severity, Violation, rule
from template_checks.core.schedules import schedule_problem
from template_checks.core.senders import (
    ALARM_ACTIONS,
    ALARMS,
    QUEUE,
    SENDERS,
    TOPIC,
    admits,
    is_same,
    may_be,
    policies_on,
    sent_to,
)
from template_checks.core.template import Node, Resource
from template_checks.core.values import absent, between, matching, required

RULE = "AWS::Events::Rule"
SCHEDULE = "AWS::Scheduler::Schedule"
_GUIDE = "https://docs.aws.amazon.com/eventbridge/latest/userguide"
# Targets that EventBridge reaches with a role; functions, queues and topics have a policy of their own.
_WITH_ROLE = (
    "AWS::StepFunctions::StateMachine",
    "AWS::Kinesis::Stream",
    "AWS::KinesisFirehose::DeliveryStream",
    "AWS::Batch::JobQueue",
    "AWS::Glue::Workflow",
    "AWS::ECS::Cluster",
    "AWS::CodeBuild::Project",
    "AWS::SageMaker::Pipeline",
    "AWS::RedshiftServerless::Workgroup",
)


@rule(
    "LAKE-EVENTS-001",
    RULE,
    SCHEDULE,
    "AWS::SageMaker::MonitoringSchedule",
    "AWS::DataBrew::Schedule",
    title="A schedule is an expression that EventBridge takes",
    fix="write cron(minutes hours day-of-month month day-of-week year) with one '?', or rate(value unit)",
    source=f"{_GUIDE}/eb-scheduled-rule-pattern.html",
)
def expression(resource: Resource) -> Iterator[Violation]:
    """EventBridge refuses other expressions."""
    for name in ("ScheduleExpression", "CronExpression"):
        for node in resource.properties.every(name):
            if node.text and (problem := schedule_problem(node.text, once=resource.kind == SCHEDULE)):
                yield Violation(at=node, allowed=problem)


@rule(
    "LAKE-EVENTS-002",
    RULE,
    title="A rule has something to match or a time to run at",
    fix="set EventPattern or ScheduleExpression; schedules only on the default bus",
    source=f"{_GUIDE}/eb-create-rule.html",
)
def rule_trigger(resource: Resource) -> Iterator[Violation]:
    """EventBridge refuses a rule without either, and schedules on a bus of its own."""
    pattern, schedule = resource.at("EventPattern"), resource.at("ScheduleExpression")
    if not pattern.present and not schedule.present:
        yield Violation(at=pattern, allowed="an event pattern, or a ScheduleExpression")
    bus = resource.at("EventBusName")
    if schedule.present and bus.present and bus.text != "default" and bus.known:
        yield Violation(at=bus, allowed="the default bus for a schedule")
    if schedule.present and bus.target is not None and bus.target.kind == "AWS::Events::EventBus":
        yield Violation(at=bus, allowed="the default bus for a schedule")


@rule(
    "LAKE-EVENTS-003",
    RULE,
    title="Targets that need a role have one",
    fix="set RoleArn to a role that EventBridge may assume",
    source=f"{_GUIDE}/eb-use-identity-based.html",
)
def target_role(resource: Resource) -> Iterator[Violation]:
    """EventBridge cannot start it: the rule is refused, or each invocation fails."""
    for one in resource.at("Targets").items():
        target = one.at("Arn").target
        if target is not None and target.kind in _WITH_ROLE:
            yield from required(one.at("RoleArn"), f"a role for {target.kind}")


@rule(
    "LAKE-EVENTS-004",
    RULE,
    title="Targets of a rule are up to five, each with an id of its own",
    fix="give each target another Id, and split rules with more than five targets",
    source=f"{_GUIDE}/eb-quota.html",
)
def targets(resource: Resource) -> Iterator[Violation]:
    """EventBridge refuses others."""
    nodes = resource.at("Targets")
    ids = [text for one in nodes.items() if (text := one.at("Id").text)]
    if len(ids) != len(set(ids)):
        yield Violation(at=nodes, found=", ".join(ids), allowed="ids that are not given twice")
    if isinstance(nodes.value, list) and len(nodes.value) > 5:
        yield Violation(at=nodes, found=f"{len(nodes.value)} targets", allowed="5 or fewer")


@rule(
    "LAKE-EVENTS-005",
    SCHEDULE,
    title="A schedule's window agrees with its mode",
    fix="set MaximumWindowInMinutes for FLEXIBLE only, between 1 and 1440",
    source="https://docs.aws.amazon.com/scheduler/latest/APIReference/API_FlexibleTimeWindow.html",
)
def window(schedule: Resource) -> Iterator[Violation]:
    """The scheduler refuses a window for OFF, and FLEXIBLE without one."""
    window = schedule.at("FlexibleTimeWindow")
    most = window.at("MaximumWindowInMinutes")
    yield from between(most, 1, 1440, "minutes")
    if window.at("Mode").text == "OFF":
        yield from absent(most, "for mode OFF")
    if window.at("Mode").text == "FLEXIBLE":
        yield from required(most, "minutes for mode FLEXIBLE")


@rule(
    "LAKE-EVENTS-006",
    QUEUE,
    title="A queue's limits are ones that SQS takes",
    fix="keep messages 60 to 1209600 seconds, delay up to 900, invisible up to 43200, wait up to 20",
    source="https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html",
)
def queue(queue: Resource) -> Iterator[Violation]:
    """SQS refuses others."""
    yield from between(queue.at("MessageRetentionPeriod"), 60, 1209600, "seconds")
    yield from between(queue.at("VisibilityTimeout"), 0, 43200, "seconds")
    yield from between(queue.at("DelaySeconds"), 0, 900, "seconds")
    yield from between(queue.at("ReceiveMessageWaitTimeSeconds"), 0, 20, "seconds")
    yield from between(queue.at("KmsDataKeyReusePeriodSeconds"), 60, 86400, "seconds")


@rule(
    "LAKE-EVENTS-007",
    QUEUE,
    TOPIC,
    title="First-in-first-out is said in name and property",
    fix="end the name in .fifo and set the FIFO property, or neither",
    source="https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/FIFO-queues.html",
)
def fifo(resource: Resource) -> Iterator[Violation]:
    """AWS refuses one without the other, and a dead letter queue of the other kind."""
    sqs = resource.kind == QUEUE
    name, flag = resource.at("QueueName" if sqs else "TopicName"), resource.at("FifoQueue" if sqs else "FifoTopic")
    if name.text and name.text.endswith(".fifo") != bool(flag.flag) and (flag.known or not flag.present):
        yield Violation(at=name, allowed="a name in .fifo" if flag.flag else "a name without .fifo")
    if flag.unknown:
        return
    if not flag.flag:
        yield from absent(resource.at("ContentBasedDeduplication"), "for a standard queue or topic")
    letters = resource.at("RedrivePolicy.deadLetterTargetArn").target
    other = letters.at("FifoQueue") if letters is not None and letters.kind == QUEUE else None
    if other is not None and not other.unknown and bool(other.flag) != bool(flag.flag):
        kind = "FIFO" if flag.flag else "standard"
        yield Violation(at=resource.at("RedrivePolicy.deadLetterTargetArn"), allowed=f"a {kind} queue")


@rule(
    "LAKE-EVENTS-008",
    "AWS::Lambda::EventSourceMapping",
    title="Messages stay invisible while a function works on them",
    fix="set the queue's VisibilityTimeout to six times the function's Timeout",
    source="https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html",
)
def visibility(mapping: Resource) -> Iterator[Violation]:
    """Lambda refuses the mapping if messages reappear before the function ends."""
    queue, function = mapping.at("EventSourceArn").target, mapping.at("FunctionName").target
    if queue is None or function is None or queue.kind != QUEUE:
        return
    timeout = function.at("Timeout").number if function.at("Timeout").present else 3
    visible = queue.at("VisibilityTimeout").number if queue.at("VisibilityTimeout").present else 30
    if timeout is not None and visible is not None and visible < timeout:
        found = f"{visible:g} seconds for a function of {timeout:g}"
        yield Violation(at=mapping.at("EventSourceArn"), found=found, allowed=f"{timeout:g} seconds or more")


@rule(
    "LAKE-EVENTS-009",
    "AWS::Lambda::EventSourceMapping",
    title="A mapping of a stream says where to start, that of a queue does not",
    fix="set StartingPosition for streams, and remove it for queues",
    source="https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html",
)
def starting_position(mapping: Resource) -> Iterator[Violation]:
    """Lambda refuses others, and batches larger than its limits."""
    source, start = mapping.at("EventSourceArn").target, mapping.at("StartingPosition")
    kind = source.kind if source else ""
    if kind in {"AWS::Kinesis::Stream", "AWS::DynamoDB::Table", "AWS::MSK::Cluster", "AWS::MSK::ServerlessCluster"}:
        yield from required(start, "LATEST, TRIM_HORIZON or AT_TIMESTAMP for a stream")
    if kind == QUEUE:
        yield from absent(start, "for a queue")
        yield from absent(mapping.at("ParallelizationFactor"), "for a queue")
    size, window = mapping.at("BatchSize"), mapping.at("MaximumBatchingWindowInSeconds")
    yield from between(size, 1, 10000)
    yield from between(window, 0, 300, "seconds")
    first_in_first_out = source is not None and source.at("FifoQueue").flag is True
    if kind == QUEUE and first_in_first_out:
        yield from between(size, 1, 10, "messages of a FIFO queue")
        if window.number:
            yield Violation(at=window, allowed="no window for a FIFO queue")
    elif kind == QUEUE and size.number is not None and size.number > 10 and not window.present:
        yield Violation(at=window, allowed="1 second or more for batches of more than 10")
    yield from between(mapping.at("ParallelizationFactor"), 1, 10)


@rule(
    "LAKE-EVENTS-010",
    "AWS::Lambda::Function",
    title="A function's limits are ones that Lambda takes",
    fix="set Timeout to 1 to 900 seconds and MemorySize to 128 to 10240 MB",
    source="https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html",
)
def function(function: Resource) -> Iterator[Violation]:
    """Lambda refuses others."""
    yield from between(function.at("Timeout"), 1, 900, "seconds")
    yield from between(function.at("MemorySize"), 128, 10240, "MB")
    yield from between(function.at("EphemeralStorage.Size"), 512, 10240, "MB")


@rule(
    "LAKE-EVENTS-011",
    "AWS::IoT::TopicRule",
    title="Names of topic rules have no hyphens",
    fix="use letters, digits and underscores",
    source="https://docs.aws.amazon.com/iot/latest/apireference/API_CreateTopicRule.html",
)
def topic_rule(resource: Resource) -> Iterator[Violation]:
    """IoT refuses other names."""
    yield from matching(resource.at("RuleName"), r"[a-zA-Z0-9_]{1,128}", "letters, digits and _")


@rule(
    "LAKE-EVENTS-012",
    "AWS::Logs::LogGroup",
    title="Logs are kept for a number of days that CloudWatch has",
    fix="choose one of the allowed numbers of days",
    source="https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html",
)
def log_retention(group: Resource) -> Iterator[Violation]:
    """CloudWatch Logs refuses other periods."""
    days = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
    node = group.at("RetentionInDays")
    if node.number is not None and node.number not in days:
        yield Violation(at=node, allowed=", ".join(map(str, days)))


@rule(
    "LAKE-EVENTS-013",
    "AWS::CloudWatch::Alarm",
    title="An alarm looks at a period that CloudWatch has",
    fix="set Period to 10, 20, 30 or a multiple of 60, and evaluate one period or more",
    source="https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html",
)
def alarm(alarm: Resource) -> Iterator[Violation]:
    """CloudWatch refuses others, and looks back over a day, or a week with periods of an hour, at most."""
    period, count = alarm.at("Period"), alarm.at("EvaluationPeriods")
    if period.number is not None and period.number not in {10, 20, 30} and period.number % 60:
        yield Violation(at=period, allowed="10, 20, 30 or a multiple of 60")
    together = alarm.at("DatapointsToAlarm")
    if together.number is not None and count.number is not None and together.number > count.number:
        yield Violation(at=together, allowed=f"{count.number:g} or fewer, the EvaluationPeriods")
    if period.number and count.number:
        most = 604800 if period.number >= 3600 else 86400
        if period.number * count.number > most:
            yield Violation(
                at=count, allowed=f"{most // period.number:g} or fewer periods of {period.number:g} seconds"
            )


@rule(
    "LAKE-EVENTS-014",
    RULE,
    title="An event pattern has lists of values",
    fix="write each value in a list, for instance {source: [aws.glue]}",
    source=f"{_GUIDE}/eb-event-patterns.html",
)
def pattern(resource: Resource) -> Iterator[Violation]:
    """EventBridge refuses a pattern with single values, and one that is empty."""
    node = resource.at("EventPattern")
    if node.value == {}:
        yield Violation(at=node, allowed="a pattern with one field or more")
    yield from _single_values(node)


def _single_values(node: Node) -> Iterator[Violation]:
    for child in node.children():
        if isinstance(child.value, dict) and child.known:
            yield from _single_values(child)
        elif isinstance(child.value, str | int | float) and not isinstance(node.value, list):
            yield Violation(at=child, allowed="a list of values")


@rule(
    "LAKE-EVENTS-015",
    *SENDERS,
    title="The policy of a topic or queue lets in the services that send to it",
    fix="allow the service sns:Publish or sqs:SendMessage in the policy of the topic or queue",
    source="https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html",
)
def admitted(resource: Resource) -> Iterator[Violation]:
    """Messages are lost without a word. A topic without a policy lets in the alarms of its account, nothing else."""
    for service, node in sent_to(resource):
        target = node.target
        if target is None or target.kind not in {TOPIC, QUEUE}:
            continue
        policies = policies_on(target)
        if not policies and (target.kind, service) == (TOPIC, "cloudwatch."):
            continue
        action = "sns:Publish" if target.kind == TOPIC else "sqs:SendMessage"
        if not admits(policies, service, action):
            has = "whose policy does not let" if policies else "which has no policy that lets"
            found = f"{target.logical_id}, {has} {service}amazonaws.com in"
            yield Violation(at=node, found=found, allowed=f"one whose policy allows it {action}")


@rule(
    "LAKE-EVENTS-016",
    TOPIC,
    severity=Severity.WARNING,
    title="A topic that alarms publish to has a subscriber",
    fix="subscribe an address, a queue or a chat channel; acknowledge it if that is done elsewhere",
    source="https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html",
)
def subscribed(topic: Resource) -> Iterator[Violation]:
    """The alarms fire and nobody hears of it."""
    subscriptions = topic.at("Subscription")
    if subscriptions.present:
        return
    alarmed = False
    for one in topic.template.everywhere:
        if any(may_be(node, topic) for node in _subscribed(one)):
            return
        if one.kind in ALARMS:
            actions = (action for name in ALARM_ACTIONS for action in one.at(name).items())
            alarmed = alarmed or any(is_same(action.target, topic) for action in actions)
    if alarmed:
        yield Violation(at=subscriptions, allowed="a subscription to the topic")


def _subscribed(resource: Resource) -> Iterator[Node]:
    """Yield the topics that a resource subscribes to."""
    if resource.kind == "AWS::SNS::Subscription":
        yield resource.at("TopicArn")
    elif resource.kind.startswith("AWS::Chatbot::"):
        yield from resource.at("SnsTopicArns").items()
