"""What a pipeline's state machine does."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Duration

from lake_blueprints.orchestration.asl import ONE_CALL, State, chain, retry, task
from lake_blueprints.orchestration.queueing import wait_in_line
from lake_blueprints.orchestration.steps import Step
from lake_blueprints.orchestration.transient import SNS

_LONGEST_SUBJECT = 100


def define(
    steps: Sequence[Step], *, pipeline: str, topic_arn: str, timeout: Duration, poll_interval: Duration
) -> State:
    """Return the definition: the steps as the one branch of a state that catches whatever fails in them.

    Parameters
    ----------
    steps: sequence of Step
        What is done, in order.
    pipeline: str
        What messages call the pipeline.
    topic_arn: str
        Where failures are published.
    timeout: Duration
        Time after which an execution is stopped.
    poll_interval: Duration
        Time between two looks at whatever is waited for.
    """
    line = wait_in_line(interval=poll_interval, limit=timeout)
    run: State = {
        "Type": "Parallel",
        "Branches": [chain([line, *(step.render(poll_interval) for step in steps)])],
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
        "Comment": f"Pipeline {pipeline}",
        "TimeoutSeconds": int(timeout.to_seconds()),
        "StartAt": "Run",
        "States": {"Run": run, "Notify": _notify(pipeline, topic_arn), "Failed": failed},
    }


def _notify(pipeline: str, topic_arn: str) -> State:
    message = {
        "pipeline": pipeline,
        "execution.$": "$$.Execution.Id",
        "state.$": "$.failure.Error",
        "cause.$": "$.failure.Cause",
    }
    states = task(
        "Notify",
        "sns:publish",
        {"TopicArn": topic_arn, "Subject": f"Failed: {pipeline}"[:_LONGEST_SUBJECT], "Message": message},
        timeout=ONE_CALL,
        retries=[retry(SNS)],
    )
    # If even the message fails, the execution still fails for the first reason.
    unheard = {"ErrorEquals": ["States.ALL"], "ResultPath": "$.notification", "Next": "Failed"}
    return states["Notify"] | {"Catch": [unheard], "Next": "Failed"}
