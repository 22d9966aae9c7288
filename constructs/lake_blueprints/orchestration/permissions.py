"""Permissions of a state machine, of what starts it, and of those who follow its executions."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms

from lake_blueprints.foundation.access import Permission, arn_of

_SNS = "https://docs.aws.amazon.com/step-functions/latest/dg/connect-sns.html"
_TOPIC_KEY = "https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html"
_LOGS = "https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html"
_XRAY = "https://docs.aws.amazon.com/step-functions/latest/dg/concepts-xray-tracing.html"
_EVENTS = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-identity-based.html"
_LOST = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html"
_EXECUTIONS = "https://docs.aws.amazon.com/step-functions/latest/dg/concept-create-iam-advanced.html"
_NESTED = "https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html"

_DELIVER_LOGS = (
    "logs:CreateLogDelivery",
    "logs:GetLogDelivery",
    "logs:UpdateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:DescribeResourcePolicies",
    "logs:DescribeLogGroups",
)
_TRACE = (
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
)
_NO_RESOURCE = "IAM knows no resource for log deliveries and traces"
_EACH = "each execution has a name of its own"


def publish(topic_arn: str, key: kms.IKey) -> tuple[Permission, ...]:
    """Publish to an encrypted topic."""
    because = "publishes messages"
    return (
        Permission(actions=("sns:Publish",), on=(topic_arn,), because=because, sources=(_SNS,)),
        Permission(
            actions=("kms:GenerateDataKey", "kms:Decrypt"),
            on=(arn_of(key),),
            because=because,
            sources=(_TOPIC_KEY,),
            policy_of=key,
            contexts=({"kms:ViaService": "sns.${AWS::Region}.amazonaws.com"},),
        ),
    )


def log_and_trace() -> tuple[Permission, ...]:
    """Deliver the log, and trace executions."""
    return (
        Permission(actions=_DELIVER_LOGS, because="delivers its log", sources=(_LOGS,), wildcard=_NO_RESOURCE),
        Permission(actions=_TRACE, because="traces executions", sources=(_XRAY,), wildcard=_NO_RESOURCE),
    )


def list_executions(machine_arn: str) -> Permission:
    """Look at the state machine's executions."""
    actions = ("states:ListExecutions",)
    return Permission(
        actions=actions, on=(machine_arn,), because="waits for earlier executions", sources=(_EXECUTIONS,)
    )


def start_by_rule(machine_arn: str) -> Permission:
    """Start an execution when a rule matches."""
    actions = ("states:StartExecution",)
    return Permission(actions=actions, on=(machine_arn,), because="starts an execution", sources=(_EVENTS,))


def start_executions(machine_arn: str, executions_arn: str) -> tuple[Permission, ...]:
    """Start executions, and follow them."""
    because = "starts executions and follows them"
    return (
        Permission(actions=("states:StartExecution",), on=(machine_arn,), because=because, sources=(_EXECUTIONS,)),
        Permission(
            actions=("states:DescribeExecution",),
            on=(executions_arn,),
            because=because,
            sources=(_EXECUTIONS,),
            wildcard=_EACH,
        ),
    )


def run_executions(role: iam.IRole, machine_arn: str, executions_arn: str) -> tuple[Permission, ...]:
    """Run executions of another state machine to their end, and stop them."""
    because = "runs another pipeline"
    rule = Stack.of(role).format_arn(
        service="events", resource="rule", resource_name="StepFunctionsGetEventsForStepFunctionsExecutionRule"
    )
    return (
        Permission(actions=("states:StartExecution",), on=(machine_arn,), because=because, sources=(_NESTED,)),
        Permission(
            actions=("states:DescribeExecution", "states:StopExecution"),
            on=(executions_arn,),
            because=because,
            sources=(_NESTED,),
            wildcard=_EACH,
        ),
        Permission(
            actions=("events:PutTargets", "events:PutRule", "events:DescribeRule"),
            on=(rule,),
            because="is notified of the execution's end",
            sources=(_NESTED,),
        ),
    )


def keep_undelivered(queue_arn: str, rule_arns: Sequence[str]) -> Permission:
    """Send events that could not start the pipeline to a queue, by its policy."""
    return Permission(
        actions=("sqs:SendMessage",),
        on=(queue_arn,),
        because="keeps events that could not start the pipeline",
        sources=(_LOST,),
        conditions={"ArnEquals": {"aws:SourceArn": list(rule_arns)}},
    )
