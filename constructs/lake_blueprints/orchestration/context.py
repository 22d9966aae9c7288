"""Context in which a pipeline renders its steps."""

from __future__ import annotations

from dataclasses import dataclass

from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.units import KnownDurationInSeconds


@checked
@dataclass(frozen=True, kw_only=True)
class StepContext:
    """Context of a step: the pipeline's scope, role and key.

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
    poll_interval: KnownDurationInSeconds
