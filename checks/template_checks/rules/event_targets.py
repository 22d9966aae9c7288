"""Targets of EventBridge: their input, their parameters, and who lets EventBridge in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from template_checks.core.rule import Violation, rule
from template_checks.core.senders import QUEUE, is_same
from template_checks.core.template import Node, Resource
from template_checks.core.values import only_one, parsed, required
from template_checks.rules.roles import role_must_allow

RULE: Final = "AWS::Events::Rule"
SCHEDULE: Final = "AWS::Scheduler::Schedule"
_API: Final = "https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_Target.html"
_GUIDE: Final = "https://docs.aws.amazon.com/eventbridge/latest/userguide"
_PARAMETERS: Final = {
    "AWS::Batch::JobQueue": "BatchParameters",
    "AWS::ECS::Cluster": "EcsParameters",
    "AWS::Redshift::Cluster": "RedshiftDataParameters",
    "AWS::RedshiftServerless::Workgroup": "RedshiftDataParameters",
}
_ACTIONS: Final = {
    "AWS::Batch::JobQueue": "batch:SubmitJob",
    "AWS::CodeBuild::Project": "codebuild:StartBuild",
    "AWS::ECS::Cluster": "ecs:RunTask",
    "AWS::Events::EventBus": "events:PutEvents",
    "AWS::Kinesis::Stream": "kinesis:PutRecord",
    "AWS::KinesisFirehose::DeliveryStream": "firehose:PutRecord",
    "AWS::SageMaker::Pipeline": "sagemaker:StartPipelineExecution",
    "AWS::StepFunctions::StateMachine": "states:StartExecution",
}
_SCHEDULED: Final = {
    **_ACTIONS,
    "AWS::Lambda::Function": "lambda:InvokeFunction",
    "AWS::SNS::Topic": "sns:Publish",
    QUEUE: "sqs:SendMessage",
}


@rule(
    "LAKE-EVENTS-020",
    RULE,
    title="A target gets its input in one way, as JSON",
    fix="keep one of Input, InputPath and InputTransformer; map each <name> of the template to a path",
    source=_API,
)
def target_input(resource: Resource) -> Iterator[Violation]:
    """EventBridge refuses the target."""
    for target in resource.at("Targets").items():
        given = [target.at(name) for name in ("Input", "InputPath", "InputTransformer")]
        yield from only_one(*given)
        text = given[0].text
        if text is not None and text.strip() != "null" and parsed(text) is None:
            yield Violation(at=given[0], allowed="JSON text")
        if given[1].text and not given[1].text.startswith("$"):
            yield Violation(at=given[1], allowed="a path that starts with $")
        yield from _transformer(given[2])


def _transformer(node: Node) -> Iterator[Violation]:
    paths, template = node.at("InputPathsMap"), node.at("InputTemplate")
    names = {child.path.removeprefix(f"{paths.path}."): child for child in paths.children()}
    for path in names.values():
        if path.text and not path.text.startswith("$"):
            yield Violation(at=path, allowed="a path that starts with $")
    for hole in re.findall(r"<([A-Za-z_][\w.-]*)>", template.text or "") if not _is_open(paths) else ():
        if hole not in names and not hole.startswith("aws.events."):
            allowed = f"one of {', '.join(names)}" if names else "a name of InputPathsMap"
            yield Violation(at=template, found=f"<{hole}>", allowed=allowed)


def _is_open(node: Node) -> bool:
    return node.present and not node.known


@rule(
    "LAKE-EVENTS-021",
    RULE,
    SCHEDULE,
    title="A target has the parameters of its type",
    fix="set MessageGroupId for FIFO queues, and the parameters of tasks, jobs and statements",
    source=_API,
)
def target_parameters(resource: Resource) -> Iterator[Violation]:
    """EventBridge refuses the target, or no message arrives: a FIFO queue takes none without a group."""
    scheduled = resource.kind == SCHEDULE
    for one in [resource.at("Target")] if scheduled else resource.at("Targets").items():
        target = one.at("Arn").target
        if target is None:
            continue
        if target.kind == QUEUE and target.at("FifoQueue").flag:
            yield from required(one.at("SqsParameters.MessageGroupId"), "a group, as the queue is FIFO")
        name = _PARAMETERS.get(target.kind)
        if name and not scheduled:
            yield from required(one.at(name), f"what to run on {target.logical_id}")
        if scheduled and target.kind == "AWS::Events::EventBus":
            yield from required(one.at("EventBridgeParameters"), "DetailType and Source of the events")
        if target.kind == "AWS::Kinesis::Stream" and scheduled:
            yield from required(one.at("KinesisParameters.PartitionKey"), "the key of the records")


@rule(
    "LAKE-EVENTS-022",
    RULE,
    SCHEDULE,
    title="The role of a target may do what it is for",
    fix="allow the role the action on the target",
    source=f"{_GUIDE}/eb-use-identity-based.html",
)
def target_role(resource: Resource) -> Iterator[Violation]:
    """Each invocation fails, and nothing reports it."""
    scheduled = resource.kind == SCHEDULE
    actions = _SCHEDULED if scheduled else _ACTIONS
    for one in [resource.at("Target")] if scheduled else resource.at("Targets").items():
        target = one.at("Arn").target
        if target is not None and target.kind in actions:
            yield from role_must_allow(one.at("RoleArn"), actions[target.kind])


@rule(
    "LAKE-EVENTS-023",
    RULE,
    title="A function that a rule calls lets EventBridge in",
    fix="add an AWS::Lambda::Permission for events.amazonaws.com with the ARN of the rule as SourceArn",
    source=f"{_GUIDE}/eb-use-resource-based.html",
)
def function_permission(resource: Resource) -> Iterator[Violation]:
    """Each call is refused, and nothing reports it."""
    for one in resource.at("Targets").items():
        function = one.at("Arn").target
        if function is None or function.kind != "AWS::Lambda::Function" or one.at("RoleArn").present:
            continue
        if not _admits(function, resource):
            found = f"{function.logical_id}, which has no permission for events.amazonaws.com"
            yield Violation(at=one.at("Arn"), found=found, allowed="a function that lets the rule call it")


def _admits(function: Resource, by: Resource) -> bool:
    for permission in function.template.everywhere_of_type("AWS::Lambda::Permission"):
        name, principal, source = (permission.at(one) for one in ("FunctionName", "Principal", "SourceArn"))
        about = name.target
        same = is_same(about, function) or (about is None and name.text in {None, function.at("FunctionName").text})
        admitted = principal.text is None or principal.text.startswith("events.")
        rule_named = source.target
        if same and admitted and (rule_named is None or rule_named.kind != RULE or is_same(rule_named, by)):
            return True
    return False
