"""State machine definition of a pipeline."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Duration

from lake_blueprints.orchestration.asl import State, chain
from lake_blueprints.orchestration.concurrency import single_execution_guard
from lake_blueprints.orchestration.context import StepContext
from lake_blueprints.orchestration.messages import publish
from lake_blueprints.orchestration.step import Step


def state_machine_definition(steps: Sequence[Step], *, context: StepContext, timeout: Duration) -> State:
    """Return the definition: the steps as the one branch of a state that catches whatever fails in them.

    Parameters
    ----------
    steps: sequence of Step
        What is done, in order.
    context: StepContext
        Where they run, and where failures are published.
    timeout: Duration
        Time after which an execution is stopped.
    """
    queue = single_execution_guard(interval=context.poll_interval, limit=timeout)
    run: State = {
        "Type": "Parallel",
        "Branches": [chain([queue, *(step.render(context) for step in steps)])],
        "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.failure", "Next": "Notify"}],
        "OutputPath": "$[0]",
        "End": True,
    }
    failed: State = {
        "Type": "Fail",
        "Error": "PipelineFailed",
        "CausePath": "States.Format('{}: {}', $.failure.Error, $.failure.Cause)",
    }
    return {
        "Comment": f"Pipeline {context.pipeline}",
        "TimeoutSeconds": int(timeout.to_seconds()),
        "StartAt": "Run",
        "States": {"Run": run, "Notify": _notify(context), "Failed": failed},
    }


def _notify(context: StepContext) -> State:
    states = publish(
        "Notify",
        context,
        subject="Failed",
        message={"state.$": "$.failure.Error", "cause.$": "$.failure.Cause"},
    )
    # If even the message fails, the execution still fails for the first reason.
    unheard = {"ErrorEquals": ["States.ALL"], "ResultPath": "$.notification", "Next": "Failed"}
    return states["Notify"] | {"Catch": [unheard], "Next": "Failed"}
