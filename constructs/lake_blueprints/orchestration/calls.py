"""Calls of a state machine, step by step, and of what starts it."""

from __future__ import annotations

from aws_cdk import Aws, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sqs as sqs

from lake_blueprints.foundation.access.declared import Call, Declared
from lake_blueprints.orchestration.pipeline import Pipeline

_SNS = "https://docs.aws.amazon.com/step-functions/latest/dg/connect-sns.html"
_TOPIC_KEY = "https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html"
_LOGS = "https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html"
_XRAY = "https://docs.aws.amazon.com/step-functions/latest/dg/concepts-xray-tracing.html"
_EVENTS = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-identity-based.html"
_LOST = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html"
_EXECUTIONS = "https://docs.aws.amazon.com/step-functions/latest/dg/concept-create-iam-advanced.html"

_DELIVERY = ("CreateLogDelivery", "GetLogDelivery", "UpdateLogDelivery", "DeleteLogDelivery", "ListLogDeliveries")
_POLICIES = ("PutResourcePolicy", "DescribeResourcePolicies", "DescribeLogGroups")
_TRACE = ("PutTraceSegments", "PutTelemetryRecords", "GetSamplingRules", "GetSamplingTargets")


def pipeline_calls(pipeline: Pipeline) -> Declared:
    """Return what a state machine does: its steps, its messages, its log and its place in the line."""
    because = "tells who is to be told"
    told = {"kms:ViaService": f"sns.{Aws.REGION}.amazonaws.com"}
    return Declared(
        name="Pipeline",
        principal=pipeline.role,
        assumed_by=("states.amazonaws.com",),
        required=(
            *(call for step in pipeline.steps for call in step.calls()),
            _on("sns:Publish", pipeline.topic.topic_arn, because, _SNS),
            Call(
                actions=("kms:GenerateDataKey", "kms:Decrypt"),
                resources=(pipeline.key.key_arn,),
                contexts=(told,),
                because=because,
                source=_TOPIC_KEY,
            ),
            Call(actions=_named("logs", *_DELIVERY, *_POLICIES), because="delivers its log", source=_LOGS),
            Call(actions=_named("xray", *_TRACE), because="traces executions", source=_XRAY),
            _on(
                "states:ListExecutions",
                pipeline.state_machine.state_machine_arn,
                "waits for earlier executions",
                _EXECUTIONS,
            ),
        ),
        refused=(
            _on("states:UpdateStateMachine", pipeline.state_machine.state_machine_arn, "changing itself", _EXECUTIONS),
            _on("sns:SetTopicAttributes", pipeline.topic.topic_arn, "changing the topic", _SNS),
            *(call for step in pipeline.steps for call in step.refused_calls()),
        ),
    )


def start_calls(pipeline: Pipeline, starter: iam.IRole) -> Declared:
    """Return the calls of a principal that starts executions and follows them."""
    machine, execution = pipeline.state_machine.state_machine_arn, pipeline.executions_arn.replace("*", "one")
    because = "starts executions and follows them"
    return Declared(
        name="Starter of a pipeline",
        principal=starter,
        required=(
            _on("states:StartExecution", machine, because, _EXECUTIONS),
            _on("states:DescribeExecution", execution, because, _EXECUTIONS),
        ),
        refused=(
            _on("states:StopExecution", execution, "stopping executions", _EXECUTIONS),
            _on("states:UpdateStateMachine", machine, "changing the pipeline", _EXECUTIONS),
        ),
    )


def trigger_calls(pipeline: Pipeline, role: iam.IRole) -> Declared:
    """Return what EventBridge does when a rule matches."""
    machine = pipeline.state_machine.state_machine_arn
    return Declared(
        name="Start rule",
        principal=role,
        assumed_by=("events.amazonaws.com",),
        required=(_on("states:StartExecution", machine, "starts an execution", _EVENTS),),
        refused=(_on("states:StartExecution", f"{machine}2", "starting other state machines", _EVENTS),),
    )


def undelivered_calls(pipeline: Pipeline, queue: sqs.IQueue, *rules: events.IRule) -> Declared:
    """Return what EventBridge does with events that could not start the pipeline."""

    def send(source: str, because: str) -> Call:
        told = ({"aws:SourceArn": source},)
        return Call(
            actions=("sqs:SendMessage",), resources=(queue.queue_arn,), contexts=told, because=because, source=_LOST
        )

    other = Stack.of(pipeline).format_arn(service="events", resource="rule", resource_name="another")
    return Declared(
        name="Undelivered events",
        principal="events.amazonaws.com",
        required=tuple(send(rule.rule_arn, "keeps events that could not start the pipeline") for rule in rules),
        refused=(send(other, "events of other rules"),),
    )


def _named(service: str, *actions: str) -> tuple[str, ...]:
    return tuple(f"{service}:{action}" for action in actions)


def _on(action: str, resource: str, because: str, source: str) -> Call:
    return Call(actions=(action,), resources=(resource,), because=because, source=source)
