"""Starting and stopping an application, which no deployment does."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from aws_cdk import Duration

from lake_blueprints.foundation.access import ServiceRole
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.units import KnownDurationInSeconds
from lake_blueprints.orchestration.asl import Fragment, State, check_name, equals, equals_any
from lake_blueprints.orchestration.context import StepContext
from lake_blueprints.orchestration.poll import Poll
from lake_blueprints.orchestration.service import FLINK
from lake_blueprints.orchestration.step import Step
from lake_blueprints.processing.flink.stream_processor import StreamProcessor

_STATUS = "ApplicationDetail.ApplicationStatus"
_KNOWN, _ANSWERED = f"$.start.answer.{_STATUS}", f"$.poll.answer.{_STATUS}"
# A version that was rolled back while it did not run.
_STOPPED = ("READY", "ROLLED_BACK")
_STOPPING = ("STOPPING", "FORCE_STOPPING")


@checked
@dataclass(frozen=True, kw_only=True)
class StartStream(Step):
    """Start an application and wait until it runs; one that runs stays as it is.

    It goes on from the latest snapshot, which stopping it made. If it does not come to run, the step fails with the
    service's reason.

    Parameters
    ----------
    processor: StreamProcessor
        What is started.
    restore: bool
        Whether it goes on from the latest snapshot. By default it does; otherwise it begins as its code says.
    allow_non_restored_state: bool
        Whether what the snapshot has of operators that are no longer in the code is left out. By default the start
        then fails.
    timeout: Duration
        Time after which waiting ends and the step fails. By default 30 minutes.
    name: str, optional
        Name of the step. By default `Start` and the processor's id.

    Notes
    -----
    https://docs.aws.amazon.com/managed-flink/latest/apiv2/API_StartApplication.html
    """

    processor: StreamProcessor
    restore: bool = True
    allow_non_restored_state: bool = False
    timeout: KnownDurationInSeconds = field(default_factory=lambda: Duration.minutes(30))
    name: str | None = None

    def render(self, context: StepContext) -> Fragment:
        name = check_name(self.name or f"Start {self.processor.node.id}")
        of_application = {"ApplicationName": self.processor.application_name}
        request = {**of_application, "RunConfiguration": self._run_configuration}
        start = FLINK.call(name, "StartApplication", request, result={"started.$": "$"})
        failed, asks, operation = f"{name} ended badly 1", f"{name} asks why", "$.poll.started.OperationId"
        poll = _poll(of_application, "RUNNING", [(equals_any(_ANSWERED, _STOPPED), "")])
        waited = poll.fragment(name, start, interval=context.poll_interval, limit=self.timeout)
        choices: list[State] = [
            {**equals(_KNOWN, "RUNNING"), "Next": waited.end},
            # One that is about to stop is started again once it has: the service refuses before, and is asked again.
            {**equals_any(_KNOWN, (*_STOPPED, *_STOPPING)), "Next": name},
        ]
        states: dict[str, State] = {
            **_look(name, of_application, choices=choices, default=f"{name} joins"),
            f"{name} joins": poll.join(name),
            **waited.states,
            failed: {
                "Type": "Choice",
                "Choices": [{"Variable": operation, "IsPresent": True, "Next": asks}],
                "Default": f"{name} stopped again",
            },
            f"{name} stopped again": {"Type": "Fail", "Error": name, "Cause": "it stopped again; its log says why"},
            **FLINK.call(
                asks,
                "DescribeApplicationOperation",
                {**of_application, "OperationId.$": operation},
                result={"operation.$": "$.ApplicationOperationInfoDetails"},
                result_path="$.failure",
                then=f"{name} did not start",
            ),
            f"{name} did not start": {
                "Type": "Fail",
                "Error": name,
                "CausePath": "States.JsonToString($.failure.operation)",
            },
        }
        return Fragment(start=f"{name} looks", end=waited.end, states=states)

    @property
    def _run_configuration(self) -> dict[str, Any]:
        restores = self.restore and self.processor.snapshots
        kind = "RESTORE_FROM_LATEST_SNAPSHOT" if restores else "SKIP_RESTORE_FROM_SNAPSHOT"
        return {
            "ApplicationRestoreConfiguration": {"ApplicationRestoreType": kind},
            "FlinkRunConfiguration": {"AllowNonRestoredState": self.allow_non_restored_state},
        }

    def grant(self, role: ServiceRole) -> None:
        self.processor.grant_start(role)


@checked
@dataclass(frozen=True, kw_only=True)
class StopStream(Step):
    """Stop an application, with a snapshot of its state if it has them, and wait for it; one that has stopped stays so.

    Parameters
    ----------
    processor: StreamProcessor
        What is stopped.
    timeout: Duration
        Time after which waiting ends and the step fails. By default 30 minutes.
    name: str, optional
        Name of the step. By default `Stop` and the processor's id.

    Notes
    -----
    https://docs.aws.amazon.com/managed-flink/latest/apiv2/API_StopApplication.html
    """

    processor: StreamProcessor
    timeout: KnownDurationInSeconds = field(default_factory=lambda: Duration.minutes(30))
    name: str | None = None

    def render(self, context: StepContext) -> Fragment:
        name = check_name(self.name or f"Stop {self.processor.node.id}")
        of_application = {"ApplicationName": self.processor.application_name}
        stop = FLINK.call(name, "StopApplication", of_application, result={})
        poll = _poll(of_application, "READY", [])
        waited = poll.fragment(name, stop, interval=context.poll_interval, limit=self.timeout)
        choices: list[State] = [
            {**equals_any(_KNOWN, _STOPPED), "Next": waited.end},
            {**equals_any(_KNOWN, _STOPPING), "Next": f"{name} joins"},
        ]
        states: dict[str, State] = {
            # The service refuses what is about to start or to change, and is asked again.
            **_look(name, of_application, choices=choices, default=name),
            f"{name} joins": poll.join(name),
            **waited.states,
        }
        return Fragment(start=f"{name} looks", end=waited.end, states=states)

    def grant(self, role: ServiceRole) -> None:
        self.processor.grant_stop(role)


def _look(name: str, of_application: dict[str, Any], *, choices: list[State], default: str) -> dict[str, State]:
    answer = {"ApplicationDetail": {"ApplicationStatus.$": f"$.{_STATUS}"}}
    return FLINK.look(name, "DescribeApplication", of_application, answer=answer, choices=choices, default=default)


def _poll(of_application: dict[str, Any], succeeded: str, failures: list[tuple[State, str]]) -> Poll:
    return FLINK.poll(
        "DescribeApplication",
        of_application,
        succeeded=equals(_ANSWERED, succeeded),
        failures=failures,
        unanswered={"ApplicationDetail": {"ApplicationStatus": "STARTING"}},
    )
