"""The drawing of a state machine, and the progress of an execution from a history as AWS writes it."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest

from local_cloud.console.state_graph import Box, Drawing, draw, transitions
from local_cloud.console.state_progress import progress


def passing(following: str | None) -> dict[str, Any]:
    return {"Type": "Pass", **({"Next": following} if following else {"End": True})}


LOOP: dict[str, Any] = {
    "StartAt": "Start crawler",
    "States": {
        "Start crawler": {
            "Type": "Task",
            "Next": "Wait",
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Give up"}],
        },
        "Wait": {"Type": "Wait", "Seconds": 1, "Next": "Look"},
        "Look": {"Type": "Task", "Next": "Ready?"},
        "Ready?": {
            "Type": "Choice",
            "Choices": [{"Next": "Done"}, {"Next": "Give up"}, {"Next": "Done"}],
            "Default": "Wait",
        },
        "Done": {"Type": "Succeed"},
        "Give up": {"Type": "Fail"},
    },
}
NESTED: dict[str, Any] = {
    "StartAt": "Each",
    "States": {
        "Each": {
            "Type": "Map",
            "ItemProcessor": {
                "StartAt": "Both",
                "States": {
                    "Both": {
                        "Type": "Parallel",
                        "Branches": [{"StartAt": name, "States": {name: passing(None)}} for name in ("Left", "Right")],
                        "End": True,
                    }
                },
            },
            "Next": "Old",
        },
        "Old": {"Type": "Map", "Iterator": {"StartAt": "In", "States": {"In": passing(None)}}, "End": True},
    },
}
ROW: dict[str, Any] = {
    "StartAt": "0",
    "States": {str(number): passing(str(number + 1) if number < 499 else None) for number in range(500)},
}
ENDLESS: dict[str, Any] = {"StartAt": "A", "States": {"A": passing("B"), "B": passing("A")}}
UNREACHABLE: dict[str, Any] = {"StartAt": "A", "States": {"A": passing(None), "B": passing("A"), "C": passing(None)}}
ALL = {"loop": LOOP, "nested": NESTED, "row": ROW, "endless": ENDLESS, "unreachable": UNREACHABLE}


def contains(outer: Box, inner: Box) -> bool:
    return (
        outer.inner
        and outer.x < inner.x
        and outer.y < inner.y
        and inner.x + inner.width < outer.x + outer.width
        and inner.y + inner.height < outer.y + outer.height
    )


def overlap(one: Box, other: Box) -> bool:
    return (
        one.x < other.x + other.width
        and other.x < one.x + one.width
        and one.y < other.y + other.height
        and other.y < one.y + one.height
    )


def crossed(drawing: Drawing) -> list[str]:
    """Return the boxes without inner ones that an upright or level part of a line crosses."""
    found = []
    for line in drawing.lines:
        for (x0, y0), (x1, y1) in zip(line.points, line.points[1:], strict=False):
            if x0 != x1 and y0 != y1:
                continue
            part = Box(
                name="", kind="", x=min(x0, x1), y=min(y0, y1) + 0.1, width=abs(x1 - x0), height=abs(y1 - y0) - 0.2
            )
            found += [box.name for box in drawing.boxes if not box.inner and overlap(part, box)]
    return found


@pytest.mark.parametrize("name", ALL)
def test_states_lie_beside_each_other_or_within_and_lines_cross_none(name: str) -> None:
    drawing = draw(ALL[name])
    for one, other in combinations(drawing.boxes, 2):
        assert not overlap(one, other) or contains(one, other) or contains(other, one), (one, other)
    assert crossed(drawing) == []
    for box in drawing.boxes:
        assert 0 <= box.x < box.x + box.width <= drawing.width
        assert 0 <= box.y < box.y + box.height <= drawing.height
    assert all(0 <= x <= drawing.width and 0 <= y <= drawing.height for line in drawing.lines for x, y in line.points)


def test_every_transition_is_drawn_once_and_goes_down_unless_it_goes_back() -> None:
    drawing = draw(LOOP)
    ways = list(transitions(LOOP["States"]))
    assert ways == [
        ("Start crawler", "Wait", False),
        ("Start crawler", "Give up", True),
        ("Wait", "Look", False),
        ("Look", "Ready?", False),
        ("Ready?", "Done", False),
        ("Ready?", "Give up", False),
        ("Ready?", "Wait", False),
    ]
    # And one from the start, two to the end.
    assert len(drawing.lines) == len(ways) + 3
    assert [line.caught for line in drawing.lines].count(True) == 1
    assert [line.points[-1][1] < line.points[0][1] for line in drawing.lines] == [line.back for line in drawing.lines]
    assert sum(line.back for line in drawing.lines) == 1


def test_a_machine_that_cannot_end_has_no_end() -> None:
    assert [box.kind for box in draw(ENDLESS).boxes] == ["Start", "Pass", "Pass"]


def test_a_map_and_a_parallel_are_around_their_states() -> None:
    boxes = {box.name: box for box in draw(NESTED).boxes}
    assert contains(boxes["Each"], boxes["Both"])
    assert contains(boxes["Both"], boxes["Left"])
    assert contains(boxes["Both"], boxes["Right"])
    assert contains(boxes["Old"], boxes["In"])
    assert not contains(boxes["Each"], boxes["In"])


def history(*events: tuple[str, str | None, int]) -> list[dict[str, Any]]:
    """Return events of a type, of a state if one is entered or left, after another event."""
    found = []
    for number, (kind, state, before) in enumerate(events, 1):
        event: dict[str, Any] = {"id": number, "type": kind, "previousEventId": before}
        if state:
            side = "stateEnteredEventDetails" if kind.endswith("Entered") else "stateExitedEventDetails"
            event[side] = {"name": state}
        found.append(event)
    return found


def statuses(execution: str, *events: tuple[str, str | None, int]) -> dict[str, str]:
    return {name: one.status(execution) for name, one in progress(history(*events)).items()}


STARTED = ("ExecutionStarted", None, 0)
ENTERED = ("TaskStateEntered", "T", 1)
FAILED = [("TaskScheduled", None, 2), ("TaskStarted", None, 3), ("TaskFailed", None, 4)]


def test_a_state_runs_from_its_entry_to_its_exit() -> None:
    assert statuses("RUNNING", STARTED) == {}
    assert statuses("RUNNING", STARTED, ENTERED) == {"T": "running"}
    assert statuses("RUNNING", STARTED, ENTERED, ("TaskStateExited", "T", 2)) == {"T": "succeeded"}
    assert statuses("ABORTED", STARTED, ENTERED, ("ExecutionAborted", None, 0)) == {"T": "aborted"}


def test_a_failure_is_caught_retried_or_the_end() -> None:
    caught = ("TaskStateExited", "T", 5)
    assert statuses("RUNNING", STARTED, ENTERED, *FAILED, caught) == {"T": "caught"}
    retried = [("TaskScheduled", None, 5), ("TaskSucceeded", None, 6), ("TaskStateExited", "T", 7)]
    assert statuses("RUNNING", STARTED, ENTERED, *FAILED, *retried) == {"T": "succeeded"}
    assert statuses("FAILED", STARTED, ENTERED, *FAILED, ("ExecutionFailed", None, 5)) == {"T": "failed"}


def test_a_choice_without_a_match_and_a_fail_state_fail_by_the_end_of_the_execution() -> None:
    assert statuses("FAILED", STARTED, ("FailStateEntered", "F", 1), ("ExecutionFailed", None, 2)) == {"F": "failed"}


def test_a_map_fails_with_an_iteration_and_the_others_are_aborted() -> None:
    found = statuses(
        "FAILED",
        STARTED,
        ("MapStateEntered", "M", 1),
        ("MapStateStarted", None, 2),
        ("MapIterationStarted", None, 3),
        ("TaskStateEntered", "T", 4),
        ("MapIterationStarted", None, 3),
        ("WaitStateEntered", "W", 6),
        ("TaskFailed", None, 5),
        ("MapIterationFailed", None, 8),
        ("MapStateFailed", None, 9),
        ("ExecutionFailed", None, 10),
    )
    assert found == {"M": "failed", "T": "failed", "W": "aborted"}
