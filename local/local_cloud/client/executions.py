"""Starts a state machine and follows it to its end."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

from local_cloud.errors import LocalCloudError

_POLL_SECONDS = 0.2

# Of a Glue job run, a SageMaker job, an Athena query, a Lambda function and a nested execution.
_REASONS = frozenset({"ErrorMessage", "FailureReason", "StateChangeReason", "errorMessage", "Cause"})

OnEvent = Callable[[str], None]


def execute(client: Any, state_machine_arn: str, payload: Any, on_event: OnEvent) -> Any:
    """Run a state machine to its end and return its output.

    Parameters
    ----------
    client: Any
        boto3's Step Functions client.
    state_machine_arn: str
        What to run.
    payload: Any
        Input, anything that JSON can say.
    on_event: OnEvent
        Called with one line for each state that is entered or left, or that fails.

    Raises
    ------
    LocalCloudError
        If the execution does not succeed, with the state that failed and why.
    """
    try:
        started = client.start_execution(stateMachineArn=state_machine_arn, input=json.dumps(payload))
    except (client.exceptions.StateMachineDoesNotExist, client.exceptions.InvalidArn):
        raise LocalCloudError(f"there is no state machine {state_machine_arn}") from None
    seen: list[dict[str, Any]] = []
    while True:
        execution = client.describe_execution(executionArn=started["executionArn"])
        history = _history(client, started["executionArn"])
        for event in history[len(seen) :]:
            line = _describe(event, history)
            if line:
                on_event(line)
        seen = history
        if execution["status"] != "RUNNING":
            break
        time.sleep(_POLL_SECONDS)
    if execution["status"] != "SUCCEEDED":
        raise LocalCloudError(_failure(execution, seen))
    return json.loads(execution.get("output") or "null")


def _history(client: Any, execution_arn: str) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = client.get_execution_history(executionArn=execution_arn)["events"]
    return events


def _describe(event: dict[str, Any], history: list[dict[str, Any]]) -> str | None:
    kind = event["type"]
    if "stateEnteredEventDetails" in event:
        return f"entered {event['stateEnteredEventDetails']['name']}"
    if "stateExitedEventDetails" in event:
        return f"left {event['stateExitedEventDetails']['name']}"
    details = _failure_details(event)
    if details is not None and not kind.startswith("Execution"):
        return f"failed {_state_of(event, history)}: {details.get('error', kind)}: {details.get('cause', '')}"
    return None


def _failure(execution: dict[str, Any], history: list[dict[str, Any]]) -> str:
    state = _state_of(history[-1], history) if history else None
    where = f" in state {state!r}" if state else ""
    why = ": ".join(part for part in (execution.get("error"), _reason(execution.get("cause") or "")) if part)
    return f"the execution {execution['status'].lower().replace('_', ' ')}{where}: {why or 'no cause given'}"


def _reason(cause: str) -> str:
    """Return what a cause says; that of a job is its whole description, in which one member says it."""
    try:
        description = json.loads(cause)
    except ValueError:
        return cause
    return next(_members(description, _REASONS), cause)


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
