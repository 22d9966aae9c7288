"""Base class of the pipeline steps that run a Glue job."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Protocol

from aws_cdk import Duration
from constructs import Node

from lake_blueprints.foundation.access import ServiceRole, allow
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.units import KnownDurationInSeconds
from lake_blueprints.orchestration.asl import Fragment, busy, check_name, retry, task
from lake_blueprints.orchestration.context import StepContext
from lake_blueprints.orchestration.service import GLUE
from lake_blueprints.orchestration.step import Step
from lake_blueprints.processing.glue.permissions import run_job


class GlueJob(Protocol):
    """A construct that defines a Glue job."""

    job_name: str
    job_arn: str

    @property
    def node(self) -> Node: ...


@checked
@dataclass(frozen=True, kw_only=True)
class RunGlueJob(Step):
    """Run a Glue job to its end; if it is already running, try again later."""

    verb: ClassVar[str]
    # In place of the job's own, or beside them.
    arguments: ClassVar[Mapping[str, str]] = {}

    job: GlueJob
    timeout: KnownDurationInSeconds = field(default_factory=lambda: Duration.hours(2))
    name: str | None = None

    def render(self, context: StepContext) -> Fragment:
        name = check_name(self.name or f"{self.verb} {self.job.node.id}")
        quotas = ["Glue.ConcurrentRunsExceededException", "Glue.ResourceNumberLimitExceededException"]
        states = task(
            name,
            "glue:startJobRun.sync",
            {"JobName": self.job.job_name, **({"Arguments": dict(self.arguments)} if self.arguments else {})},
            timeout=self.timeout,
            retries=[busy([*quotas, *GLUE.busy]), retry(GLUE.transient)],
        )
        return Fragment(start=name, end=name, states=states)

    def grant(self, role: ServiceRole) -> None:
        allow(role, run_job(self.job.job_arn))
