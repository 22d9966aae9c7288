"""Errors: which of them Retry and Catch match, how often is tried again, and what a Catcher receives.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from local_cloud.engines.step_functions.errors import StateError
from local_cloud.engines.step_functions.retries import Retries, delay_of
from tests.local_cloud.step_functions.conftest import Execute, jsonata, jsonpath

CAUGHT = {"Type": "Succeed"}


def failing(error: str | None, **fields: Any) -> dict[str, Any]:
    """Return a state that fails with an error."""
    fail = {"Type": "Fail", "Cause": "why", **({"Error": error} if error else {})}
    return {"Type": "Parallel", "Branches": [jsonpath(Failing=fail)], "End": True, **fields}


@pytest.mark.parametrize(
    ("error", "names", "is_caught"),
    [
        ("Bad", ["Bad"], True),
        ("Bad", ["Worse", "Bad"], True),
        ("Bad", ["Worse"], False),
        ("Bad", ["States.ALL"], True),
        ("Bad", ["States.TaskFailed"], True),
        ("Bad", ["States.BranchFailed"], True),
        ("States.Timeout", ["States.Timeout"], True),
        ("States.Timeout", ["States.ALL"], True),
        ("States.Timeout", ["States.TaskFailed"], False),
        ("States.DataLimitExceeded", ["States.ALL"], False),
        ("States.DataLimitExceeded", ["States.TaskFailed"], False),
        ("States.DataLimitExceeded", ["States.DataLimitExceeded"], True),
        ("States.Runtime", ["States.ALL"], False),
        ("States.Runtime", ["States.TaskFailed"], False),
        ("States.Runtime", ["States.Runtime"], False),
        ("States.IntrinsicFailure", ["States.ALL"], True),
        ("States.QueryEvaluationError", ["States.TaskFailed"], True),
        (None, ["States.ALL"], True),
        (None, ["Bad"], False),
    ],
)
def test_a_catcher_matches_as_documented(
    execute: Execute, error: str | None, names: list[str], *, is_caught: bool
) -> None:
    work = failing(error, Catch=[{"ErrorEquals": names, "Next": "Caught"}])
    ended = execute(jsonpath(Work=work, Caught=CAUGHT))
    assert ended.status == ("SUCCEEDED" if is_caught else "FAILED")
    if is_caught:
        assert ended.output == {"Error": error or "", "Cause": "why"}


def test_the_first_catcher_that_matches_decides(execute: Execute) -> None:
    catchers = [{"ErrorEquals": [name], "Next": target} for name, target in (("Bad", "A"), ("States.ALL", "B"))]
    states = {name: {"Type": "Pass", "Result": name, "End": True} for name in "AB"}
    found = [execute(jsonpath(Work=failing(error, Catch=catchers), **states)).output for error in ("Bad", "Worse")]
    assert found == ["A", "B"]


@pytest.mark.parametrize(
    ("catcher", "wanted"),
    [
        ({}, {"Error": "Bad", "Cause": "why"}),
        ({"ResultPath": "$.failure"}, {"in": 1, "failure": {"Error": "Bad", "Cause": "why"}}),
        ({"ResultPath": None}, {"in": 1}),
    ],
)
def test_a_catcher_puts_the_error_at_its_result_path(execute: Execute, catcher: dict[str, Any], wanted: Any) -> None:
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "Caught", **catcher}]
    # Paths of the state are for its result.
    work = failing("Bad", Catch=catch, ResultPath="$.r", OutputPath="$.r")
    assert execute(jsonpath(Work=work, Caught=CAUGHT), {"in": 1}).output == wanted


def test_a_catcher_assigns_from_the_error(execute: Execute) -> None:
    catch = [{"ErrorEquals": ["Bad"], "Assign": {"e.$": "$.Error"}, "ResultPath": None, "Next": "Show"}]
    show = {"Type": "Pass", "InputPath": "$e", "End": True}
    assert execute(jsonpath(Work=failing("Bad", Catch=catch), Show=show)).output == "Bad"


def test_a_catcher_of_jsonata_has_the_error_output_and_its_own_fields(execute: Execute) -> None:
    catch = [
        {
            "ErrorEquals": ["Bad"],
            "Assign": {"e": "{% $states.errorOutput.Error %}"},
            "Output": {"was": "{% $states.input %}", "cause": "{% $states.errorOutput.Cause %}"},
            "Next": "Show",
        }
    ]
    show = {"Type": "Pass", "Output": ["{% $e %}", "{% $states.input %}"], "End": True}
    work = failing("Bad", Catch=catch, Output="{% $states.result %}")
    ended = execute(jsonata(Work=work, Show=show), {"in": 1})
    assert ended.output == ["Bad", {"was": {"in": 1}, "cause": "why"}]


def test_there_is_no_error_output_but_in_a_catcher(execute: Execute) -> None:
    catch = [{"ErrorEquals": ["Bad"], "Next": "Show"}]
    show = {"Type": "Pass", "Output": "{% $exists($states.errorOutput) %}", "End": True}
    assert execute(jsonata(Work=failing("Bad", Catch=catch), Show=show)).output is False


def test_what_cannot_be_put_is_caught_as_a_mismatch_of_the_result_path(execute: Execute) -> None:
    work = {
        "Type": "Parallel",
        "Branches": [jsonpath(A={"Type": "Pass", "End": True})],
        "ResultPath": "$.text.below",
        "Catch": [{"ErrorEquals": ["States.ResultPathMatchFailure"], "Next": "Caught"}],
        "End": True,
    }
    ended = execute(jsonpath(Work=work, Caught=CAUGHT), {"text": "x"})
    assert (ended.status, ended.output["Error"]) == ("SUCCEEDED", "States.ResultPathMatchFailure")


def test_an_intrinsic_function_that_fails_is_caught(execute: Execute) -> None:
    work = {
        "Type": "Parallel",
        "Branches": [jsonpath(A={"Type": "Pass", "End": True})],
        "Parameters": {"v.$": "States.ArrayLength($)"},
        "Catch": [{"ErrorEquals": ["States.IntrinsicFailure"], "Next": "Caught"}],
        "End": True,
    }
    assert execute(jsonpath(Work=work, Caught=CAUGHT)).output["Error"] == "States.IntrinsicFailure"


def test_a_state_is_tried_again_as_often_as_its_retrier_says_and_counts_in_the_context(execute: Execute) -> None:
    work = {
        "Type": "Parallel",
        "Parameters": {"n.$": "$$.State.RetryCount"},
        "Branches": [jsonpath(Failing={"Type": "Fail", "Error": "Bad", "CausePath": "States.Format('{}', $.n)"})],
        "Retry": [{"ErrorEquals": ["Bad"], "MaxAttempts": 2, "IntervalSeconds": 1, "BackoffRate": 1}],
        "End": True,
    }
    ended = execute(jsonpath(Work=work))
    assert (ended.status, ended.error, ended.cause) == ("FAILED", "Bad", "2")
    counted = Counter(ended.types)
    assert (counted["ParallelStateStarted"], counted["ParallelStateFailed"]) == (3, 1)


def test_what_never_tries_again_goes_to_the_catcher_at_once(execute: Execute) -> None:
    work = failing(
        "Bad",
        Retry=[{"ErrorEquals": ["Bad"], "MaxAttempts": 0}, {"ErrorEquals": ["States.ALL"]}],
        Catch=[{"ErrorEquals": ["Bad"], "Next": "Caught"}],
    )
    ended = execute(jsonpath(Work=work, Caught=CAUGHT))
    assert Counter(ended.types)["ParallelStateStarted"] == 1


def delays(retriers: list[dict[str, Any]], *names: str) -> list[float | None]:
    retries = Retries(retriers)
    return [retries.delay(StateError(name)) for name in names]


@pytest.mark.parametrize(
    ("retrier", "wanted"),
    [
        # The defaults: after 1, 2 and 4 seconds, then no more.
        ({}, [1, 2, 4, None]),
        # The example of the guide: after 3 seconds, then 4.5.
        ({"IntervalSeconds": 3, "MaxAttempts": 2, "BackoffRate": 1.5}, [3, 4.5, None]),
        ({"IntervalSeconds": 3, "BackoffRate": 2, "MaxDelaySeconds": 5}, [3, 5, 5, None]),
        ({"MaxAttempts": 1}, [1, None]),
        ({"JitterStrategy": "NONE"}, [1, 2, 4, None]),
    ],
)
def test_the_time_before_an_attempt_grows(retrier: dict[str, Any], wanted: list[float | None]) -> None:
    assert delays([{"ErrorEquals": ["Bad"], **retrier}], *["Bad"] * len(wanted)) == wanted


def test_full_jitter_draws_the_time_between_nothing_and_all_of_it() -> None:
    retrier = {"ErrorEquals": ["Bad"], "IntervalSeconds": 4, "JitterStrategy": "FULL"}
    draws = iter([0.0, 0.5, 1.0])
    assert [delay_of(retrier, 2, lambda: next(draws)) for _ in range(3)] == [0, 4, 8]


def test_the_longest_backoff_is_a_time() -> None:
    retrier = {"ErrorEquals": ["Bad"], "MaxAttempts": 99_999_999, "MaxDelaySeconds": 60}
    assert delay_of(retrier, 99_999_999) == 60


def test_each_retrier_counts_its_own_attempts() -> None:
    retriers = [
        {"ErrorEquals": ["A"], "MaxAttempts": 1, "IntervalSeconds": 10},
        {"ErrorEquals": ["States.ALL"], "MaxAttempts": 2, "IntervalSeconds": 20, "BackoffRate": 1},
    ]
    assert delays(retriers, "A", "B", "B", "A") == [10, 20, 20, None]


def test_an_error_that_is_caught_and_thrown_again_keeps_where_it_happened(execute: Execute) -> None:
    inner = jsonpath(Deep={"Type": "Pass", "InputPath": "$.nowhere", "End": True})
    ended = execute(jsonpath(Work={"Type": "Parallel", "Branches": [inner], "End": True}))
    assert ended.error == "States.Runtime"
    assert ended.cause is not None
    assert ended.cause.startswith("An error occurred while executing the state 'Deep' (entered at the event id #4).")
