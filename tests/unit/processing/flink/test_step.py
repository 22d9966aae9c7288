"""StartStream and StopStream: their calls and permissions."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest

from lake_blueprints.orchestration import Pipeline, Step
from lake_blueprints.processing.flink import StartStream, StopStream, StreamProcessor
from tests.support import actions_of, steps_of
from tests.unit.processing.flink.sample import CODE


def states(stack: cdk.Stack, kind: type[StartStream | StopStream], **given: Any) -> dict[str, Any]:
    """Return the states of a step by name."""
    processor = StreamProcessor(stack, "Count", code=CODE, snapshots=given.pop("snapshots", True))
    steps: list[Step] = [kind(processor=processor, **given)]
    Pipeline(stack, "Pipeline", steps=steps)
    return steps_of(stack)


def follows(state: dict[str, Any], status: str) -> str:
    """Return the state that follows a Choice on the status of an application."""
    for choice in state["Choices"]:
        asked = [one["StringEquals"] for one in choice.get("Or", [choice]) if "StringEquals" in one]
        if status in asked:
            return str(choice["Next"])
    return str(state["Default"])


@pytest.mark.parametrize(
    ("status", "then"),
    [
        ("READY", "Start Count"),
        ("ROLLED_BACK", "Start Count"),
        ("STOPPING", "Start Count"),
        ("RUNNING", "Start Count done"),
        ("STARTING", "Start Count joins"),
        ("UPDATING", "Start Count joins"),
        ("AUTOSCALING", "Start Count joins"),
    ],
)
def test_starts_what_has_stopped_and_waits_for_the_rest(stack: cdk.Stack, status: str, then: str) -> None:
    found = states(stack, StartStream)
    assert found["Start Count looks"]["Resource"].endswith("aws-sdk:kinesisanalyticsv2:describeApplication")
    assert found["Start Count"]["Resource"].endswith("aws-sdk:kinesisanalyticsv2:startApplication")
    assert follows(found["Start Count runs"], status) == then


@pytest.mark.parametrize(
    ("given", "restored"),
    [
        ({}, "RESTORE_FROM_LATEST_SNAPSHOT"),
        ({"restore": False}, "SKIP_RESTORE_FROM_SNAPSHOT"),
        ({"snapshots": False}, "SKIP_RESTORE_FROM_SNAPSHOT"),
    ],
)
def test_goes_on_from_the_latest_snapshot_if_there_can_be_one(
    stack: cdk.Stack, given: dict[str, Any], restored: str
) -> None:
    run = states(stack, StartStream, **given)["Start Count"]["Parameters"]["RunConfiguration"]
    assert run["ApplicationRestoreConfiguration"] == {"ApplicationRestoreType": restored}
    assert run["FlinkRunConfiguration"] == {"AllowNonRestoredState": False}


def test_a_start_that_ends_stopped_again_fails_with_the_reason(stack: cdk.Stack) -> None:
    found = states(stack, StartStream)
    assert follows(found["Start Count decides"], "READY") == "Start Count ended badly 1"
    why = found["Start Count ended badly 1"]
    assert why["Choices"][0]["Next"] == "Start Count asks why"
    asked = found["Start Count asks why"]
    assert asked["Resource"].endswith("aws-sdk:kinesisanalyticsv2:describeApplicationOperation")
    assert asked["Parameters"]["OperationId.$"] == "$.poll.started.OperationId"
    assert found["Start Count did not start"]["CausePath"] == "States.JsonToString($.failure.operation)"
    # One that was started by others has no operation that is known here.
    assert found[why["Default"]]["Type"] == "Fail"
    assert actions_of(stack, "kinesisanalytics") == {
        f"kinesisanalytics:{one}" for one in ("StartApplication", "DescribeApplication", "DescribeApplicationOperation")
    }


@pytest.mark.parametrize(
    ("status", "then"),
    [
        ("RUNNING", "End it"),
        ("STARTING", "End it"),
        ("READY", "End it done"),
        ("STOPPING", "End it joins"),
    ],
)
def test_stops_what_runs_and_waits_for_what_stops(stack: cdk.Stack, status: str, then: str) -> None:
    found = states(stack, StopStream, name="End it")
    assert follows(found["End it runs"], status) == then
    # By force there would be no snapshot.
    assert "Force" not in found["End it"]["Parameters"]
    assert follows(found["End it decides"], "READY") == "End it done"
    assert actions_of(stack, "kinesisanalytics") == {
        "kinesisanalytics:StopApplication",
        "kinesisanalytics:DescribeApplication",
    }
