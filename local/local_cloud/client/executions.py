"""Starts a state machine and follows it to its end."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from local_cloud.errors import LocalCloudError

_POLL_SECONDS = 0.2

# Of a Glue job run, a SageMaker job, an Athena query, a Lambda function and a nested execution.
_REASONS = frozenset({"ErrorMessage", "FailureReason", "StateChangeReason", "errorMessage", "Cause"})

OnEvent = Callable[[str], None]


class ExecutionFailed(LocalCloudError):
    """An execution has not succeeded.

    Parameters
    ----------
    message: str
        The state that failed and why, in one line.
    job: dict
        Description of the job whose failure it was, as its service gives it; empty if it was none.
    """

    def __init__(self, message: str, job: dict[str, Any]) -> None:
        super().__init__(message)
        self.job = job


@dataclass(frozen=True, kw_only=True)
class Execution:
    """An execution that has succeeded: its output and its events."""

    output: Any
    history: list[dict[str, Any]]


def execute(client: Any, state_machine_arn: str, payload: Any, on_event: OnEvent | None = None) -> Execution:
    """Run a state machine to its end.

    Parameters
    ----------
    client: Any
        boto3's Step Functions client.
    state_machine_arn: str
        What to run.
    payload: Any
        Input, anything that JSON can say.
    on_event: OnEvent, optional
        Called with one line for each state that is entered or left, or that fails. By default nothing is.

    Raises
    ------
    ExecutionFailed
        If the execution does not succeed, with the state that failed and why.
    LocalCloudError
        If there is no such state machine.
    """
    try:
        started = client.start_execution(stateMachineArn=state_machine_arn, input=json.dumps(payload))
    except (client.exceptions.StateMachineDoesNotExist, client.exceptions.InvalidArn):
        raise LocalCloudError(f"there is no state machine {state_machine_arn}") from None
    history: list[dict[str, Any]] = []
    while True:
        execution = client.describe_execution(executionArn=started["executionArn"])
        running = execution["status"] == "RUNNING"
        # A history grows with the execution, and is large long before its end.
        if on_event or not running:
            said = len(history)
            history = client.get_execution_history(executionArn=started["executionArn"])["events"]
            for line in (_describe(event, history) for event in history[said:]):
                if on_event and line:
                    on_event(line)
        if not running:
            break
        time.sleep(_POLL_SECONDS)
    if execution["status"] != "SUCCEEDED":
        raise ExecutionFailed(_failure(execution, history), _description(execution.get("cause") or ""))
    return Execution(output=json.loads(execution.get("output") or "null"), history=history)


def _describe(event: dict[str, Any], history: list[dict[str, Any]]) -> str | None:
    kind = event["type"]
    if "stateEnteredEventDetails" in event:
        return f"entered {event['stateEnteredEventDetails']['name']}"
    if "stateExitedEventDetails" in event:
        return f"left {event['stateExitedEventDetails']['name']}"
    details = _failure_details(event)
    # A branch, an iteration or the execution fails because a state in it has, of which there is a line already.
    if details and not kind.startswith("Execution"):
        why = (details.get("error"), _reason(details.get("cause", "")))
        return ": ".join((f"failed {_state_of(event, history)}", *filter(None, why)))
    return None


def _failure(execution: dict[str, Any], history: list[dict[str, Any]]) -> str:
    reason = _reason(execution.get("cause") or "")
    state = _failed_state(reason, history)
    where = f" in state {state!r}" if state else ""
    why = ": ".join(part for part in (execution.get("error"), reason) if part)
    return f"the execution {execution['status'].lower().replace('_', ' ')}{where}: {why or 'no cause given'}"


def _failed_state(reason: str, history: list[dict[str, Any]]) -> str | None:
    """Return the state whose task failed for the reason of the execution, else the Fail state that began it."""
    last = _state_of(history[-1], history) if history else None
    for event in reversed(history):
        if event["type"] == "FailStateEntered" and (name := str(event["stateEnteredEventDetails"]["name"])) != last:
            return name
        if event["type"].startswith("Task") and (details := _failure_details(event)):
            cause = _reason(details.get("cause", ""))
            if cause and cause in reason:
                return _state_of(event, history)
    return last


def _reason(cause: str) -> str:
    """Return what a cause says, in one line; that of a job is its whole description, in which one member says it.

    A state machine that hands on the cause of another one's failure may have put words before the description.
    """
    reason = next(_members(_description(cause), _REASONS), None)
    return " ".join(cause.split()) if reason is None else _reason(reason)


def _description(cause: str) -> dict[str, Any]:
    """Return the innermost description of a job that a cause holds, or nothing."""
    try:
        found = json.loads(cause[cause.index("{") :])
    except ValueError:
        return {}
    inner = next((_description(value) for value in _members(found, _REASONS)), {})
    return inner or (found if isinstance(found, dict) else {})


def _members(node: Any, names: frozenset[str]) -> Iterator[str]:
    if isinstance(node, dict):
        for name, value in node.items():
            if name in names and isinstance(value, str):
                yield value
            yield from _members(value, names)


def _failure_details(event: dict[str, Any]) -> dict[str, Any] | None:
    if not event["type"].endswith(("Failed", "TimedOut", "Aborted")):
        return None
    return next((value for key, value in event.items() if key.endswith("EventDetails")), {})


def _state_of(event: dict[str, Any], history: list[dict[str, Any]]) -> str | None:
    """Return the last state entered before `event`, on its own branch if there are several."""
    by_id = {each["id"]: each for each in history}
    current: dict[str, Any] | None = event
    while current:
        if "stateEnteredEventDetails" in current:
            name: str = current["stateEnteredEventDetails"]["name"]
            return name
        current = by_id.get(current.get("previousEventId", 0))
    return None
