"""Running another pipeline."""

from __future__ import annotations

from dataclasses import dataclass, field

from aws_cdk import Duration, Stack

from lake_blueprints.foundation.access import ServiceRole, grant_on
from lake_blueprints.foundation.access.declared import Call
from lake_blueprints.orchestration.asl import Fragment, check_name, retry, task
from lake_blueprints.orchestration.context import StepContext
from lake_blueprints.orchestration.pipeline import Pipeline
from lake_blueprints.orchestration.step import Step

_NESTED = "https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html"
# By the name of the service's exceptions where the integration has none for an error, as for being throttled.
_TRANSIENT = (
    "StepFunctions.ExecutionLimitExceededException",
    "StepFunctions.AWSStepFunctionsException",
    "StepFunctions.SdkClientException",
)


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
    timeout: Duration = field(default_factory=lambda: Duration.hours(12))
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
        grant_on(None, role, ["states:StartExecution"], [self.pipeline.state_machine.state_machine_arn])
        grant_on(
            None,
            role,
            ["states:DescribeExecution", "states:StopExecution"],
            [self.pipeline.executions_arn],
            because="each execution has a name of its own",
        )
        rule = Stack.of(role).format_arn(
            service="events", resource="rule", resource_name="StepFunctionsGetEventsForStepFunctionsExecutionRule"
        )
        grant_on(None, role, ["events:PutTargets", "events:PutRule", "events:DescribeRule"], [rule])

    def calls(self) -> tuple[Call, ...]:
        because, machine = "runs another pipeline", self.pipeline.state_machine.state_machine_arn
        rule = Stack.of(self.pipeline).format_arn(
            service="events", resource="rule", resource_name="StepFunctionsGetEventsForStepFunctionsExecutionRule"
        )
        return (
            Call(actions=("states:StartExecution",), resources=(machine,), because=because, source=_NESTED),
            Call(
                actions=("states:DescribeExecution", "states:StopExecution"),
                resources=(self.pipeline.executions_arn.replace("*", "one"),),
                because=because,
                source=_NESTED,
            ),
            Call(
                actions=("events:PutTargets", "events:PutRule", "events:DescribeRule"),
                resources=(rule,),
                because="hears of the execution's end",
                source=_NESTED,
            ),
        )
