"""JSONata: the functions that Step Functions adds, null and nothing, and errors that can be caught.

https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
"""

from __future__ import annotations

from typing import Any

import pytest

from local_cloud.engines.step_functions import jsonata as language
from tests.local_cloud.step_functions.conftest import Execute, jsonata, jsonpath


def value_of(expression: str, **bindings: Any) -> Any:
    return language.evaluate(expression, bindings)


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ("$partition([1,2,3,4], $floor(4/2))", [[1, 2], [3, 4]]),
        ("$partition([1,2,3], 2)", [[1, 2], [3]]),
        ("$range(0, 10, 5)", [0, 5, 10]),
        ("$range(5, 1, -2)", [5, 3, 1]),
        ("$range(1, 0, 1)", []),
        ("$range(0, 1, 0.25)", [0, 0.25, 0.5, 0.75, 1]),
        ("$hash('a', 'MD5')", "0cc175b9c0f1b6a831c399e269772661"),
        ("$hash('', 'SHA-256')", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("$random(42) = $random(42)", True),
        ("$random() != $random()", True),
        ("$length($uuid())", 36),
        ("$parse('{\"foo\": [1, null]}').foo", [1, None]),
        ('$type($parse("null"))', "null"),
        ("$states.input.n = null", True),
        ("$exists($states.input.n)", True),
        ("$exists($states.input.m)", False),
        ("$states.input", {"n": None, "l": [1, [2]], "one": [5]}),
        ("$states.input.one", [5]),
        ("[$states.input.n, $states.input.m]", [None]),
        ("{'a': $states.input.m}", {}),
        ("$states.input.l[1]", [2]),
        ("4 / 2", 2),
        ("7 / 2", 3.5),
        ("1e3", 1000),
        ("$states.input.text & 'b'", "b"),
        ("(  $x := 2; $x * 3 )", 6),
        ("[1..3]", [1, 2, 3]),
        ("$map([1, 2], function($v) { $v * 2 })", [2, 4]),
    ],
)
def test_an_expression_has_its_value(expression: str, wanted: Any) -> None:
    found = value_of(expression, states={"input": {"n": None, "l": [1, [2]], "one": [5]}})
    assert found == wanted
    assert type(found) is type(wanted)


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("$eval('1+1')", "threw an error during evaluation. T1006: Attempted to invoke a non-function"),
        ("'a' + 1", "threw an error during evaluation. T2001:"),
        ("$sum(['a'])", "threw an error during evaluation. T0412:"),
        ("1 / 0", "threw an error during evaluation."),
        ("$nothing", "returned nothing (undefined)."),
        ("$sum", "unsupported result type"),
        ("function($x) { $x }", ""),
        ("$range(1, 2, 0)", "$range needs a step"),
        ("$range(0, 1e9, 1)", "$range needs a step"),
        ("$partition([1], 0)", "$partition needs"),
        ("$hash('a', 'SHA-3')", "$hash needs"),
        ("$parse('{')", "threw an error during evaluation."),
        ("$random('a')", "a number is needed"),
        ("$uuid(1)", "threw an error during evaluation."),
    ],
)
def test_what_cannot_be_evaluated_is_a_query_error(expression: str, words: str) -> None:
    with pytest.raises(language.QueryError) as error:
        value_of(expression)
    assert words in str(error.value)


def passing(expression: Any) -> dict[str, Any]:
    return jsonata(P={"Type": "Pass", "Output": expression, "End": True})


def test_an_error_names_the_expression_and_its_field(execute: Execute) -> None:
    ended = execute(passing({"list": [0, {"v": "{% 'a' + 1 %}"}]}))
    cause = (
        "An error occurred while executing the state 'P' (entered at the event id #2). The JSONata expression "
        "''a' + 1' specified for the field 'Output/list[1]/v' threw an error during evaluation. "
        "T2001: The left side of the + operator must evaluate to a number"
    )
    assert (ended.status, ended.error, ended.cause) == ("FAILED", "States.QueryEvaluationError", cause)
    assert ended.types[-2:] == ["EvaluationFailed", "ExecutionFailed"]
    details = ended.events[-2]["evaluationFailedEventDetails"]
    assert (details["location"], details["state"]) == ("Output/list[1]/v", "P")


def test_an_expression_is_the_whole_text_and_nothing_else_is_one(execute: Execute) -> None:
    texts = {"a": "{% 1 + 1 %}", "b": " {% 1 %}", "c": "x {% 1 %}", "d": "$.a", "e": "{%'x'%}"}
    assert execute(passing(texts)).output == {**texts, "a": 2, "e": "x"}


@pytest.mark.parametrize("value", ["{% 'yes' %}", "{% 1 %}", "{% null %}", "{% [] %}"])
def test_a_condition_must_be_a_boolean(execute: Execute, value: str) -> None:
    choice = {"Type": "Choice", "Choices": [{"Condition": value, "Next": "S"}], "Default": "S"}
    ended = execute(jsonata(C=choice, S={"Type": "Succeed"}))
    assert (ended.status, ended.error) == ("FAILED", "States.QueryEvaluationError")
    assert ended.cause is not None
    assert "for the field 'Condition' returned an unexpected result type. Expected 'boolean'" in ended.cause


@pytest.mark.parametrize(
    "fields",
    [
        {"Arguments": {"n": "{% 'a' + 1 %}"}},
        {"Output": "{% $states.input.none %}"},
        {"Assign": {"v": "{% $nothing %}"}},
        {"Output": "{% $eval('1') %}"},
    ],
)
@pytest.mark.parametrize("name", ["States.QueryEvaluationError", "States.ALL"])
def test_an_error_of_any_field_is_caught(execute: Execute, fields: dict[str, Any], name: str) -> None:
    work = {
        "Type": "Parallel",
        "Branches": [jsonpath(A={"Type": "Pass", "End": True})],
        "Catch": [{"ErrorEquals": [name], "Next": "Caught"}],
        "End": True,
        **fields,
    }
    ended = execute(jsonata(Work=work, Caught={"Type": "Succeed"}))
    assert (ended.status, ended.output["Error"]) == ("SUCCEEDED", "States.QueryEvaluationError")


def test_states_has_the_members_of_the_guide(execute: Execute) -> None:
    ended = execute(passing("{% $keys($states) %}"))
    assert ended.output == ["input", "context"]
    work = {
        "Type": "Parallel",
        "Branches": [jsonpath(A={"Type": "Pass", "End": True})],
        "Output": "{% $keys($states) %}",
        "End": True,
    }
    assert execute(jsonata(Work=work)).output == ["input", "context", "result"]
