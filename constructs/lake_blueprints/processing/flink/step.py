"""Starting and stopping an application, which no deployment does.

Above 200 lines: two steps of the same states.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from aws_cdk import Duration

from lake_blueprints.foundation.access import ServiceRole
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.orchestration.asl import ONE_CALL, Fragment, State, busy, check_name, retry, task
from lake_blueprints.orchestration.context import StepContext
from lake_blueprints.orchestration.poll import Poll
from lake_blueprints.orchestration.retryable_errors import FLINK, FLINK_BUSY
from lake_blueprints.orchestration.step import Step
from lake_blueprints.processing.flink.stream_processor import StreamProcessor

_STATUS = "ApplicationDetail.ApplicationStatus"
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
    timeout: Duration = field(default_factory=lambda: Duration.minutes(30))
    name: str | None = None

    def render(self, context: StepContext) -> Fragment:
        name = check_name(self.name or f"Start {self.processor.node.id}")
        of_application = {"ApplicationName": self.processor.application_name}
        start = _call(
            name,
            "startApplication",
            {**of_application, "RunConfiguration": self._run_configuration},
            result={"started.$": "$"},
        )
        failed, asks, operation = f"{name} ended badly 1", f"{name} asks why", "$.poll.started.OperationId"
        poll = _poll(of_application, "RUNNING", [(_any("$.poll.answer", _STOPPED), "")])
        waited = poll.fragment(name, start, interval=context.poll_interval, limit=self.timeout)
        begun = {"answer": dict(poll.unanswered), "count": {"value": 0}}
        known = "$.start.answer"
        states: dict[str, State] = {
            **_look(name, of_application, then=f"{name} runs"),
            f"{name} runs": {
                "Type": "Choice",
                "Choices": [
                    {**_is(known, "RUNNING"), "Next": waited.end},
                    # One that is about to stop is started again once it has: the service refuses before, and is asked
                    # again.
                    {**_any(known, (*_STOPPED, *_STOPPING)), "Next": name},
                ],
                "Default": f"{name} joins",
            },
            f"{name} joins": {"Type": "Pass", "Result": begun, "ResultPath": "$.poll", "Next": f"{name} waits"},
            **waited.states,
            failed: {
                "Type": "Choice",
                "Choices": [{"Variable": operation, "IsPresent": True, "Next": asks}],
                "Default": f"{name} stopped again",
            },
            f"{name} stopped again": {"Type": "Fail", "Error": name, "Cause": "it stopped again; its log says why"},
            **_call(
                asks,
                "describeApplicationOperation",
                {**of_application, "OperationId.$": operation},
                result={"operation.$": "$.ApplicationOperationInfoDetails"},
                result_path="$.failure",
            ),
            f"{name} did not start": {
                "Type": "Fail",
                "Error": name,
                "CausePath": "States.JsonToString($.failure.operation)",
            },
        }
        states[asks] = states[asks] | {"Next": f"{name} did not start"}
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
    timeout: Duration = field(default_factory=lambda: Duration.minutes(30))
    name: str | None = None

    def render(self, context: StepContext) -> Fragment:
        name = check_name(self.name or f"Stop {self.processor.node.id}")
        of_application = {"ApplicationName": self.processor.application_name}
        stop = _call(name, "stopApplication", of_application, result={})
        poll = _poll(of_application, "READY", [])
        waited = poll.fragment(name, stop, interval=context.poll_interval, limit=self.timeout)
        begun, known = {"answer": dict(poll.unanswered), "count": {"value": 0}}, "$.start.answer"
        states: dict[str, State] = {
            **_look(name, of_application, then=f"{name} runs"),
            f"{name} runs": {
                "Type": "Choice",
                "Choices": [
                    {**_any(known, _STOPPED), "Next": waited.end},
                    {**_any(known, _STOPPING), "Next": f"{name} joins"},
                ],
                # The service refuses what is about to start or to change, and is asked again.
                "Default": name,
            },
            f"{name} joins": {"Type": "Pass", "Result": begun, "ResultPath": "$.poll", "Next": f"{name} waits"},
            **waited.states,
        }
        return Fragment(start=f"{name} looks", end=waited.end, states=states)

    def grant(self, role: ServiceRole) -> None:
        self.processor.grant_stop(role)


def _call(
    name: str, operation: str, parameters: dict[str, Any], *, result: dict[str, Any], **options: Any
) -> dict[str, State]:
    retries = [busy(FLINK_BUSY), retry(FLINK)]
    action = f"aws-sdk:kinesisanalyticsv2:{operation}"
    return task(name, action, parameters, timeout=ONE_CALL, retries=retries, result=result, **options)


def _look(name: str, of_application: dict[str, Any], *, then: str) -> dict[str, State]:
    """Return the states that ask for the state of the application, which lies at `$.start.answer`."""
    looks = f"{name} looks"
    asked = _call(
        looks,
        "describeApplication",
        of_application,
        result={"answer": {"ApplicationDetail": {"ApplicationStatus.$": f"$.{_STATUS}"}}},
        result_path="$.start",
    )
    return {**asked, looks: asked[looks] | {"Next": then}}


def _poll(of_application: dict[str, Any], succeeded: str, failures: list[tuple[State, str]]) -> Poll:
    return Poll(
        action="aws-sdk:kinesisanalyticsv2:describeApplication",
        parameters=of_application,
        transient=(*FLINK_BUSY, *FLINK),
        succeeded=_is("$.poll.answer", succeeded),
        failures=failures,
        unanswered={"ApplicationDetail": {"ApplicationStatus": "STARTING"}},
    )


def _is(answer: str, status: str) -> dict[str, Any]:
    return {"Variable": f"{answer}.{_STATUS}", "StringEquals": status}


def _any(answer: str, statuses: tuple[str, ...]) -> dict[str, Any]:
    return {"Or": [_is(answer, status) for status in statuses]}
