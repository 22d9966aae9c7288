"""Intrinsic functions against the examples of the Developer Guide.

https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from local_cloud.engines.step_functions import intrinsic_calls, intrinsics
from local_cloud.engines.step_functions.errors import StateError


def value_of(call: str, data: Any = None) -> Any:
    return intrinsics.evaluate(intrinsic_calls.parse(call), lambda path: path.find(data))


@pytest.mark.parametrize(
    ("call", "data", "wanted"),
    [
        ("States.Array($.Id)", {"Id": 123456}, [123456]),
        ("States.Array()", None, []),
        (
            "States.ArrayPartition($.inputArray,4)",
            {"inputArray": [1, 2, 3, 4, 5, 6, 7, 8, 9]},
            [[1, 2, 3, 4], [5, 6, 7, 8], [9]],
        ),
        (
            "States.ArrayContains($.inputArray, $.lookingFor)",
            {"inputArray": [1, 2, 3, 4, 5, 6, 7, 8, 9], "lookingFor": 5},
            True,
        ),
        ("States.ArrayContains($, 1)", [True], False),
        ("States.ArrayRange(1, 9, 2)", None, [1, 3, 5, 7, 9]),
        ("States.ArrayRange(3, 1, -1)", None, [3, 2, 1]),
        ("States.ArrayGetItem($.inputArray, $.index)", {"inputArray": [1, 2, 3, 4, 5, 6, 7, 8, 9], "index": 5}, 6),
        ("States.ArrayLength($.inputArray)", {"inputArray": [1, 2, 3, 4, 5, 6, 7, 8, 9]}, 9),
        ("States.ArrayUnique($.inputArray)", {"inputArray": [1, 2, 3, 3, 3, 3, 3, 3, 4]}, [1, 2, 3, 4]),
        ("States.ArrayUnique($)", [1, True, "1", [1], [1]], [1, True, "1", [1]]),
        ("States.Base64Encode($.input)", {"input": "Data to encode"}, "RGF0YSB0byBlbmNvZGU="),
        ("States.Base64Decode($.base64)", {"base64": "RGVjb2RlZCBkYXRh"}, "Decoded data"),
        (
            "States.Hash($.Data, $.Algorithm)",
            {"Data": "input data", "Algorithm": "SHA-1"},
            "aaff4a450a104cd177d28d18d74485e8cae074b7",
        ),
        (
            "States.JsonMerge($.json1, $.json2, false)",
            {"json1": {"a": {"a1": 1, "a2": 2}, "b": 2}, "json2": {"a": {"a3": 1, "a4": 2}, "c": 3}},
            {"a": {"a3": 1, "a4": 2}, "b": 2, "c": 3},
        ),
        ("States.StringToJson($.escapedJsonString)", {"escapedJsonString": '{"foo": "bar"}'}, {"foo": "bar"}),
        ("States.JsonToString($.unescapedJson)", {"unescapedJson": {"foo": "bar"}}, '{"foo":"bar"}'),
        ("States.MathAdd($.value1, $.step)", {"value1": 111, "step": -1}, 110),
        ("States.MathAdd(1.5, 1.4)", None, 3),
        (
            "States.StringSplit($.inputString, $.splitter)",
            {"inputString": "1,2,3,4,5", "splitter": ","},
            ["1", "2", "3", "4", "5"],
        ),
        (
            "States.StringSplit($.inputString, $.splitter)",
            {"inputString": "This.is+a,test=string", "splitter": ".+,="},
            ["This", "is", "a", "test", "string"],
        ),
        ("States.StringSplit(',,a,', ',')", None, ["a"]),
        ("States.Format('Hello, my name is {}.', $.name)", {"name": "Arnav"}, "Hello, my name is Arnav."),
        ("States.Format($.template, $.name)", {"template": "I am {}.", "name": "Arnav"}, "I am Arnav."),
        (r"States.Format('\{{}\} it\'s {} \\', 1, null)", None, "{1} it's null \\"),
        ("States.Format('{}', $)", {"a": [1, "b"], "c": {}}, "{a=[1, b], c={}}"),
        ("States.Array('Foo', 2020, $.someJson, null)", {"someJson": {"r": True}}, ["Foo", 2020, {"r": True}, None]),
        ("States.ArrayGetItem(States.Array(States.Format('{}', 1), 2), 0)", None, "1"),
        ("States.ArrayLength($['a b'][0:2])", {"a b": [1, 2, 3]}, 2),
        ("States.JsonToString($.a[?(@.b == 'x, y)')])", {"a": [{"b": "x, y)"}, {"b": ""}]}, '[{"b":"x, y)"}]'),
    ],
)
def test_a_function_answers_as_documented(call: str, data: Any, wanted: Any) -> None:
    found = value_of(call, data)
    assert found == wanted
    assert type(found) is type(wanted)


@pytest.mark.parametrize(
    ("call", "data", "wanted"),
    [
        *(
            ("States.MathAdd($[0], $[1])", list(pair), wanted)
            for pair, wanted in {
                (1.49, 1.5): 3,
                (1.5, 1.51): 4,
                (-1.49, -1.5): -2,
                (-1.5, -1.51): -3,
                (2.5, 0): 3,
                (-0.5, 0): 0,
                (-2.5, 0): -2,
                (-3.5, 0): -3,
                (-0.5, 0.5): 1,
            }.items()
        ),
        ("States.ArrayPartition($, 2)", [], []),
        ("States.ArrayPartition($, 5)", [0, 1], [[0, 1]]),
        ("States.ArrayContains($, null)", [], False),
        ("States.ArrayContains($, $[0])", [{"1": 2, "2": []}], True),
        ("States.ArrayRange(0, 10, 3)", None, [0, 3, 6, 9]),
        ("States.ArrayRange(1, 9, 9)", None, [1]),
        ("States.Base64Decode($)", "", ""),
        ("States.Format('{} and {}', $[0], $[1])", [None, 1.1], "null and 1.1"),
        ("States.Format('{}', $)", {"Arg1": 1, "Arg2": []}, "{Arg1=1, Arg2=[]}"),
        ("States.Format('{}', $)", '{"Arg1": 1}', '{"Arg1": 1}'),
        ("States.JsonToString($)", [1, 2, "HelloWorld"], '[1,2,"HelloWorld"]'),
        ("States.StringToJson($)", " ", None),
        ("States.StringToJson($)", "-0", 0),
        ("States.StringSplit($, ',')", ", , ,", [" ", " "]),
        ("States.StringSplit($, ',')", ",,,,", []),
        ("States.StringSplit($, 'T\n')", "on T and \nnew line", ["on ", " and ", "new line"]),
    ],
)
def test_a_function_answers_as_the_service_was_recorded(call: str, data: Any, wanted: Any) -> None:
    # Recorded by the test suite of LocalStack, https://github.com/localstack/localstack.
    assert value_of(call, data) == wanted


def test_every_function_that_can_be_called_is_there() -> None:
    assert intrinsics._FUNCTIONS.keys() == intrinsic_calls.FUNCTIONS


def test_a_uuid_is_random_and_of_version_4() -> None:
    first, second = value_of("States.UUID()"), value_of("States.UUID()")
    assert first != second
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", first)


def test_random_numbers_are_from_the_range_and_repeat_with_a_seed() -> None:
    assert {value_of("States.MathRandom(1, 3)") for _ in range(60)} == {1, 2}
    assert len({value_of("States.MathRandom(1, 999, 42)") for _ in range(5)}) == 1


@pytest.mark.parametrize(
    "call",
    [
        "States.ArrayContains('text', 1)",
        "States.ArrayGetItem($, 9)",
        "States.ArrayLength(1)",
        "States.ArrayPartition($, 0)",
        "States.ArrayRange(1, 9, 0)",
        "States.ArrayRange(0, 1000, 1)",
        "States.Base64Decode('%')",
        "States.Format('{} {}', 1)",
        "States.Format('{}')",
        "States.Hash('a', 'SHA-3')",
        "States.JsonMerge($, $, true)",
        "States.JsonToString()",
        "States.MathAdd('1', 1)",
        "States.MathRandom(3, 3)",
        "States.StringSplit(1, ',')",
        "States.StringToJson('{')",
        "States.UUID(1)",
    ],
)
def test_arguments_that_do_not_fit_are_an_intrinsic_failure(call: str) -> None:
    with pytest.raises(StateError) as failure:
        value_of(call, [1])
    assert failure.value.name == "States.IntrinsicFailure"


@pytest.mark.parametrize("function", ["Base64Encode", "Base64Decode", "Hash"])
def test_a_text_has_10000_characters_at_most(function: str) -> None:
    more = ", 'MD5'" if function == "Hash" else ""
    value_of(f"States.{function}($.a{more})", {"a": "YWFh" * 2_500})
    with pytest.raises(StateError, match="10000 characters"):
        value_of(f"States.{function}($.a{more})", {"a": "YWFh" * 2_501})


@pytest.mark.parametrize(
    "text",
    [
        "States.Nothing()",
        "States.Format('a'",
        "States.Format('a)",
        "States.Format(a)",
        r"States.Format('\n')",
        "States.UUID() ",
        "States.Array(" * 11 + ")" * 11,
    ],
)
def test_what_is_no_call_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        intrinsic_calls.parse(text)
