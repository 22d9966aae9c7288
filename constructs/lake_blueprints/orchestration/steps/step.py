"""What a pipeline is made of."""

from __future__ import annotations

from typing import Protocol

from aws_cdk import Duration

from lake_blueprints.access import ServiceRole
from lake_blueprints.orchestration.asl import Fragment


class Step(Protocol):
    """Something that a pipeline does."""

    def render(self, poll_interval: Duration) -> Fragment:
        """Return the states, polling once in an interval where Step Functions cannot wait by itself."""
        ...

    def grant(self, role: ServiceRole) -> None:
        """Give the state machine's role what the states need."""
        ...
