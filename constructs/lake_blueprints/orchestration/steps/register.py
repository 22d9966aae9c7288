"""Registering a trained model."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from lake_blueprints.access import ServiceRole
from lake_blueprints.orchestration.asl import ONE_CALL, Fragment, check_name, retry, task
from lake_blueprints.orchestration.setting import Setting
from lake_blueprints.orchestration.steps.train import trained_at
from lake_blueprints.orchestration.transient import SAGEMAKER
from lake_blueprints.training import TrainingJob


class Approval(StrEnum):
    """Whether a registered model may be deployed."""

    PENDING = "PendingManualApproval"
    APPROVED = "Approved"
    REJECTED = "Rejected"


@dataclass(frozen=True, kw_only=True)
class Register:
    """Register the model that `Train` of the same job made, earlier in the same sequence of steps.

    Parameters
    ----------
    job: TrainingJob
        Whose model.
    approval: Approval
        Whether the model may be deployed. By default somebody has to approve it.
    name: str, optional
        Name of the step. By default `Register` and the job's id.
    """

    job: TrainingJob
    approval: Approval = Approval.PENDING
    name: str | None = None

    def render(self, setting: Setting) -> Fragment:
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
