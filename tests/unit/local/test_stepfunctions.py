"""Every patch of the Step Functions engine, shown by a state machine that needs it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from lake_blueprints.local.cloud import LocalCloud
from lake_blueprints.local.errors import LocalCloudError
from lake_blueprints.local.stepfunctions import StepFunctionsEngine

ROLE = "arn:aws:iam::123456789012:role/states"

Run = Callable[..., Any]


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with LocalCloud(workdir=tmp_path_factory.mktemp("cloud")) as running:
        yield running


@pytest.fixture
def run(cloud: LocalCloud, request: pytest.FixtureRequest) -> Run:
    """Create the state machine and run it to its end."""

    def run(states: dict[str, Any], payload: Any = None, **definition: Any) -> Any:
        for name, state in states.items():
            following = list(states)[list(states).index(name) + 1 :]
            if "Next" not in state and state["Type"] not in ("Choice", "Succeed", "Fail") and "End" not in state:
                state |= {"Next": following[0]} if following else {"End": True}
        body = {"StartAt": next(iter(states)), "States": states, **definition}
        machine = cloud.client("stepfunctions").create_state_machine(
            name=request.node.name[:80], definition=json.dumps(body), roleArn=ROLE
        )
        return cloud.execute(machine["stateMachineArn"], payload or {})

    return run


def task(resource: str, **more: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", **more}


def test_every_patch_fits_the_pinned_moto(cloud: LocalCloud) -> None:
    server = cloud._running
    for patch in StepFunctionsEngine(server.runtime).patches().all:
        patch.verify()


def test_waits_for_an_athena_query(run: Run) -> None:
    output = run(
        {
            "Query": task(
                "athena:startQueryExecution.sync",
                Parameters={
                    "QueryString": "SELECT 1",
                    "WorkGroup": "primary",
                    "ResultConfiguration": {"OutputLocation": "s3://nowhere/"},
                },
            )
        }
    )
    assert output["QueryExecution"]["Status"]["State"] == "SUCCEEDED"
    assert isinstance(output["QueryExecution"]["Status"]["SubmissionDateTime"], int)
