"""Pass, Wait, Succeed, Fail, Parallel and inline Map states, and the data flow of both query languages.

https://states-language.net/spec.html, https://docs.aws.amazon.com/step-functions/latest/dg/workflow-states.html
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.local_cloud.step_functions.conftest import Execute, jsonata, jsonpath

END: dict[str, Any] = {"Type": "Succeed"}


def passing(**fields: Any) -> dict[str, Any]:
    return jsonpath(State={"Type": "Pass", "End": True, **fields})


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ({}, {"a": {"b": [1, 2]}, "c": "x"}),
        ({"InputPath": "$.a"}, {"b": [1, 2]}),
        ({"InputPath": None}, {}),
        ({"OutputPath": "$.a.b[1]"}, 2),
        ({"OutputPath": None}, {}),
        ({"Result": {"r.$": "$.c"}}, {"r.$": "$.c"}),
        ({"Result": 7, "ResultPath": "$.a.n"}, {"a": {"b": [1, 2], "n": 7}, "c": "x"}),
        ({"Result": 7, "ResultPath": None}, {"a": {"b": [1, 2]}, "c": "x"}),
        ({"InputPath": "$.a", "ResultPath": "$.in"}, {"a": {"b": [1, 2]}, "c": "x", "in": {"b": [1, 2]}}),
        ({"Parameters": {"l.$": "$.a.b[*]", "s": "$.c"}}, {"l": [1, 2], "s": "$.c"}),
        ({"Parameters": {"deep": [{"c.$": "$.c"}, "$.c"]}}, {"deep": [{"c": "x"}, "$.c"]}),
        ({"Parameters": {"c.$": "$.c"}, "ResultPath": "$.r", "OutputPath": "$.r"}, {"c": "x"}),
        ({"Parameters": {"n.$": "$$.Execution.Name", "s.$": "$$.State.Name"}}, {"n": "one", "s": "State"}),
        ({"Parameters": {'say "\\n"': 'a\\"b\n'}}, {'say "\\n"': 'a\\"b\n'}),
    ],
)
def test_a_pass_state_filters_and_forms_its_data(execute: Execute, fields: dict[str, Any], wanted: Any) -> None:
    assert execute(passing(**fields), {"a": {"b": [1, 2]}, "c": "x"}).output == wanted


@pytest.mark.parametrize(
    ("fields", "cause"),
    [
        ({"InputPath": "$.x"}, "Invalid path '$.x' : No results for path: $['x']"),
        ({"OutputPath": "$.x.y"}, "Invalid path '$.x.y' : Missing property in path $['x']"),
        (
            {"Parameters": {"v.$": "$.x"}},
            "The JSONPath '$.x' specified for the field 'v.$' could not be found in the input '{\"a\":1}'",
        ),
    ],
)
def test_a_path_that_leads_nowhere_is_a_runtime_error(execute: Execute, fields: dict[str, Any], cause: str) -> None:
    ended = execute(passing(**fields), {"a": 1})
    where = "An error occurred while executing the state 'State' (entered at the event id #2). "
    assert (ended.status, ended.error, ended.cause) == ("FAILED", "States.Runtime", where + cause)


def test_the_context_object_has_the_members_of_the_guide(execute: Execute) -> None:
    context = execute(passing(Parameters={"all.$": "$$"}), {"in": 1}).output["all"]
    assert context["Execution"].keys() == {"Id", "Input", "Name", "RedriveCount", "RoleArn", "StartTime"}
    assert context["Execution"]["Input"] == {"in": 1}
    assert context["StateMachine"].keys() == {"Id", "Name"}
    assert context["State"].keys() == {"EnteredTime", "Name"}


def test_the_history_names_every_state_in_order(execute: Execute) -> None:
    ended = execute(jsonpath(A={"Type": "Pass", "Next": "B"}, B=END))
    assert ended.types == [
        "ExecutionStarted",
        "PassStateEntered",
        "PassStateExited",
        "SucceedStateEntered",
        "SucceedStateExited",
        "ExecutionSucceeded",
    ]
    assert [event["previousEventId"] for event in ended.events] == [0, 0, 2, 3, 4, 5]


def test_a_succeed_state_ends_and_filters(execute: Execute) -> None:
    assert execute(jsonpath(S={**END, "InputPath": "$.a", "OutputPath": "$.b"}), {"a": {"b": 1}}).output == 1
    assert execute(jsonata(S={**END, "Output": "{% $states.input.a %}"}), {"a": 1}).output == 1


@pytest.mark.parametrize(
    ("definition", "error", "cause"),
    [
        (jsonpath(F={"Type": "Fail", "Error": "Bad", "Cause": "so it is"}), "Bad", "so it is"),
        (jsonpath(F={"Type": "Fail"}), None, None),
        (jsonpath(F={"Type": "Fail", "ErrorPath": "$.e", "CausePath": "$$.State.Name"}), "Worse", "F"),
        (jsonpath(F={"Type": "Fail", "CausePath": "States.Format('it is {}', $.e)"}), None, "it is Worse"),
        (jsonata(F={"Type": "Fail", "Error": "{% $states.input.e %}", "Cause": "it is"}), "Worse", "it is"),
    ],
)
def test_a_fail_state_fails_with_its_error_and_cause(
    execute: Execute, definition: dict[str, Any], error: str | None, cause: str | None
) -> None:
    ended = execute(definition, {"e": "Worse"})
    assert (ended.status, ended.error, ended.cause) == ("FAILED", error, cause)
    assert ended.types == ["ExecutionStarted", "FailStateEntered", "ExecutionFailed"]


def moment(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


@pytest.mark.parametrize(
    ("definition", "data"),
    [
        (jsonpath(W={"Type": "Wait", "Seconds": 1, "End": True}), {}),
        (jsonpath(W={"Type": "Wait", "SecondsPath": "$.n", "End": True}), {"n": 1}),
        (jsonata(W={"Type": "Wait", "Seconds": "{% $states.input.n %}", "End": True}), {"n": 1}),
        (jsonata(W={"Type": "Wait", "Timestamp": "{% $fromMillis($millis() + 1000) %}", "End": True}), {}),
    ],
)
def test_a_wait_state_waits(execute: Execute, definition: dict[str, Any], data: Any) -> None:
    entered, left = (event["timestamp"] for event in execute(definition, data).events[1:3])
    assert left - entered >= timedelta(seconds=0.9)


def test_a_wait_state_waits_for_a_moment_and_not_for_one_that_is_past(execute: Execute) -> None:
    for field, data in (("Timestamp", {}), ("TimestampPath", {"t": None})):
        for seconds, waited in ((1.2, True), (-10, False)):
            text = moment(seconds)
            wait = {"Type": "Wait", field: text if field == "Timestamp" else "$.t", "End": True}
            entered, left = (e["timestamp"] for e in execute(jsonpath(W=wait), {**data, "t": text}).events[1:3])
            assert (left - entered >= timedelta(seconds=0.5)) is waited


@pytest.mark.parametrize(
    ("wait", "data", "error", "cause"),
    [
        (
            {"SecondsPath": "$.n"},
            {},
            "States.Runtime",
            "The SecondsPath parameter does not reference an input value: $.n",
        ),
        (
            {"SecondsPath": "$.n"},
            {"n": 1.5},
            "States.Runtime",
            "The SecondsPath parameter cannot be parsed as a long value: $.n == 1.5",
        ),
        (
            {"SecondsPath": "$.n"},
            {"n": -1},
            "States.Runtime",
            "The SecondsPath parameter references a negative value: $.n == -1",
        ),
        (
            {"TimestampPath": "$.n"},
            {"n": "2016-12-05 21:29:29Z"},
            "States.Runtime",
            "The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time format string: "
            "$.n == 2016-12-05 21:29:29Z",
        ),
        ({"TimestampPath": "$.n"}, {"n": "2999-01-01T00:00:00Z"}, "States.Runtime", "Wait state delay is too long."),
        (
            {"QueryLanguage": "JSONata", "Timestamp": "{% $states.input.n %}"},
            {"n": "2016-12-05T21:29:29"},
            "States.QueryEvaluationError",
            "The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format string: "
            "2016-12-05T21:29:29",
        ),
        (
            {"QueryLanguage": "JSONata", "Seconds": "{% '1' %}"},
            {},
            "States.QueryEvaluationError",
            "The JSONata expression ''1'' specified for the field 'Seconds' returned an unexpected result type. "
            "Expected 'integer', but was 'string' for value: \"1\"",
        ),
    ],
)
def test_a_wait_state_refuses_what_is_no_time(
    execute: Execute, wait: dict[str, Any], data: Any, error: str, cause: str
) -> None:
    ended = execute(jsonpath(W={"Type": "Wait", "End": True, **wait}), data)
    assert (ended.status, ended.error) == ("FAILED", error)
    assert ended.cause is not None
    assert ended.cause.endswith(cause)


def branch(name: str, **state: Any) -> dict[str, Any]:
    return jsonpath(**{name: {"Type": "Pass", "End": True, **state}})


def test_a_parallel_state_gives_the_outputs_in_the_order_of_its_branches(execute: Execute) -> None:
    slow = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 1, "Next": "A"}, **branch("A")["States"]}}
    parallel = {
        "Type": "Parallel",
        "Parameters": {"n.$": "$.in"},
        "Branches": [slow, branch("B", Parameters={"m.$": "$.n"})],
        "ResultSelector": {"both.$": "$"},
        "ResultPath": "$.out",
        "End": True,
    }
    ended = execute(jsonpath(P=parallel), {"in": 1})
    assert ended.output == {"in": 1, "out": {"both": [{"n": 1}, {"m": 1}]}}
    assert ended.types[1:3] == ["ParallelStateEntered", "ParallelStateStarted"]
    assert ended.types[-3:] == ["ParallelStateSucceeded", "ParallelStateExited", "ExecutionSucceeded"]


def test_a_branch_that_fails_ends_the_others(execute: Execute) -> None:
    forever = jsonpath(W={"Type": "Wait", "Seconds": 99_999_999, "End": True})
    failing = jsonpath(F={"Type": "Fail", "Error": "Bad", "Cause": "why"})
    ended = execute(jsonpath(P={"Type": "Parallel", "Branches": [forever, failing], "End": True}))
    assert (ended.status, ended.error, ended.cause) == ("FAILED", "Bad", "why")
    assert ended.types[-2:] == ["ParallelStateFailed", "ExecutionFailed"]


def test_a_parallel_state_of_jsonata_has_arguments_and_a_result(execute: Execute) -> None:
    inner = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Output": "{% $states.input + 1 %}", "End": True}}}
    parallel = {
        "Type": "Parallel",
        "Arguments": "{% $states.input.n %}",
        "Branches": [inner],
        "Output": "{% $states.result[0] %}",
        "End": True,
    }
    assert execute(jsonata(P=parallel), {"n": 1}).output == 2


def mapping(**fields: Any) -> dict[str, Any]:
    return jsonpath(M={"Type": "Map", "ItemProcessor": branch("Item"), "End": True, **fields})


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ({"ItemsPath": "$.items"}, [1, 2, 3]),
        ({"InputPath": "$.items"}, [1, 2, 3]),
        ({"ItemsPath": "$.items", "MaxConcurrency": 1, "ResultPath": "$.r", "OutputPath": "$.r[2]"}, 3),
        ({"ItemsPath": "$.items", "MaxConcurrencyPath": "$.n"}, [1, 2, 3]),
        (
            {
                "ItemsPath": "$.items[0:2]",
                "ItemSelector": {"v.$": "$$.Map.Item.Value", "i.$": "$$.Map.Item.Index", "all.$": "$.n"},
            },
            [{"v": 1, "i": 0, "all": "2"}, {"v": 2, "i": 1, "all": "2"}],
        ),
        ({"ItemsPath": "$.items", "ResultSelector": {"first.$": "$[0]"}}, {"first": 1}),
    ],
)
def test_a_map_state_processes_the_items_of_an_array(execute: Execute, fields: dict[str, Any], wanted: Any) -> None:
    assert execute(mapping(**fields), {"items": [1, 2, 3], "n": "2"}).output == wanted


def test_an_iterator_with_parameters_still_works(execute: Execute) -> None:
    state = {
        "Type": "Map",
        "ItemsPath": "$.l",
        "Iterator": branch("Item"),
        "Parameters": {"v.$": "$$.Map.Item.Value"},
        "End": True,
    }
    assert execute(jsonpath(M=state), {"l": [1]}).output == [{"v": 1}]


def test_a_map_state_of_jsonata_has_items_and_an_item_selector(execute: Execute) -> None:
    state = {
        "Type": "Map",
        "Items": "{% $states.input.l %}",
        "ItemSelector": {"v": "{% $states.context.Map.Item.Value %}", "n": "{% $states.input.n %}"},
        "ItemProcessor": branch("Item"),
        "Output": "{% $states.result.v %}",
        "End": True,
    }
    assert execute(jsonata(M=state), {"l": [1, 2], "n": 7}).output == [1, 2]


def test_a_map_state_of_no_items_has_no_results(execute: Execute) -> None:
    assert execute(mapping(), []).output == []


@pytest.mark.parametrize(
    ("definition", "data", "error", "cause"),
    [
        (mapping(ItemsPath="$.a"), {"a": 1}, "States.Runtime", 'Reference path "$.a" must point to array.'),
        (
            mapping(ItemsPath="$.a", MaxConcurrencyPath="$.n"),
            {"a": [1], "n": "NoNumber"},
            "States.Runtime",
            'The MaxConcurrencyPath field refers to value "NoNumber" which is not a valid integer: $.n',
        ),
        (
            jsonata(M={"Type": "Map", "ItemProcessor": branch("Item"), "End": True}),
            {"foo": "bar"},
            "States.QueryEvaluationError",
            'Map state input must be an array but was: {"foo":"bar"}',
        ),
        (
            jsonata(M={"Type": "Map", "Items": "{% 1 %}", "ItemProcessor": branch("Item"), "End": True}),
            {},
            "States.QueryEvaluationError",
            "The JSONata expression '1' specified for the field 'Items' returned an unexpected result type. "
            "Expected 'array', but was 'number' for value: 1",
        ),
    ],
)
def test_a_map_state_refuses_what_is_no_array(
    execute: Execute, definition: dict[str, Any], data: Any, error: str, cause: str
) -> None:
    ended = execute(definition, data)
    assert (ended.status, ended.error) == ("FAILED", error)
    assert ended.cause is not None
    assert ended.cause.endswith(cause)


def test_an_iteration_that_fails_ends_the_map_state(execute: Execute) -> None:
    inner = jsonpath(
        C={
            "Type": "Choice",
            "Choices": [{"Variable": "$", "NumericEquals": 1, "Next": "F"}],
            "Default": "W",
        },
        F={"Type": "Fail", "Error": "Bad"},
        W={"Type": "Wait", "Seconds": 99_999_999, "End": True},
    )
    ended = execute(mapping(ItemProcessor=inner), [0, 1])
    assert (ended.status, ended.error) == ("FAILED", "Bad")
    assert {"MapIterationFailed", "MapIterationAborted", "MapStateFailed"} <= set(ended.types)


def test_a_machine_that_takes_too_long_times_out(execute: Execute) -> None:
    definition = jsonpath(W={"Type": "Wait", "Seconds": 99_999_999, "End": True})
    ended = execute({**definition, "TimeoutSeconds": 1})
    assert ended.status == "TIMED_OUT"
    assert ended.types[-1] == "ExecutionTimedOut"


def test_states_of_both_languages_hand_on_their_data(execute: Execute) -> None:
    definition = jsonpath(
        A={"Type": "Pass", "Parameters": {"n.$": "$.n"}, "Next": "B"},
        B={"Type": "Pass", "QueryLanguage": "JSONata", "Output": {"m": "{% $states.input.n + 1 %}"}, "Next": "C"},
        C={"Type": "Pass", "OutputPath": "$.m", "End": True},
    )
    assert execute(definition, {"n": 1}).output == 2
