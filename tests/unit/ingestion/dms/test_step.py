"""StartReplication and StopReplication: their calls and permissions."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest

from lake_blueprints.ingestion.dms import (
    Instance,
    Replication,
    ReplicationMode,
    Serverless,
    StartReplication,
    StopReplication,
)
from lake_blueprints.orchestration import Pipeline, Step
from tests.conformance.fixtures import Fixtures
from tests.support import actions_of, steps_of
from tests.unit.ingestion.dms.sample import options

INSTANCE = Instance(instance_class="dms.t3.medium")


def states(stack: cdk.Stack, kind: type[StartReplication | StopReplication], **given: Any) -> dict[str, Any]:
    """Return the states of a step by name."""
    compute, mode = given.pop("compute", None), given.pop("mode", ReplicationMode.FULL_LOAD_AND_CHANGES)
    replication = Replication(stack, "Shop", **options(Fixtures(stack)), compute=compute, mode=mode)
    steps: list[Step] = [kind(replication=replication, **given)]
    Pipeline(stack, "Pipeline", steps=steps)
    return steps_of(stack)


@pytest.mark.parametrize(
    ("compute", "call", "asks"),
    [
        (Serverless(), "startReplication", "describeReplications"),
        (INSTANCE, "startReplicationTask", "describeReplicationTasks"),
    ],
)
def test_looks_before_it_starts(stack: cdk.Stack, compute: Serverless | Instance, call: str, asks: str) -> None:
    found = states(stack, StartReplication, compute=compute)
    assert found["Start Shop"]["Resource"].endswith(f"aws-sdk:databasemigration:{call}")
    assert found["Start Shop looks"]["Resource"].endswith(f"aws-sdk:databasemigration:{asks}")
    assert found["Start Shop runs"]["Default"] == "Start Shop joins"
    assert actions_of(stack, "dms") == {f"dms:{one[0].upper()}{one[1:]}" for one in (call, asks)}


@pytest.mark.parametrize(
    ("given", "again"),
    [
        ({}, "resume-processing"),
        ({"reload": True}, "reload-target"),
        # What has loaded all there is has nothing to resume.
        ({"mode": ReplicationMode.FULL_LOAD}, "reload-target"),
    ],
)
def test_goes_on_where_it_was_unless_it_is_to_load_again(stack: cdk.Stack, given: dict[str, Any], again: str) -> None:
    found = states(stack, StartReplication, **given)
    assert found["Start Shop first"]["Result"] == {"type": "start-replication"}
    assert found["Start Shop again"]["Result"] == {"type": again}


def test_stops_what_runs_and_nothing_else(stack: cdk.Stack) -> None:
    found = states(stack, StopReplication, name="End it")
    assert found["End it runs"]["Default"] == "End it"
    assert found["End it runs"]["Choices"][0]["Next"] == "End it done"
    assert found["End it finds it failed"]["Type"] == "Fail"
    assert actions_of(stack, "dms") == {"dms:StopReplication", "dms:DescribeReplications"}
