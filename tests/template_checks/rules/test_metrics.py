"""Alarms on the metrics that the CDK's constructs have of themselves: rules find nothing about them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as stepfunctions

from template_checks.core import check
from template_checks.core.tables import metric_groups

KEY = dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING)


def constructs(stack: cdk.Stack) -> Iterator[Any]:
    code = lambda_.Code.from_inline("def handler(event, context): pass")
    yield sns.Topic(stack, "Topic")
    yield sqs.Queue(stack, "Queue")
    yield kinesis.Stream(stack, "Stream")
    yield dynamodb.Table(stack, "Table", partition_key=KEY)
    yield events.Rule(stack, "Rule", schedule=events.Schedule.rate(cdk.Duration.hours(1)))
    yield logs.LogGroup(stack, "Logs")
    yield lambda_.Function(
        stack, "Function", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=code
    ).add_alias("live")
    body = stepfunctions.DefinitionBody.from_chainable(stepfunctions.Pass(stack, "Pass"))
    yield stepfunctions.StateMachine(stack, "Machine", definition_body=body)


def metrics_of(construct: Any) -> Iterator[cloudwatch.Metric]:
    """Yield the metrics that a construct has methods of without arguments."""
    for name in dir(construct):
        if name.startswith("metric_"):
            try:
                metric = getattr(construct, name)()
            except (TypeError, RuntimeError):
                continue
            if isinstance(metric, cloudwatch.Metric):
                yield metric


def test_metrics_of_the_cdk_are_known() -> None:
    stack = cdk.Stack(cdk.App(builtin_cloud_formation_validation=False), "Alarms")
    metrics = [metric for construct in constructs(stack) for metric in metrics_of(construct)]
    for index, metric in enumerate(metrics):
        cloudwatch.Alarm(stack, f"Alarm{index}", metric=metric, threshold=1, evaluation_periods=1)
    template = cdk.App.of(stack).synth().get_stack_by_name("Alarms").template  # type: ignore[union-attr]
    assert len(metrics) > 50
    assert [one.message for one in check(template) if one.rule.family == "alarms"] == []


@pytest.mark.parametrize("namespace", ["Glue", "AWS/Lambda", "AWS/States", "AWS/SQS", "AWS/Firehose", "AWS/Kinesis"])
def test_has_every_metric_of_what_a_lake_is_made_of(namespace: str) -> None:
    assert metric_groups(namespace) and all(group.metrics and group.dimensions for group in metric_groups(namespace))
