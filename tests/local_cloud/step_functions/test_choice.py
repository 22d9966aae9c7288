"""Choice states: every operator, combinations, paths that lead nowhere, and what nothing matches.

https://states-language.net/spec.html#choice-state
"""

from __future__ import annotations

from typing import Any

import pytest

from local_cloud.engines.step_functions.choice import COMPARISONS, OPERATORS, pattern
from tests.local_cloud.step_functions.conftest import Execute, jsonata, jsonpath

YES, NO = {"Type": "Pass", "Result": True, "End": True}, {"Type": "Pass", "Result": False, "End": True}

# For each comparison: a value that it is true of, and one of which it is false, both against the operand.
EARLY, LATE = "2016-08-18T17:33:00Z", "2016-08-18T20:33:00+01:00"
OPERANDS: dict[str, tuple[Any, Any, Any]] = {
    "Numeric": (1, 2, 3.5),
    "String": ("a", "b", "c"),
    "Timestamp": (EARLY, "2016-08-18T18:33:00Z", LATE),
    "Boolean": (False, True, None),
}
TRUE_OF = {
    "Equals": [1],
    "GreaterThan": [2],
    "GreaterThanEquals": [1, 2],
    "LessThan": [0],
    "LessThanEquals": [0, 1],
}


def chosen(execute: Execute, rule: dict[str, Any], data: Any) -> Any:
    choice = {"Type": "Choice", "Choices": [{**rule, "Next": "Yes"}], "Default": "No"}
    ended = execute(jsonpath(Choose=choice, Yes=YES, No=NO), data)
    assert ended.status == "SUCCEEDED", ended.cause
    return ended.output


@pytest.mark.parametrize("name", sorted(COMPARISONS))
def test_a_comparison_is_true_of_what_it_names_and_false_of_all_else(execute: Execute, name: str) -> None:
    kind, sign = COMPARISONS[name]
    values = [value for value in OPERANDS[kind] if value is not None]
    for at, value in enumerate(values):
        literal = chosen(execute, {"Variable": "$.v", name: values[1]}, {"v": value})
        path = chosen(execute, {"Variable": "$.v", f"{name}Path": "$.w"}, {"v": value, "w": values[1]})
        assert (literal, path) == ((at in TRUE_OF[sign]),) * 2
    others: list[Any] = [None, [], {}, "1" if kind == "Numeric" else 1]
    for other in others:
        assert chosen(execute, {"Variable": "$.v", name: values[1]}, {"v": other}) is False


@pytest.mark.parametrize(
    ("name", "true_of", "false_of"),
    [
        ("IsBoolean", [True, False], [None, 0, "true"]),
        ("IsNull", [None], [0, "", False, []]),
        ("IsNumeric", [0, 1.5], [True, "1", None]),
        ("IsString", ["", "a"], [1, None, []]),
        ("IsTimestamp", [EARLY, LATE, "2016-08-18T17:33:00.123456789Z"], ["2016-08-18", "2016-08-18 17:33:00Z", 1]),
        ("IsTimestamp", [], ["2016-13-18T17:33:00Z", "2016-08-18T17:33:00", "2016-08-18t17:33:00z"]),
        ("IsPresent", [None, 0, False, []], []),
    ],
)
def test_a_test_of_the_type(execute: Execute, name: str, true_of: list[Any], false_of: list[Any]) -> None:
    for value in [*true_of, *false_of]:
        found = chosen(execute, {"Variable": "$.v", name: True}, {"v": value})
        assert found is any(value is other or (value == other and type(value) is type(other)) for other in true_of)
        assert chosen(execute, {"Variable": "$.v", name: False}, {"v": value}) is not found


def test_every_operator_of_the_language_is_there() -> None:
    assert len(OPERATORS) == 39


@pytest.mark.parametrize(
    ("text", "matching", "others"),
    [
        ("foo*.log", ["foo23.log", "foo.log"], ["foo.logs", "a foo.log"]),
        ("*.log", ["zebra.log"], ["zebra.txt"]),
        ("foo*.*", ["foobar.zebra"], ["foobar"]),
        ("log-\\*.txt", ["log-*.txt"], ["log-1.txt"]),
        ("a\\\\b", ["a\\b"], ["a\\\\b"]),
        ("a.b?[c]", ["a.b?[c]"], ["axb?[c]", "a.bc"]),
        ("*", ["", "line\nline"], []),
    ],
)
def test_string_matches_knows_the_asterisk_and_its_escape(text: str, matching: list[str], others: list[str]) -> None:
    assert all(pattern(text).fullmatch(value) for value in matching)
    assert not any(pattern(text).fullmatch(value) for value in others)


def test_string_matches_decides_a_choice(execute: Execute) -> None:
    rule = {"Variable": "$.v", "StringMatches": "log-*.txt"}
    assert [chosen(execute, rule, {"v": value}) for value in ("log-1.txt", "log-1.csv", 1)] == [True, False, False]


def test_the_example_of_the_specification_chooses_as_it_says(execute: Execute) -> None:
    choices = [
        {"Not": {"Variable": "$.type", "StringEquals": "Private"}, "Next": "Public"},
        {
            "And": [
                {"Variable": "$.value", "IsPresent": True},
                {"Variable": "$.value", "IsNumeric": True},
                {"Variable": "$.value", "NumericGreaterThanEquals": 20},
                {"Variable": "$.value", "NumericLessThan": 30},
            ],
            "Next": "ValueInTwenties",
        },
    ]
    states = {name: {"Type": "Pass", "Result": name, "End": True} for name in ("Public", "ValueInTwenties", "Record")}
    definition = jsonpath(Choose={"Type": "Choice", "Choices": choices, "Default": "Record"}, **states)
    found = [
        execute(definition, data).output
        for data in ({"type": "Open"}, {"type": "Private", "value": 22}, {"type": "Private"})
    ]
    assert found == ["Public", "ValueInTwenties", "Record"]


def test_the_first_rule_that_matches_decides(execute: Execute) -> None:
    rules = [{"Variable": "$.n", "NumericGreaterThan": limit, "Next": name} for limit, name in ((1, "A"), (0, "B"))]
    states = {name: {"Type": "Pass", "Result": name, "End": True} for name in "ABC"}
    definition = jsonpath(Choose={"Type": "Choice", "Choices": rules, "Default": "C"}, **states)
    assert [execute(definition, {"n": n}).output for n in (2, 1, 0)] == ["A", "B", "C"]


@pytest.mark.parametrize(
    "test",
    [
        {"Variable": "$.count", "NumericGreaterThan": 0},
        {"Variable": "$.count", "IsNull": True},
        {"Not": {"Variable": "$.count", "NumericGreaterThan": 0}},
        {"Or": [{"Variable": "$.count", "NumericGreaterThan": 0}]},
        {"Variable": "$.there", "NumericGreaterThanPath": "$.count"},
    ],
)
def test_a_path_that_leads_nowhere_fails_and_no_default_hides_it(execute: Execute, test: dict[str, Any]) -> None:
    choice = {"Type": "Choice", "Choices": [{**test, "Next": "Yes"}], "Default": "No"}
    ended = execute(jsonpath(Choose=choice, Yes=YES, No=NO), {"there": 1})
    assert (ended.status, ended.error) == ("FAILED", "States.Runtime")
    assert ended.cause == (
        "An error occurred while executing the state 'Choose' (entered at the event id #2). "
        "Invalid path '$.count': The choice state's condition path references an invalid value."
    )


def test_and_and_or_look_no_further_than_they_must(execute: Execute) -> None:
    nowhere = {"Variable": "$.nowhere", "IsNull": True}
    false, true = {"Variable": "$.v", "IsNull": True}, {"Variable": "$.v", "IsNumeric": True}
    assert chosen(execute, {"And": [false, nowhere]}, {"v": 1}) is False
    assert chosen(execute, {"Or": [true, nowhere]}, {"v": 1}) is True


def test_is_present_knows_null_from_nothing(execute: Execute) -> None:
    found = [chosen(execute, {"Variable": "$.v", "IsPresent": True}, data) for data in ({"v": None}, {})]
    assert found == [True, False]


def test_what_no_rule_matches_is_an_error_without_default(execute: Execute) -> None:
    rule = {"Variable": "$.v", "NumericEquals": 1, "Next": "Yes"}
    ended = execute(jsonpath(Choose={"Type": "Choice", "Choices": [rule]}, Yes=YES), {"v": 2})
    assert (ended.status, ended.error) == ("FAILED", "States.NoChoiceMatched")


def test_a_context_object_and_variables_can_be_compared(execute: Execute) -> None:
    rule = {"And": [{"Variable": "$$.Execution.Name", "StringEqualsPath": "$name"}], "Next": "Yes"}
    assign = {"Type": "Pass", "Assign": {"name": "one"}, "Next": "Choose"}
    definition = jsonpath(Set=assign, Choose={"Type": "Choice", "Choices": [rule], "Default": "No"}, Yes=YES, No=NO)
    assert execute(definition).output is True


def test_paths_of_the_state_apply_to_the_output(execute: Execute) -> None:
    choice = {
        "Type": "Choice",
        "InputPath": "$.in",
        "OutputPath": "$.out",
        "Choices": [{"Variable": "$.n", "NumericEquals": 1, "Next": "End"}],
    }
    assert execute(jsonpath(Choose=choice, End={"Type": "Succeed"}), {"in": {"n": 1, "out": "x"}}).output == "x"


def test_the_rule_that_matches_brings_its_own_assign_and_output_the_state_those_of_the_default(
    execute: Execute,
) -> None:
    choice = {
        "Type": "Choice",
        "Choices": [
            {"Condition": "{% $states.input.a = 1 %}", "Assign": {"v": "rule"}, "Output": "rule", "Next": "Show"},
            {"Condition": "{% $states.input.a = 2 %}", "Next": "Show"},
        ],
        "Default": "Show",
        "Assign": {"v": "default"},
        "Output": "default",
    }
    start = {"Type": "Pass", "Assign": {"v": "start"}, "Next": "Choose"}
    show = {"Type": "Pass", "Output": {"v": "{% $v %}", "o": "{% $states.input %}"}, "End": True}
    definition = jsonata(Start=start, Choose=choice, Show=show)
    assert execute(definition, {"a": 1}).output == {"v": "rule", "o": "rule"}
    assert execute(definition, {"a": 2}).output == {"v": "start", "o": {"a": 2}}
    assert execute(definition, {"a": 3}).output == {"v": "default", "o": "default"}


def test_rules_of_jsonpath_assign_as_well(execute: Execute) -> None:
    rule = {"Variable": "$.n", "NumericEquals": 1, "Assign": {"v.$": "$.n"}, "Next": "Show"}
    choice = {"Type": "Choice", "Choices": [rule], "Default": "Show", "Assign": {"v": "default"}}
    show = {"Type": "Pass", "Parameters": {"v.$": "$v"}, "End": True}
    definition = jsonpath(Choose=choice, Show=show)
    assert [execute(definition, {"n": n}).output["v"] for n in (1, 2)] == [1, "default"]
