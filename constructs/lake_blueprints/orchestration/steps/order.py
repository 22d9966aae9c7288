"""Which step needs which."""

from __future__ import annotations

from collections.abc import Sequence

from lake_blueprints.orchestration.steps.register import Register
from lake_blueprints.orchestration.steps.step import Step
from lake_blueprints.orchestration.steps.together import Together
from lake_blueprints.orchestration.steps.train import Train
from lake_blueprints.training import TrainingJob


def check_order(steps: Sequence[Step], trained: frozenset[TrainingJob] = frozenset()) -> None:
    """Refuse a registration without the training that it needs.

    What a branch of `Together` finds out is not known after it.
    """
    for step in steps:
        match step:
            case Train():
                trained |= {step.job}
            case Register() if step.job not in trained:
                raise ValueError(
                    f"'Register' of '{step.job.node.path}' needs 'Train' of the same job before it in its sequence"
                )
            case Together():
                for branch in step.sequences:
                    check_order(branch, trained)
