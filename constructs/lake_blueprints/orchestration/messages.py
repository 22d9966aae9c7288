"""SNS notifications published by a pipeline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lake_blueprints.orchestration.asl import ONE_CALL, State, retry, task
from lake_blueprints.orchestration.context import StepContext
from lake_blueprints.orchestration.retryable_errors import SNS

_LONGEST_SUBJECT = 100


def publish(name: str, context: StepContext, *, subject: str, message: Mapping[str, Any]) -> dict[str, State]:
    """Return the states that publish a message, which also names the pipeline and its execution."""
    return task(
        name,
        "sns:publish",
        {
            "TopicArn": context.topic_arn,
            "Subject": f"{subject}: {context.pipeline}"[:_LONGEST_SUBJECT],
            "Message": {"pipeline": context.pipeline, "execution.$": "$$.Execution.Id", **message},
        },
        timeout=ONE_CALL,
        retries=[retry(SNS)],
    )
