"""Where the steps of a pipeline run."""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import Duration


@dataclass(frozen=True, kw_only=True)
class StepContext:
    """Where a step runs.

    Parameters
    ----------
    pipeline: str
        What messages call the pipeline.
    topic_arn: str
        Where it publishes.
    poll_interval: Duration
        Time between the first two looks at whatever is waited for, where Step Functions cannot wait by itself.
    """

    pipeline: str
    topic_arn: str
    poll_interval: Duration
