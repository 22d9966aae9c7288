"""Running a training job."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aws_cdk import Duration

from lake_blueprints.foundation.access import ServiceRole
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.machine_learning.training.training_job import TrainingJob
from lake_blueprints.orchestration.asl import Fragment, busy, check_name, retry, task
from lake_blueprints.orchestration.context import StepContext
from lake_blueprints.orchestration.retryable_errors import SAGEMAKER
from lake_blueprints.orchestration.step import Step


@checked
@dataclass(frozen=True, kw_only=True)
class Train(Step):
    """Run a training job to its end, after the steps whose exports it reads.

    Parameters
    ----------
    job: TrainingJob
        What runs, for at most as long as its compute says.
    name: str, optional
        Name of the step. By default `Train` and the job's id.
    """

    job: TrainingJob
    name: str | None = None

    def render(self, context: StepContext) -> Fragment:
        name = check_name(self.name or f"Train {self.job.node.id}")
        states = task(
            name,
            "sagemaker:createTrainingJob.sync",
            self.job.create_training_job(),
            # Starting and stopping the instances is not part of the job's own limit.
            timeout=self.job.compute.time_limit.plus(Duration.minutes(30)),
            retries=[
                busy(["SageMaker.ResourceLimitExceededException", "SageMaker.ResourceLimitExceeded"]),
                retry(SAGEMAKER),
            ],
            result={"name.$": "$.TrainingJobName", "model.$": "$.ModelArtifacts.S3ModelArtifacts"},
            result_path=trained_at(self.job),
        )
        return Fragment(start=name, end=name, states=states)

    def grant(self, role: ServiceRole) -> None:
        self.job.grant_run(role)

    def check(self, earlier: Sequence[Step]) -> None:
        before: Sequence[object] = earlier
        for channel, found in self.job.channels.items():
            if found.export is not None and not any(step is found.export for step in before):
                raise ValueError(
                    f"'Train' of '{self.job.node.path}' reads step '{found.export.step_name}' as channel '{channel}', "
                    "which must be before it in its sequence"
                )


def trained_at(job: TrainingJob) -> str:
    """Return where the state machine keeps what is known of a trained model."""
    return f"$.trained.{job.node.addr}"
