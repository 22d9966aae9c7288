"""Event source mappings of functions: options, filters and permissions by the kind of source."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from template_checks.core.arns import arn_of
from template_checks.core.event_patterns import pattern_problem
from template_checks.core.rule import Violation, rule
from template_checks.core.template import Node, Resource
from template_checks.core.values import parsed, required
from template_checks.rules.roles import role_must_allow_on

MAPPING: Final = "AWS::Lambda::EventSourceMapping"
_API: Final = "https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html"
_DG: Final = "https://docs.aws.amazon.com/lambda/latest/dg"
_STREAMS: Final = ("kinesis", "dynamodb")
_KAFKA: Final = ("kafka", "self-managed Kafka")
_READ: Final = (*_STREAMS, *_KAFKA, "rds")
# The sources that an option is for, by the ARN's name of the service.
_OPTIONS: Final[dict[str, tuple[str, ...]]] = {
    "AmazonManagedKafkaEventSourceConfig": ("kafka",),
    "BisectBatchOnFunctionError": (*_STREAMS, *_KAFKA),
    "DestinationConfig": (*_STREAMS, *_KAFKA),
    "DocumentDBEventSourceConfig": ("rds",),
    "FunctionResponseTypes": (*_STREAMS, *_KAFKA, "sqs"),
    "MaximumRecordAgeInSeconds": (*_STREAMS, *_KAFKA),
    "MaximumRetryAttempts": (*_STREAMS, *_KAFKA),
    "ParallelizationFactor": _STREAMS,
    "ProvisionedPollerConfig": ("sqs", *_KAFKA),
    "Queues": ("mq",),
    "ScalingConfig": ("sqs",),
    "SelfManagedKafkaEventSourceConfig": ("self-managed Kafka",),
    "SourceAccessConfigurations": ("mq", "rds", *_KAFKA),
    "StartingPosition": _READ,
    "StartingPositionTimestamp": ("kinesis", "rds", *_KAFKA),
    "Topics": _KAFKA,
    "TumblingWindowInSeconds": _STREAMS,
}
_NEEDED: Final[dict[str, tuple[str, ...]]] = {
    "kafka": ("Topics",),
    "self-managed Kafka": ("StartingPosition", "Topics"),
    "mq": ("Queues", "SourceAccessConfigurations"),
    "rds": ("StartingPosition", "SourceAccessConfigurations", "DocumentDBEventSourceConfig"),
}
_ACTIONS: Final[dict[str, tuple[str, ...]]] = {
    "sqs": ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"),
    "kinesis": ("kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:DescribeStream", "kinesis:ListShards"),
    "dynamodb": ("dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:DescribeStream"),
    "kafka": ("kafka:DescribeClusterV2", "kafka:GetBootstrapBrokers"),
}
_EITHER: Final = {
    "kafka:DescribeClusterV2": "kafka:DescribeCluster",
    "kinesis:DescribeStream": "kinesis:DescribeStreamSummary",
}
_KINDS: Final = {
    "AWS::SQS::Queue": "sqs",
    "AWS::Kinesis::Stream": "kinesis",
    "AWS::Kinesis::StreamConsumer": "kinesis",
    "AWS::DynamoDB::Table": "dynamodb",
    "AWS::DynamoDB::GlobalTable": "dynamodb",
    "AWS::MSK::Cluster": "kafka",
    "AWS::MSK::ServerlessCluster": "kafka",
    "AWS::AmazonMQ::Broker": "mq",
    "AWS::DocDB::DBCluster": "rds",
}


def source_of(mapping: Resource) -> str:
    """Return the service that a function's events are from, as in its ARN; nothing if it is not known."""
    if mapping.at("SelfManagedEventSource").present:
        return "self-managed Kafka"
    node = mapping.at("EventSourceArn")
    if node.target is not None and node.target.kind in _KINDS:
        return _KINDS[node.target.kind]
    service = arn_of(node).split(":")[2:3]
    return service[0] if service and service[0] in _KINDS.values() else ""


@rule(
    "LAKE-LAMBDA-001",
    MAPPING,
    title="Options of a mapping are ones that its source has",
    fix="remove the option, or add the one that is missing",
    source=_API,
)
def options(mapping: Resource) -> Iterator[Violation]:
    """Lambda refuses options of other sources, and a source without those that it needs."""
    source = source_of(mapping)
    if not source:
        return
    for name, sources in _OPTIONS.items():
        if source not in sources and _says_something(mapping.at(name)):
            # Two of them are refused by another rule for queues.
            if source == "sqs" and name in {"StartingPosition", "ParallelizationFactor"}:
                continue
            yield Violation(at=mapping.at(name), allowed=f"nothing for {source}: it is for {', '.join(sources)}")
    for name in _NEEDED.get(source, ()):
        yield from required(mapping.at(name), f"a value for {source}")
    start, moment = mapping.at("StartingPosition"), mapping.at("StartingPositionTimestamp")
    if start.text == "AT_TIMESTAMP":
        yield from required(moment, "the moment to start at, in seconds since 1970")
        if source == "dynamodb":
            yield Violation(at=start, allowed="TRIM_HORIZON or LATEST for dynamodb")
    elif start.text and moment.present:
        yield Violation(at=moment, allowed=f"nothing with {start.text}")


@rule(
    "LAKE-LAMBDA-002",
    MAPPING,
    title="Filters of a mapping are JSON patterns with lists of values",
    fix='write each filter as JSON text, for instance {"body": {"kind": ["order"]}}',
    source=f"{_DG}/invocation-eventfiltering.html",
)
def filters(mapping: Resource) -> Iterator[Violation]:
    """Lambda refuses other filters; fields that a source does not have match nothing."""
    nodes = mapping.at("FilterCriteria.Filters").items()
    if len(nodes) > 10:
        yield Violation(at=mapping.at("FilterCriteria.Filters"), found=f"{len(nodes)} filters", allowed="10 or fewer")
    for node in nodes:
        text = node.at("Pattern")
        if text.text is None:
            continue
        pattern = parsed(text.text)
        if not isinstance(pattern, dict):
            yield Violation(at=text, allowed="a JSON object")
        elif problem := pattern_problem(pattern):
            yield Violation(at=text, allowed=problem)


@rule(
    "LAKE-LAMBDA-003",
    MAPPING,
    title="The role of a function may read what is mapped to it",
    fix="allow the actions on the source in a policy of the function's role",
    source=f"{_DG}/invocation-eventsourcemapping.html",
)
def reads(mapping: Resource) -> Iterator[Violation]:
    """Lambda refuses the mapping: the function's execution role does not have permissions to call the source."""
    node, source = mapping.at("EventSourceArn"), source_of(mapping)
    function = mapping.at("FunctionName").target
    if function is None or function.kind != "AWS::Lambda::Function":
        return
    for action in _ACTIONS.get(source, ()):
        faults = list(role_must_allow_on(function.at("Role"), action, node))
        other = _EITHER.get(action, action)
        if faults and list(role_must_allow_on(function.at("Role"), other, node)):
            yield Violation(at=mapping.at("FunctionName"), found=faults[0].found, allowed=faults[0].allowed)
            return
    failed = mapping.at("DestinationConfig.OnFailure.Destination")
    kind = failed.target.kind if failed.target is not None else ""
    for action in {"AWS::SQS::Queue": ["sqs:SendMessage"], "AWS::SNS::Topic": ["sns:Publish"]}.get(kind, []):
        for fault in role_must_allow_on(function.at("Role"), action, failed):
            yield Violation(at=failed, found=fault.found, allowed=fault.allowed)


def _says_something(node: Node) -> bool:
    """Whether an option is set to more than what it is by default."""
    return node.present and node.value not in (False, [], {}, "false")
