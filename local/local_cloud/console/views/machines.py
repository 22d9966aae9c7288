"""State machines: the graph of one, coloured by an execution, and a form that runs it."""

from __future__ import annotations

import json
from typing import Any

from local_cloud.console.pages import elapsed
from local_cloud.console.request import Moved, Request
from local_cloud.console.state_graph import draw
from local_cloud.console.state_progress import progress
from local_cloud.errors import LocalCloudError

_EXECUTIONS = 50
_EVENTS = 100
_MOST_EVENTS = 25_000


def show(request: Request) -> dict[str, Any]:
    """Return all state machines, the chosen one with its executions, and the chosen or newest of these."""
    machines = request.all("stepfunctions", "list_state_machines", "stateMachines")
    arns = [machine["stateMachineArn"] for machine in machines]
    chosen = request.get("machine") if request.get("machine") in arns else next(iter(arns), "")
    found: dict[str, Any] = {"machines": machines, "machine": None, "executions": [], "execution": None}
    if not chosen:
        return found
    machine = request.client("stepfunctions").describe_state_machine(stateMachineArn=chosen)
    executions = _executions(request, machine)
    # Nor does it describe those of an express one.
    named = request.get("execution") if machine["type"] == "STANDARD" else ""
    selected = named or next((each["executionArn"] for each in executions), "")
    shown = _execution(request, selected) if selected else {"execution": None, "events": [], "states": {}}
    return {
        **found,
        "machine": machine,
        "executions": executions,
        "input": request.get("input") or "{}",
        "graph_of": draw(json.loads(machine["definition"])),
        "seconds": elapsed,
        **shown,
    }


def run(request: Request) -> None:
    """Start an execution, and show it."""
    try:
        json.loads(request.get("input") or "{}")
    except ValueError as error:
        raise LocalCloudError(f"the input must be JSON: {error}") from None
    started = request.client("stepfunctions").start_execution(
        stateMachineArn=request.get("machine"), input=request.get("input") or "{}"
    )
    raise Moved("machines", machine=request.get("machine"), execution=started["executionArn"])


def _executions(request: Request, machine: dict[str, Any]) -> list[dict[str, Any]]:
    # Step Functions lists those of standard state machines only.
    if machine["type"] == "EXPRESS":
        return []
    arn = machine["stateMachineArn"]
    return request.all("stepfunctions", "list_executions", "executions", most=_EXECUTIONS, stateMachineArn=arn)


def _execution(request: Request, arn: str) -> dict[str, Any]:
    client = request.client("stepfunctions")
    # Before the history: an execution that ends between the two is then shown as running once more, not as stuck.
    execution = client.describe_execution(executionArn=arn)
    history = request.all("stepfunctions", "get_execution_history", "events", most=_MOST_EVENTS, executionArn=arn)
    states = {name: (one.status(execution["status"]), one.entered) for name, one in progress(history).items()}
    events = [_event(event) for event in reversed(history[-_EVENTS:])]
    return {"execution": execution, "events": events, "states": states}


def _event(event: dict[str, Any]) -> dict[str, Any]:
    details: dict[str, Any] = next((value for key, value in event.items() if key.endswith("EventDetails")), {})
    said = [str(details[key]) for key in ("name", "resource", "error", "cause") if details.get(key)]
    return {"id": event["id"], "time": event["timestamp"], "type": event["type"], "text": " · ".join(said)}
