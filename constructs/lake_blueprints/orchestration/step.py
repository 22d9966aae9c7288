"""A step of a pipeline: its states and their permissions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from lake_blueprints.foundation.access import ServiceRole
from lake_blueprints.orchestration.asl import Fragment
from lake_blueprints.orchestration.context import StepContext


class Step(ABC):
    """Base class of the steps of a pipeline."""

    @abstractmethod
    def render(self, context: StepContext) -> Fragment:
        """Return the states."""

    @abstractmethod
    def grant(self, role: ServiceRole) -> None:
        """Grant the permissions of the states to the role of the state machine."""

    def check(self, earlier: Sequence[Step]) -> None:  # noqa: B027
        """Raise ValueError unless the earlier steps of the same sequence provide what this one needs."""


def check_order(steps: Sequence[Step], earlier: Sequence[Step] = ()) -> None:
    """Raise ValueError if a step needs another one that is not among the earlier steps of its sequence."""
    for position, step in enumerate(steps):
        step.check((*earlier, *steps[:position]))
