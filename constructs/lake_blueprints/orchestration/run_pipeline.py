"""Running another pipeline."""

from __future__ import annotations

from dataclasses import dataclass, field

from aws_cdk import Duration

from lake_blueprints.foundation.access import ServiceRole, allow
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.units import KnownDurationInSeconds
from lake_blueprints.orchestration.asl import Fragment, check_name, retry, task
from lake_blueprints.orchestration.context import StepContext
from lake_blueprints.orchestration.permissions import run_executions
from lake_blueprints.orchestration.pipeline import Pipeline
from lake_blueprints.orchestration.step import Step

# By the name of the service's exceptions where the integration has none for an error, as for being throttled.
_TRANSIENT = (
    "StepFunctions.ExecutionLimitExceededException",
    "StepFunctions.AWSStepFunctionsException",
    "StepFunctions.SdkClientException",
)


@checked
@dataclass(frozen=True, kw_only=True)
class RunPipeline(Step):
    """Run another pipeline to its end.

    Parameters
    ----------
    pipeline: Pipeline
        What runs.
    timeout: Duration
        Time after which the execution is stopped and the step fails. By default 12 hours.
    name: str, optional
        Name of the step. By default `RunPipeline` and the pipeline's id.

    Notes
    -----
    https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html
    """

    pipeline: Pipeline
    timeout: KnownDurationInSeconds = field(default_factory=lambda: Duration.hours(12))
    name: str | None = None

    def render(self, context: StepContext) -> Fragment:
        name = check_name(self.name or f"Run {self.pipeline.node.id}")
        parameters = {
            "StateMachineArn": self.pipeline.state_machine.state_machine_arn,
            # Step Functions links the two executions by it.
            "Input": {"AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID.$": "$$.Execution.Id"},
        }
        states = task(
            name,
            "states:startExecution.sync:2",
            parameters,
            timeout=self.timeout,
            retries=[retry(_TRANSIENT)],
        )
        return Fragment(start=name, end=name, states=states)

    def grant(self, role: ServiceRole) -> None:
        machine = self.pipeline.state_machine.state_machine_arn
        allow(role, *run_executions(role, machine, self.pipeline.executions_arn))
