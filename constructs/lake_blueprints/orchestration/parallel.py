"""Doing several things at the same time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lake_blueprints.foundation.access import ServiceRole
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.orchestration.asl import DISCARD, Fragment, State, chain, check_name, discard_output
from lake_blueprints.orchestration.context import StepContext
from lake_blueprints.orchestration.step import Step, check_order


@checked
@dataclass(frozen=True, kw_only=True)
class Parallel(Step):
    """Do several things at the same time, and go on when all have ended.

    Parameters
    ----------
    branches: sequence
        Each one a step, or a sequence of steps that follow each other.
    name: str
        Name of the step. By default `Parallel`; a pipeline that has several needs different ones.
    """

    branches: Sequence[Step | Sequence[Step]]
    name: str = "Parallel"

    @property
    def sequences(self) -> list[Sequence[Step]]:
        """The branches, each as a sequence."""
        return [branch if isinstance(branch, Sequence) else [branch] for branch in self.branches]

    def render(self, context: StepContext) -> Fragment:
        name = check_name(self.name)
        if not self.branches or not all(self.sequences):
            raise ValueError(f"'{name}' needs at least one branch, and each branch at least one step")
        branches = [self._branch(steps, context) for steps in self.sequences]
        state = {"Type": "Parallel", "Branches": branches, "ResultPath": DISCARD}
        return Fragment(start=name, end=name, states={name: state})

    def _branch(self, steps: Sequence[Step], context: StepContext) -> State:
        *first, last = (step.render(context) for step in steps)
        return chain([*first, discard_output(last)])

    def grant(self, role: ServiceRole) -> None:
        for steps in self.sequences:
            for step in steps:
                step.grant(role)

    def check(self, earlier: Sequence[Step]) -> None:
        # What happens in a branch is not known after it.
        for steps in self.sequences:
            check_order(steps, earlier)
