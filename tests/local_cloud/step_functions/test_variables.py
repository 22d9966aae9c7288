"""Workflow variables: when they are assigned, and in which scope.

https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from local_cloud.engines.step_functions.definition import problems_of
from tests.local_cloud.step_functions.conftest import Execute, jsonata, jsonpath

SHOW: dict[str, Any] = {"Type": "Pass", "Output": "{% $v %}", "End": True}


def test_values_of_a_state_are_those_from_before_it(execute: Execute) -> None:
    definition = jsonata(
        Set={"Type": "Pass", "Assign": {"x": 3, "y": 6}, "Next": "Swap"},
        Swap={"Type": "Pass", "Assign": {"x": "{% $y %}", "y": "{% $x %}"}, "Output": "{% $x %}", "Next": "Show"},
        Show={"Type": "Pass", "Output": ["{% $x %}", "{% $y %}", "{% $states.input %}"], "End": True},
    )
    assert execute(definition).output == [6, 3, 3]


def test_so_are_those_of_an_output_path(execute: Execute) -> None:
    definition = jsonpath(
        Set={"Type": "Pass", "Assign": {"x": "before"}, "Next": "Again"},
        Again={"Type": "Pass", "Assign": {"x": "after"}, "OutputPath": "$x", "Next": "Show"},
        Show={"Type": "Pass", "Parameters": {"in.$": "$", "x.$": "$x"}, "End": True},
    )
    assert execute(definition).output == {"in": "before", "x": "after"}


def test_jsonpath_assigns_from_the_result_and_the_context(execute: Execute) -> None:
    assign = {"r.$": "$.n", "name.$": "$$.Execution.Name", "text": "$.n", "more.$": "States.MathAdd($.n, 1)"}
    definition = jsonpath(
        Set={"Type": "Pass", "Result": {"n": 1}, "Assign": assign, "ResultPath": None, "Next": "Show"},
        Show={
            "Type": "Pass",
            "Parameters": {"all.$": "States.Array($r, $name, $text, $more)", "in.$": "$"},
            "End": True,
        },
    )
    assert execute(definition, {"in": 0}).output == {"all": [1, "one", "$.n", 2], "in": {"in": 0}}


def test_the_history_shows_what_is_assigned(execute: Execute) -> None:
    ended = execute(jsonpath(Set={"Type": "Pass", "Assign": {"n": 1, "t": "x"}, "End": True}))
    details = ended.events[2]["stateExitedEventDetails"]
    assert details["assignedVariables"] == {"n": "1", "t": '"x"'}


@pytest.mark.parametrize("kind", ["Parallel", "Map"])
def test_an_inner_scope_reads_the_outer_one_and_keeps_its_own(execute: Execute, kind: str) -> None:
    inner = jsonata(
        A={"Type": "Pass", "Assign": {"own": "{% $v + 1 %}"}, "Next": "B"},
        B={"Type": "Pass", "Output": "{% $own %}", "End": True},
    )
    work = {"Branches": [inner]} if kind == "Parallel" else {"Items": [1], "ItemProcessor": inner}
    definition = jsonata(
        Set={"Type": "Pass", "Assign": {"v": 1}, "Next": "Work"},
        Work={"Type": kind, **work, "Assign": {"v": "{% $states.result[0] %}"}, "Next": "Show"},
        Show={"Type": "Pass", "Output": ["{% $v %}", "{% $exists($own) %}"], "End": True},
    )
    assert execute(definition).output == [2, False]


def test_a_distributed_map_has_no_outer_variables(execute: Execute) -> None:
    inner = {
        **jsonata(A={"Type": "Pass", "Output": "{% $exists($v) %}", "End": True}),
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
    }
    definition = jsonata(
        Set={"Type": "Pass", "Assign": {"v": 1}, "Next": "Work"},
        Work={"Type": "Map", "Items": ["{% $v %}"], "ItemProcessor": inner, "End": True},
    )
    assert execute(definition).output == [False]


def test_an_inner_scope_cannot_assign_a_variable_of_an_outer_one() -> None:
    inner = jsonata(A={"Type": "Pass", "Assign": {"v": 2}, "End": True})
    definition = jsonata(
        Set={"Type": "Pass", "Assign": {"v": 1}, "Next": "Work"},
        Work={"Type": "Parallel", "Branches": [inner], "End": True},
    )
    assert problems_of(json.dumps(definition)) == [
        "SCHEMA_VALIDATION_FAILED: The variable 'v' is assigned in an outer scope "
        "at /States/Work/Branches[0]/States/A/Assign"
    ]


@pytest.mark.parametrize("name", ["a.b", "1a", "states", "a" * 81, "a[0]"])
def test_a_variable_needs_a_name(name: str) -> None:
    problems = problems_of(json.dumps(jsonata(A={"Type": "Pass", "Assign": {name: 1}, "End": True})))
    assert problems == [f"SCHEMA_VALIDATION_FAILED: '{name}' is not a name of a variable at /States/A/Assign"]


def test_a_variable_without_value_is_an_error_in_both_languages(execute: Execute) -> None:
    ended = execute(jsonata(A=SHOW))
    assert ended.error == "States.QueryEvaluationError"
    assert execute(jsonpath(A={"Type": "Pass", "InputPath": "$v", "End": True})).error == "States.Runtime"
