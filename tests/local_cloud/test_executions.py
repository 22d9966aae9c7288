"""Messages about an execution that failed: the state and the cause, without JSON in JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest

from local_cloud.client.executions import ExecutionFailed, execute

RUN = {
    "JobName": "curate-orders",
    "Id": "jr_1",
    "JobRunState": "FAILED",
    "ErrorMessage": "CurateError: the plan has no column 'colour'.\nDid you mean 'color'?",
}
CAUSE = json.dumps(RUN)
# How often an execution is found running.
RUNNING = 2


class Service:
    """Answers as Step Functions does of one execution that has failed."""

    class exceptions:
        class StateMachineDoesNotExist(Exception):
            pass

        class InvalidArn(Exception):
            pass

    def __init__(self, error: str, cause: str, *events: dict[str, Any]) -> None:
        self._execution = {"status": "FAILED", "error": error, "cause": cause}
        self._polled = self.histories = 0
        self._events = [{"id": at, "previousEventId": at - 1, **event} for at, event in enumerate(events, start=1)]

    def start_execution(self, **_: Any) -> dict[str, str]:
        return {"executionArn": "arn"}

    def describe_execution(self, **_: Any) -> dict[str, Any]:
        self._polled += 1
        return self._execution if self._polled > RUNNING else {"status": "RUNNING"}

    def get_execution_history(self, **_: Any) -> dict[str, Any]:
        self.histories += 1
        return {"events": self._events[: self._polled] if self._polled <= RUNNING else self._events}


def entered(name: str, kind: str = "Task") -> dict[str, Any]:
    return {"type": f"{kind}StateEntered", "stateEnteredEventDetails": {"name": name}}


def failed(cause: str) -> dict[str, Any]:
    return {"type": "TaskFailed", "taskFailedEventDetails": {"error": "States.TaskFailed", "cause": cause}}


def outcome(service: Service) -> tuple[ExecutionFailed, list[str]]:
    lines: list[str] = []
    with pytest.raises(ExecutionFailed) as caught:
        execute(service, "arn", {}, lines.append)
    return caught.value, lines


@pytest.mark.parametrize(
    "cause",
    [
        CAUSE,
        f"States.TaskFailed: {CAUSE}",
        # What Step Functions says of a nested execution.
        json.dumps({"ExecutionArn": "arn", "Status": "FAILED", "Cause": f"States.TaskFailed: {CAUSE}"}),
    ],
)
def test_the_cause_of_a_job_is_one_line_of_its_error_message(cause: str) -> None:
    service = Service(
        "PipelineFailed", cause, entered("Curate"), failed(CAUSE), entered("Tell"), entered("End", "Fail")
    )
    error, lines = outcome(service)
    assert str(error) == (
        "the execution failed in state 'Curate': PipelineFailed: "
        "CurateError: the plan has no column 'colour'. Did you mean 'color'?"
    )
    assert error.job == RUN
    assert (
        "failed Curate: States.TaskFailed: CurateError: the plan has no column 'colour'. Did you mean 'color'?" in lines
    )


def test_a_fail_state_before_the_last_one_is_where_it_failed() -> None:
    branch = {"type": "ParallelStateFailed"}
    service = Service(
        "PipelineFailed", "orders breaks a rule", entered("Broken", "Fail"), branch, entered("End", "Fail")
    )
    error, lines = outcome(service)
    assert str(error) == "the execution failed in state 'Broken': PipelineFailed: orders breaks a rule"
    assert error.job == {}
    assert lines == ["entered Broken", "entered End"]


def test_a_cause_that_is_no_json_is_said_as_it_is() -> None:
    error, _ = outcome(Service("Odd", "a {brace", entered("Only", "Fail")))
    assert str(error) == "the execution failed in state 'Only': Odd: a {brace"


def test_the_history_is_read_as_it_grows_for_a_listener_alone() -> None:
    events = [entered("Curate"), failed(CAUSE), {"type": "ExecutionFailed"}]
    heard = Service("States.TaskFailed", CAUSE, *events)
    failure, lines = outcome(heard)
    assert (heard.histories, lines) == (3, ["entered Curate", lines[-1]])
    unheard = Service("States.TaskFailed", CAUSE, *events)
    with pytest.raises(ExecutionFailed, match="in state 'Curate'") as caught:
        execute(unheard, "arn", {})
    assert (unheard.histories, str(caught.value)) == (1, str(failure))
