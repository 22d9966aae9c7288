"""Run: a pipeline that runs another one to its end."""

from __future__ import annotations

import json
from typing import Any

import aws_cdk as cdk
from aws_cdk import Duration

from lake_blueprints.analytics.athena import Query, Workgroup
from lake_blueprints.orchestration import Pipeline, RunPipeline
from tests.support import assert_passes_the_gates, resources, template_of

MACHINE, POLICY = "AWS::StepFunctions::StateMachine", "AWS::IAM::ManagedPolicy"


def outer(stack: cdk.Stack, construct_id: str = "Outer", **options: Any) -> Pipeline:
    queries = Workgroup(stack, f"{construct_id}Queries")
    ask = Query(workgroup=queries, sql="SELECT 1", database="lake", name="Ask")
    inner = Pipeline(stack, f"{construct_id}Inner", steps=[ask], encryption_key=queries.key, alarm=False)
    return Pipeline(stack, construct_id, steps=[RunPipeline(pipeline=inner, **options)], encryption_key=queries.key)


def step(stack: cdk.Stack, name: str) -> dict[str, Any]:
    machines = [machine["Properties"]["DefinitionString"] for machine in resources(template_of(stack), MACHINE)]
    texts = ["".join(part if isinstance(part, str) else "?" for part in text["Fn::Join"][1]) for text in machines]
    (found,) = (json.loads(text) for text in texts if "startExecution" in text)
    state: dict[str, Any] = found["States"]["Run"]["Branches"][0]["States"][name]
    return state


def test_passes_the_gates() -> None:
    assert_passes_the_gates(outer)


def test_waits_for_the_end_of_the_other_one(stack: cdk.Stack) -> None:
    outer(stack)
    state = step(stack, "Run OuterInner")
    assert state["Resource"].endswith(":states:::states:startExecution.sync:2")
    assert state["Parameters"]["Input"] == {"AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID.$": "$$.Execution.Id"}
    assert state["TimeoutSeconds"] == 12 * 60 * 60
    assert state["Catch"][0]["ErrorEquals"] == ["States.ALL"]


def test_takes_a_time_limit_and_a_name(stack: cdk.Stack) -> None:
    outer(stack, timeout=Duration.hours(1), name="Shard 1")
    assert step(stack, "Shard 1")["TimeoutSeconds"] == 3600


def test_the_role_may_start_follow_and_stop_it(stack: cdk.Stack) -> None:
    outer(stack)
    policies = [policy["Properties"]["PolicyDocument"] for policy in resources(template_of(stack), POLICY)]
    allowed = {action for policy in policies for one in policy["Statement"] for action in _many(one["Action"])}
    assert {
        "states:StartExecution",
        "states:DescribeExecution",
        "states:StopExecution",
        "events:PutRule",
        "events:PutTargets",
        "events:DescribeRule",
    } <= allowed


def _many(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]
