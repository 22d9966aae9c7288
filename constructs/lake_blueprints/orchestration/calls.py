"""What a state machine calls, step by step, and what starts it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aws_cdk import Aws, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sqs as sqs

from lake_blueprints.access.declared import Call, Declared
from lake_blueprints.catalog.calls import read_entries, write_entries
from lake_blueprints.orchestration.pipeline import Pipeline
from lake_blueprints.orchestration.steps import (
    Crawl,
    Curate,
    Evaluate,
    Load,
    Query,
    Register,
    Run,
    Step,
    Together,
    Train,
)
from lake_blueprints.quality.calls import run_ruleset
from lake_blueprints.query.calls import execute_query
from lake_blueprints.storage import calls as objects
from lake_blueprints.training.calls import not_registered, not_run, register_model, run_training
from lake_blueprints.warehouse.calls import run_statements

_GLUE = "https://docs.aws.amazon.com/step-functions/latest/dg/connect-glue.html"
_SDK = "https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html"
_NESTED = "https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html"
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
            *(call for step in pipeline.steps for call in _step(step)),
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
            *(call for step in pipeline.steps for call in _refused(step)),
        ),
    )


def start_calls(pipeline: Pipeline, starter: iam.IRole) -> Declared:
    """Return what somebody does who starts executions and follows them."""
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


def _step(step: Step) -> tuple[Call, ...]:
    if isinstance(step, Together):
        return tuple(call for steps in step.sequences for inner in steps for call in _step(inner))
    return _CALLS[type(step)](step)


def _crawl(step: Crawl) -> tuple[Call, ...]:
    crawler = Stack.of(step.crawler).format_arn(
        service="glue", resource="crawler", resource_name=step.crawler.crawler_name
    )
    actions = ("glue:StartCrawler", "glue:GetCrawler")
    return (Call(actions=actions, resources=(crawler,), because="runs the crawler", source=_SDK),)


def _curate(step: Curate) -> tuple[Call, ...]:
    actions = ("glue:StartJobRun", "glue:GetJobRun", "glue:GetJobRuns", "glue:BatchStopJobRun")
    return (Call(actions=actions, resources=(step.job.job_arn,), because="runs the job", source=_GLUE),)


def _load(step: Load) -> tuple[Call, ...]:
    return run_statements(step.warehouse, "loads tables", "BatchExecuteStatement", "DescribeStatement")


def _evaluate(step: Evaluate) -> tuple[Call, ...]:
    return run_ruleset(step.ruleset, "evaluates the ruleset")


def _train(step: Train) -> tuple[Call, ...]:
    return run_training(step.job, "trains the model")


def _register(step: Register) -> tuple[Call, ...]:
    return register_model(step.job, "registers the model")


def _refused(step: Step) -> tuple[Call, ...]:
    match step:
        case Together():
            return tuple(call for steps in step.sequences for inner in steps for call in _refused(inner))
        case Curate():
            return (_on("glue:UpdateJob", step.job.job_arn, "changing the job", _GLUE),)
        case Train():
            return not_run(step.job)
        case Register():
            return not_registered(step.job)
    return ()


def _query(step: Query) -> tuple[Call, ...]:
    because = f"runs the query '{step.name}'"
    reads = (
        call
        for table in step.reads
        for call in (
            *objects.reading(table.zone, table.prefix, because),
            objects.locating(table.zone, because),
            *read_entries(table, because),
        )
    )
    writes = (
        call
        for table in step.writes
        for call in (
            *objects.uploading(table.zone, table.prefix, because, "s3:ListMultipartUploadParts"),
            objects.locating(table.zone, because),
            objects.finding_uploads(table.zone, because),
            *write_entries(table, because),
        )
    )
    return *execute_query(step.workgroup, because), *reads, *writes


def _run(step: Run) -> tuple[Call, ...]:
    pipeline = step.pipeline
    rule = Stack.of(pipeline).format_arn(
        service="events", resource="rule", resource_name="StepFunctionsGetEventsForStepFunctionsExecutionRule"
    )
    because = "runs another pipeline"
    executions = (pipeline.executions_arn.replace("*", "one"),)
    follow = ("states:DescribeExecution", "states:StopExecution")
    return (
        _on("states:StartExecution", pipeline.state_machine.state_machine_arn, because, _NESTED),
        Call(actions=follow, resources=executions, because=because, source=_NESTED),
        Call(
            actions=("events:PutTargets", "events:PutRule", "events:DescribeRule"),
            resources=(rule,),
            because="hears of the execution's end",
            source=_NESTED,
        ),
    )


_CALLS: dict[type[Step], Callable[[Any], tuple[Call, ...]]] = {
    Crawl: _crawl,
    Curate: _curate,
    Evaluate: _evaluate,
    Load: _load,
    Query: _query,
    Register: _register,
    Run: _run,
    Train: _train,
}


def _named(service: str, *actions: str) -> tuple[str, ...]:
    return tuple(f"{service}:{action}" for action in actions)


def _on(action: str, resource: str, because: str, source: str) -> Call:
    return Call(actions=(action,), resources=(resource,), because=because, source=source)
