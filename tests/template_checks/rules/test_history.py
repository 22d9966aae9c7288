"""The events of a history: what is calculated from a definition is what an interpreter writes."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from local_cloud.cloud import LocalCloud
from template_checks.core.graphs import components, is_acyclic, longest_path
from template_checks.core.history import longest_history
from template_checks.core.waits import growing_wait, seconds_of, waits_within

ROLE = "arn:aws:iam::123456789012:role/states"
CALL: dict[str, Any] = {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:glue:getDatabases", "ResultPath": None}
FAILING = CALL | {"Resource": "arn:aws:states:::aws-sdk:glue:getCrawler", "Parameters": {"Name": "none"}}
CATCH = {"Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Done"}]}
RETRY = {"Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 2, "BackoffRate": 1}]}
DONE = {"Done": {"Type": "Succeed"}}


def counted(limit: dict[str, Any], *, default: str, **counter: Any) -> dict[str, Any]:
    """Return a loop that counts its rounds, and a Choice that leaves it."""
    return {
        "Begin": {"Type": "Pass", "Result": {"n": 0}, "Next": "Wait"},
        "Wait": {"Type": "Wait", "Seconds": 0, "Next": "Count"},
        "Count": {"Type": "Pass", "Parameters": {"n.$": "States.MathAdd($.n, 1)"}, "Next": "Decide"} | counter,
        "Decide": {"Type": "Choice", "Choices": [{"Variable": "$.n", **limit}], "Default": default},
        **DONE,
    }


def inner(states: dict[str, Any]) -> dict[str, Any]:
    return {"StartAt": next(iter(states)), "States": states}


# Each leads through all of its states, if its calls fail.
EXACT: dict[str, dict[str, Any]] = {
    "pass": {"A": {"Type": "Pass", "End": True}},
    "choice, wait and success": {
        "A": {"Type": "Choice", "Choices": [{"Variable": "$", "IsPresent": True, "Next": "B"}], "Default": "Done"},
        "B": {"Type": "Wait", "Seconds": 0, "Next": "Done"},
        **DONE,
    },
    "failure": {"A": {"Type": "Fail", "Error": "Wanted"}},
    "call": {"A": CALL | {"End": True}},
    "call that is retried and caught": {"A": FAILING | RETRY | CATCH | {"End": True}, **DONE},
    "job": {
        "A": {
            "Type": "Task",
            "Resource": "arn:aws:states:::states:startExecution.sync:2",
            "Parameters": {"StateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:inner"},
            "End": True,
        }
    },
    "branches": {
        "A": {"Type": "Parallel", "Branches": [inner({"B": CALL | {"End": True}}), inner(DONE)], "End": True},
    },
    "items": {
        "A": {"Type": "Pass", "Result": [1, 2, 3], "ResultPath": "$.items", "Next": "B"},
        "B": {
            "Type": "Map",
            "ItemsPath": "$.items",
            "ItemProcessor": inner({"C": {"Type": "Pass", "End": True}}),
            "End": True,
        },
    },
}
LOOPS: dict[str, dict[str, Any]] = {
    "until at least": counted({"NumericGreaterThanEquals": 4, "Next": "Done"}, default="Wait"),
    "until more than": counted({"NumericGreaterThan": 4, "Next": "Done"}, default="Wait"),
    "until equal": counted({"NumericEquals": 4, "Next": "Done"}, default="Wait"),
    "while less than": counted({"NumericLessThan": 4, "Next": "Wait"}, default="Done"),
    "while at most": counted({"NumericLessThanEquals": 4, "Next": "Wait"}, default="Done"),
    "by twos": counted(
        {"NumericGreaterThanEquals": 7, "Next": "Done"}, default="Wait", Parameters={"n.$": "States.MathAdd($.n, 2)"}
    ),
    "in JSONata": {
        "Begin": {"Type": "Pass", "QueryLanguage": "JSONata", "Assign": {"n": 1}, "Next": "Count"},
        "Count": {"Type": "Pass", "QueryLanguage": "JSONata", "Assign": {"n": "{% $n + 1 %}"}, "Next": "Decide"},
        "Decide": {
            "Type": "Choice",
            "QueryLanguage": "JSONata",
            "Choices": [{"Condition": "{% $n >= 5 %}", "Next": "Done"}],
            "Default": "Count",
        },
        **DONE,
    },
}


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with LocalCloud(workdir=tmp_path_factory.mktemp("cloud")) as running:
        client = running.client("stepfunctions")
        client.create_state_machine(name="inner", definition=json.dumps(inner(DONE)), roleArn=ROLE)
        yield running


def events_of(cloud: LocalCloud, states: dict[str, Any]) -> list[str]:
    """Run a state machine and return the types of its events."""
    client = cloud.client("stepfunctions")
    name = f"m{time.monotonic_ns()}"
    machine = client.create_state_machine(name=name, definition=json.dumps(inner(states)), roleArn=ROLE)
    arn = client.start_execution(stateMachineArn=machine["stateMachineArn"], input="{}")["executionArn"]
    while client.describe_execution(executionArn=arn)["status"] == "RUNNING":
        time.sleep(0.05)
    return [event["type"] for event in client.get_execution_history(executionArn=arn, maxResults=1000)["events"]]


@pytest.mark.parametrize("name", EXACT)
def test_the_calculated_events_are_those_of_a_run(cloud: LocalCloud, name: str) -> None:
    events = events_of(cloud, EXACT[name])
    assert longest_history(inner(EXACT[name]), retries=True, timed=False).events == len(events), events


@pytest.mark.parametrize("name", LOOPS)
def test_a_counted_loop_goes_round_as_often_as_calculated(cloud: LocalCloud, name: str) -> None:
    events = events_of(cloud, LOOPS[name])
    calculated = longest_history(inner(LOOPS[name]), retries=True, timed=False)
    (loop,) = calculated.loops
    assert loop.rounds == sum(event == "ChoiceStateEntered" for event in events)
    # Counted are a round that the loop is entered in, and one that it is left in.
    assert 0 <= calculated.events - len(events) <= loop.events // loop.rounds


def test_retries_count_only_in_the_worst_case() -> None:
    definition = inner({"A": CALL | RETRY | {"End": True}})
    assert longest_history(definition, retries=False, timed=False).events == 2 + 5
    assert longest_history(definition, retries=True, timed=False).events == 2 + 5 + 2 * 3


def test_the_longer_way_counts() -> None:
    choice = {"Type": "Choice", "Choices": [{"Variable": "$", "IsNull": True, "Next": "Done"}], "Default": "B"}
    assert longest_history(inner({"A": choice, "B": CALL | {"Next": "Done"}, **DONE}), retries=False, timed=False) == (
        longest_history(
            inner({"A": {"Type": "Pass", "Next": "B"}, "B": CALL | {"Next": "Done"}, **DONE}),
            retries=False,
            timed=False,
        )
    )


POLL = {
    "Look": CALL | {"Next": "Decide"},
    "Decide": {"Type": "Choice", "Choices": [{"Variable": "$", "IsNull": True, "Next": "Done"}], "Default": "Wait"},
    "Wait": {"Type": "Wait", "Seconds": 10, "Next": "Look"},
    **DONE,
}


def test_a_loop_that_only_waits_goes_on_until_the_state_machine_times_out() -> None:
    timed = longest_history(inner(POLL) | {"TimeoutSeconds": 600}, retries=False, timed=True)
    (loop,) = timed.loops
    assert (loop.states, loop.rounds, loop.events) == (("Look", "Decide", "Wait"), 60, 61 * 9)
    for definition, counts in ((inner(POLL) | {"TimeoutSeconds": 600}, False), (inner(POLL), True)):
        (loop,) = longest_history(definition, retries=False, timed=counts).loops
        assert loop.rounds == 0


def test_a_choice_that_can_go_round_before_it_counts_leaves_no_loop() -> None:
    states = counted({"NumericGreaterThanEquals": 9_000, "Next": "Done"}, default="Wait")
    states["Decide"]["Choices"].insert(0, {"Variable": "$.x", "IsPresent": True, "Next": "Wait"})
    (loop,) = longest_history(inner(states), retries=False, timed=False).loops
    assert loop.rounds == 0


def test_a_way_round_without_the_counter_is_not_counted() -> None:
    states = counted({"NumericGreaterThanEquals": 9_000, "Next": "Done"}, default="Wait")
    states["Wait"] = CALL | {"Next": "Count", "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Wait"}]}
    (loop,) = longest_history(inner(states), retries=False, timed=False).loops
    assert loop.rounds == 0


def test_items_one_after_the_other_share_the_time() -> None:
    loop = counted({"NumericGreaterThanEquals": 100, "Next": "Done"}, default="Wait")
    loop["Wait"]["Seconds"] = 10
    work = {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": inner(loop), "End": True}
    items = {"Type": "Pass", "Result": [1] * 4, "ResultPath": "$.items", "Next": "Work"}

    def rounds(**options: Any) -> int:
        definition = inner({"Items": items, "Work": work | options}) | {"TimeoutSeconds": 600}
        return longest_history(definition, retries=False, timed=False).loops[0].rounds

    assert (rounds(), rounds(MaxConcurrency=1)) == (60, 15)


@pytest.mark.parametrize(
    ("first", "limit", "waits"),
    [(2, 43_200, [2, 3, 4, 6, 10, 15, 22, 34, 51, 76, 115, 172, 259, 300]), (1, 3, [1, 1, 2]), (299, 599, [299, 300])],
)
def test_a_growing_wait_is_read_as_it_is_written(first: int, limit: int, waits: list[int]) -> None:
    wait = {"Type": "Wait", "Seconds": growing_wait(first, 300, 1.5, "$states.input.n")}
    assert [seconds_of(wait, number) for number in range(len(waits))] == waits
    often = waits_within(wait, limit)
    assert often is not None
    total = [sum(seconds_of(wait, number) or 0 for number in range(count)) for count in (often - 1, often)]
    assert total[0] < limit <= total[1]


def test_the_interpreter_waits_as_it_is_read(cloud: LocalCloud) -> None:
    wait = {"Seconds": growing_wait(2, 300, 1.5, "$states.input.n")}
    states = {"Say": {"Type": "Pass", "QueryLanguage": "JSONata", "Output": wait["Seconds"], "End": True}}
    client = cloud.client("stepfunctions")
    machine = client.create_state_machine(name="waits", definition=json.dumps(inner(states)), roleArn=ROLE)
    found = [cloud.execute(machine["stateMachineArn"], {"n": number}) for number in range(20)]
    assert found == [seconds_of(wait, number) for number in range(20)]


def test_a_chain_of_10000_states_is_no_recursion() -> None:
    chain: dict[int, set[int]] = {number: {number + 1} for number in range(10_000)} | {10_000: set()}
    assert len(components(chain)) == 10_001
    assert longest_path(chain, dict.fromkeys(chain, 1), [0]) == 10_001
    assert is_acyclic(chain)
    assert not is_acyclic(chain | {10_000: {0}})
    assert is_acyclic(chain | {10_000: {0}}, without=[5_000])
    (ring,) = components(chain | {10_000: {0}})
    assert len(ring) == 10_001
