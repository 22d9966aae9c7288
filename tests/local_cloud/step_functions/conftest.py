"""An interpreter for the tests of the language, a cloud for those of what it calls."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest

from local_cloud.cloud import LocalCloud
from local_cloud.engines.step_functions.definition import problems_of
from local_cloud.engines.step_functions.execution import Run
from local_cloud.server.work import Work

ROLE = "arn:aws:iam::123456789012:role/states"


@dataclass
class Ended:
    """The end of an execution, and its history."""

    status: str
    output: Any
    error: str | None
    cause: str | None
    events: list[dict[str, Any]]

    @property
    def types(self) -> list[str]:
        return [event["type"] for event in self.events]


Execute = Callable[..., Ended]


@pytest.fixture
def execute() -> Execute:
    """Run a definition in this process; its tasks would have no cloud to call."""

    def execute(definition: dict[str, Any], data: Any = None) -> Ended:
        text = json.dumps(definition)
        assert problems_of(text) == []
        execution: Any = SimpleNamespace(
            state_machine=SimpleNamespace(
                definition=text,
                name="machine",
                type="STANDARD",
                arn="arn:aws:states:us-east-1:123456789012:stateMachine:machine",
            ),
            exec_arn="arn:aws:states:us-east-1:123456789012:execution:machine:one",
            name="one",
            role_arn=ROLE,
            region_name="us-east-1",
            input_data={} if data is None else data,
            start_date=datetime.now(UTC),
            exec_status=None,
            output=None,
            error=None,
            cause=None,
        )
        runtime: Any = SimpleNamespace(longest_wait=None, background=partial(Work().begin, lasting=False))
        run = Run(runtime, execution)
        run.start()
        deadline = time.monotonic() + 60
        while execution.exec_status is None:
            assert time.monotonic() < deadline, "the execution goes on forever"
            time.sleep(0.005)
        output = None if execution.output is None else json.loads(execution.output)
        return Ended(execution.exec_status.value, output, execution.error, execution.cause, run.history.events)

    return execute


def jsonpath(**states: Any) -> dict[str, Any]:
    """Return a state machine that begins with the first of the states."""
    return {"StartAt": next(iter(states)), "States": states}


def jsonata(**states: Any) -> dict[str, Any]:
    return {"QueryLanguage": "JSONata", **jsonpath(**states)}


@pytest.fixture
def run(cloud: LocalCloud, request: pytest.FixtureRequest) -> Execute:
    """Create a state machine in the cloud and run it to its end."""

    def run(definition: dict[str, Any], data: Any = None, **more: Any) -> Ended:
        client = cloud.client("stepfunctions")
        name = f"{request.node.name[:50]}-{time.monotonic_ns()}"
        machine = client.create_state_machine(
            name="".join(letter if letter.isalnum() else "-" for letter in name),
            definition=json.dumps(definition),
            roleArn=ROLE,
            **more,
        )
        arn = client.start_execution(stateMachineArn=machine["stateMachineArn"], input=json.dumps(data or {}))
        deadline = time.monotonic() + 120
        while (found := client.describe_execution(executionArn=arn["executionArn"]))["status"] == "RUNNING":
            assert time.monotonic() < deadline, "the execution goes on forever"
            time.sleep(0.05)
        events = client.get_execution_history(executionArn=arn["executionArn"])["events"]
        output = json.loads(found["output"]) if "output" in found else None
        return Ended(found["status"], output, found.get("error"), found.get("cause"), events)

    return run
