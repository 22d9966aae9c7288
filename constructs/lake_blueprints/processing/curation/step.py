"""Running a curation job."""

from __future__ import annotations

from dataclasses import dataclass, field

from aws_cdk import Duration

from lake_blueprints.foundation.access import ServiceRole, grant_on
from lake_blueprints.foundation.access.declared import Call
from lake_blueprints.orchestration.asl import Fragment, busy, check_name, retry, task
from lake_blueprints.orchestration.context import StepContext
from lake_blueprints.orchestration.retryable_errors import GLUE, GLUE_THROTTLED
from lake_blueprints.orchestration.step import Step
from lake_blueprints.processing.curation.curation_job import CurationJob

_GLUE = "https://docs.aws.amazon.com/step-functions/latest/dg/connect-glue.html"


@dataclass(frozen=True, kw_only=True)
class Curate(Step):
    """Run a curation job to its end; if it is already running, try again later.

    Parameters
    ----------
    job: CurationJob
        What runs.
    timeout: Duration
        Time after which the run is stopped and the step fails. By default 2 hours.
    name: str, optional
        Name of the step. By default `Curate` and the job's id.
    """

    job: CurationJob
    timeout: Duration = field(default_factory=lambda: Duration.hours(2))
    name: str | None = None

    def render(self, context: StepContext) -> Fragment:
        name = check_name(self.name or f"Curate {self.job.node.id}")
        quotas = ["Glue.ConcurrentRunsExceededException", "Glue.ResourceNumberLimitExceededException"]
        states = task(
            name,
            "glue:startJobRun.sync",
            {"JobName": self.job.job_name},
            timeout=self.timeout,
            retries=[busy([*quotas, *GLUE_THROTTLED]), retry(GLUE)],
        )
        return Fragment(start=name, end=name, states=states)

    def grant(self, role: ServiceRole) -> None:
        actions = ["glue:StartJobRun", "glue:GetJobRun", "glue:GetJobRuns", "glue:BatchStopJobRun"]
        grant_on(None, role, actions, [self.job.job_arn])

    def calls(self) -> tuple[Call, ...]:
        actions = ("glue:StartJobRun", "glue:GetJobRun", "glue:GetJobRuns", "glue:BatchStopJobRun")
        return (Call(actions=actions, resources=(self.job.job_arn,), because="runs the job", source=_GLUE),)

    def refused_calls(self) -> tuple[Call, ...]:
        return (
            Call(actions=("glue:UpdateJob",), resources=(self.job.job_arn,), because="changing the job", source=_GLUE),
        )
