"""Registering a trained model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from lake_blueprints.foundation.access import ServiceRole
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.machine_learning.training.train import Train, trained_at
from lake_blueprints.machine_learning.training.training_job import TrainingJob
from lake_blueprints.orchestration.asl import ONE_CALL, Fragment, check_name, retry, task
from lake_blueprints.orchestration.context import StepContext
from lake_blueprints.orchestration.retryable_errors import SAGEMAKER
from lake_blueprints.orchestration.step import Step


class Approval(StrEnum):
    """Approval status of a registered model."""

    PENDING = "PendingManualApproval"
    APPROVED = "Approved"
    REJECTED = "Rejected"


@checked
@dataclass(frozen=True, kw_only=True)
class Register(Step):
    """Register the model that `Train` of the same job made, earlier in the same sequence of steps.

    Parameters
    ----------
    job: TrainingJob
        Whose model.
    approval: Approval
        Whether the model may be deployed. By default a person has to approve it.
    name: str, optional
        Name of the step. By default `Register` and the job's id.
    """

    job: TrainingJob
    approval: Approval = Approval.PENDING
    name: str | None = None

    def render(self, context: StepContext) -> Fragment:
        name = check_name(self.name or f"Register {self.job.node.id}")
        trained = trained_at(self.job)
        states = task(
            name,
            "aws-sdk:sagemaker:createModelPackage",
            self.job.create_model_package(model_data=f"{trained}.model", approval_status=self.approval.value),
            timeout=ONE_CALL,
            retries=[retry(["SageMaker.ConflictException"]), retry(SAGEMAKER)],
            result={"arn.$": "$.ModelPackageArn"},
            result_path=f"{trained}.package",
        )
        return Fragment(start=name, end=name, states=states)

    def grant(self, role: ServiceRole) -> None:
        self.job.grant_register(role)

    def check(self, earlier: Sequence[Step]) -> None:
        if not any(isinstance(step, Train) and step.job is self.job for step in earlier):
            raise ValueError(
                f"'Register' of '{self.job.node.path}' needs 'Train' of the same job before it in its sequence"
            )
