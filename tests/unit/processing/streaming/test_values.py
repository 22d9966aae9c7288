"""Values as both engines accept them: each type, with what looks like it."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from tests.unit.processing.streaming.conftest import Outputs

# By type: texts of JSON that are accepted, and those that are not.
VALUES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "tinyint": (("127", "-128", "-0"), ("128", "-129", '"5"', "5.0", "1e2", "true", "[1]")),
    "bigint": (("9223372036854775807",), ("9223372036854775808", "123456789012345678901234")),
    "float": (("0.5", "3.4e38", "7"), ("3.5e38", '"1"')),
    "double": (("1e2", "-0.00001", "123456789012345678901234"), ("1e999", '"1.5"', "true", '"NaN"')),
    "decimal(5,2)": (("123.455", '"12.3"', "1e2", "0.005", "-999.99"), ("999.995", "1000", '"x"', "1e999", '"1e"')),
    "decimal(38,10)": (
        ("1234567890123456789012345678.0123456789", '"-0.00000000005"', "-0.0", '"+.5e1"', "1e27"),
        ("1e28", '"1\\n"', '"\\"1\\""'),
    ),
    "boolean": (("true", "false"), ("1", '"true"')),
    "string": (('"a\\"b\\u00e9"', '""', "12.10", "1e2", "true", "5"), ('{"a":1}', "[1]")),
    "binary": (('"aGFsbG8="', '""', '"aGF\\/bG8\\u003d"'), ('"hallo!"', "5", "1234", "true", '"aGFsbG8=\\n"')),
    "date": (
        ('"2024-02-29"', '"0001-01-01"', '"2024\\u002d02-29"'),
        ('"2024-02-29\\n"', '["2024-02-29"]', '"2023-02-29"', '"2024-2-9"', "20240229", '"2024-02-29T00:00"'),
    ),
    "timestamp": (
        ('"2024-02-29T23:59:59.999999999+18:00"', '"2024-02-29 10:00"', '"2024-02-29T10:00:00-0130"'),
        (
            '"2024-02-30T10:00:00Z"',
            '"2024-02-29T10:00:00Z\\n"',
            '"0000-01-01T00:00:00Z"',
            '"2024-02-30T10:00:00"',
            '"2024-02-29T24:00:00"',
            '"2024-02-29T10:00:00+19"',
            '"2024-02-29"',
            "1700000000",
        ),
    ),
}
TIMES = {
    '"1970-01-01T00:00:00Z"': 0,
    '"1969-12-31 23:59:59.999"': -1,
    '"2024-02-29T10:30+05:30"': 1_709_182_800_000,
    '"2024-02-29T10:30:15.1239-0130"': 1_709_208_015_123,
    '"2024-02-29T10:30:15Z"': 1_709_202_615_000,
    '"2024-02-29T10:30:15.1"': 1_709_202_615_100,
    '"2024-02-29 10:30:15.12Z"': 1_709_202_615_120,
    '"2024-02-29T10:30:15.123\\u005a"': 1_709_202_615_123,
    '"1969-12-31T23:59:58.5Z"': -1500,
    '"1900-03-01T00:00:00.001Z"': -2_203_891_199_999,
    '"0001-01-01T00:00:00Z"': -62_135_596_800_000,
    '"9999-12-31T23:59:59.999Z"': 253_402_300_799_999,
}


# What looks like a time; the first is none of the years 1 to 9999.
NO_TIMES = ["0001-01-01T00:00:00+01:00", "0000-12-31T23:59:59Z", "2023-02-29T10:00:00Z", "2024-02-29T10:30:15Z\n"]


def _plan(*columns: dict[str, Any], event_time: str = "at", **more: Any) -> dict[str, Any]:
    outputs = [{"name": name, "kind": name} for name in ("clean", "rejected")]
    return {
        "dataset": "values",
        "columns": list(columns),
        "event_time": event_time,
        "lateness_ms": 0,
        "outputs": outputs,
        **more,
    }


def test_both_engines_accept_the_same_values_of_every_type(in_flink: Outputs, in_python: Outputs) -> None:
    columns = [{"name": f"c{at}", "source": f"c{at}", "type": kind} for at, kind in enumerate(VALUES)]
    plan = _plan({"name": "at", "source": "at", "type": "bigint"}, *columns)
    records = [
        f'{{"at": 0, "c{at}": {text}, "case": {json.dumps(text)}}}'
        for at, texts in enumerate(VALUES.values())
        for text in (*texts[0], *texts[1])
    ]

    ours, flinks = in_python(plan, records), in_flink(plan, records)

    assert flinks == ours
    refused = [(at, text) for at, (_, texts) in enumerate(VALUES.values()) for text in texts]
    names = list(VALUES)
    assert [json.loads(row["record"])["case"] for row in ours["rejected"]] == [text for _, text in refused]
    for row, (at, _) in zip(ours["rejected"], refused, strict=True):
        assert row["reason"] == f"c{at}: is not a {names[at]}"


def test_both_engines_know_one_object_from_what_looks_like_it(in_flink: Outputs, in_python: Outputs) -> None:
    plan = _plan({"name": "at", "source": "at", "type": "bigint"})
    good = ['{"at":1}', ' {"at": 1, "more": [{}], "text": "\\"],\\"ä😀"} ', '\t\r{"at":1}\t', '{"at":1,"at":2}']
    bad = ['{"at":1} {"at":2}', '{"at":1}, {"at":2}', '{"at":1}]', '{"at":1}, 0] [', "[]", "5", "null", "{'at':1}"]
    bad += ['{"at":1},"{\\"at\\":1}"', '{"at":1},1],', '{"at":1},', '{},{"at":1}', '\x0c{"at":1}', '\ufeff{"at":1}']
    bad += ['{"at":NaN}', '{"at":1,}', '{"at":01}', '{"at":1', '"text', '{"at":1, "text":"\ufffd"}', " "]
    of_columns = ["{}", '{"at":null}', '{"at":"1"}', '{"at":1.5}', '{"AT":1}', '{"at":253402300800000}']

    ours, flinks = in_python(plan, [*good, *bad, *of_columns]), in_flink(plan, [*good, *bad, *of_columns])

    assert flinks == ours
    assert [row["record"] for row in ours["rejected"]] == [*bad, *of_columns]
    reasons = [row["reason"] for row in ours["rejected"]]
    assert {*reasons[: len(bad)]} == {"is not one JSON object", "is not UTF-8"}
    assert {*reasons[len(bad) :]} == {"at: missing, but the event time", "at: is not a bigint"}


def test_both_engines_hold_values_against_the_constraints(in_flink: Outputs, in_python: Outputs) -> None:
    price = {"name": "price", "source": "price", "type": "decimal(6,2)", "exclusive_minimum": 0, "maximum": 99.5}
    ratio = {"name": "ratio", "source": "ratio", "type": "double", "minimum": 0.1, "exclusive_maximum": 1}
    code = {"name": "code", "source": "code", "type": "string", "min_length": 2, "max_length": 3}
    state = {"name": "state", "source": "state", "type": "string", "enum": ["on", "it's off"]}
    level = {"name": "level", "source": "level", "type": "int", "enum": [1, 2], "required": True}
    plan = _plan({"name": "at", "source": "at", "type": "bigint"}, price, ratio, code, state, level)
    cases = {
        '"level":1,"price":99.50,"ratio":0.1,"code":"ab","state":"it\'s off"': None,
        '"level":3': "level: is not one of 1, 2",
        '"code":"ab"': "level: missing, but required",
        '"level":1,"price":0': "price: is not above 0",
        '"level":1,"price":99.51': "price: is above the maximum 99.5",
        '"level":1,"ratio":0.09': "ratio: is below the minimum 0.1",
        '"level":1,"ratio":1': "ratio: is not below 1",
        '"level":1,"code":"a"': "code: is shorter than 2 characters",
        '"level":1,"code":"abcd"': "code: is longer than 3 characters",
        '"level":1,"state":"off"': "state: is not one of on, it's off",
    }
    records = [f'{{"at":0,{case}}}' for case in cases]

    ours, flinks = in_python(plan, records), in_flink(plan, records)

    assert flinks == ours
    assert [row["reason"] for row in ours["rejected"]] == [reason for reason in cases.values() if reason]


def test_both_engines_read_the_same_times(in_flink: Outputs, in_python: Outputs, stream: SimpleNamespace) -> None:
    minutes = {"name": "windows", "kind": "window", "window_ms": 1000, "measures": {"n": {"measure": "count"}}}
    plan = _plan({"name": "at", "source": "at", "type": "timestamp"}, lateness_ms=99 * 86_400_000)
    plan["outputs"] += [minutes, {"name": "late", "kind": "late"}]
    records = [f'{{"at":{text}}}' for text in (*sorted(TIMES, key=TIMES.__getitem__), *map(json.dumps, NO_TIMES))]

    ours, flinks = in_python(plan, records), in_flink(plan, records)

    assert flinks == ours
    times = sorted(TIMES.values())
    assert [stream.values.event_ms(json.loads(text)) for text in TIMES] == list(TIMES.values())
    starts = [row["window_start"] for row in ours["windows"]]
    assert starts == list(dict.fromkeys(stream.values.time_text(time // 1000 * 1000) for time in times))
    assert [json.loads(row["record"])["at"] for row in ours["rejected"]] == NO_TIMES


def test_windows_may_begin_and_end_outside_the_years_of_events(in_flink: Outputs, in_python: Outputs) -> None:
    weeks = {"name": "weeks", "kind": "window", "window_ms": 7 * 86_400_000, "measures": {"n": {"measure": "count"}}}
    plan = _plan({"name": "at", "source": "at", "type": "timestamp"}, lateness_ms=0)
    plan["outputs"] += [weeks, {"name": "late", "kind": "late"}]
    records = [json.dumps({"at": at}) for at in ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z")]

    ours, flinks = in_python(plan, records), in_flink(plan, records)

    assert flinks == ours
    bounds = [(row["window_start"], row["window_end"]) for row in ours["weeks"]]
    assert bounds == [
        ("0000-12-28T00:00:00.000Z", "0001-01-04T00:00:00.000Z"),
        ("9999-12-30T00:00:00.000Z", "+10000-01-06T00:00:00.000Z"),
    ]


def test_the_time_in_a_record_that_is_no_json_object_makes_none_late(in_flink: Outputs, in_python: Outputs) -> None:
    minutes = {"name": "windows", "kind": "window", "window_ms": 1000, "measures": {"n": {"measure": "count"}}}
    plan = _plan({"name": "at", "source": "at", "type": "bigint"}, lateness_ms=0)
    plan["outputs"] += [minutes, {"name": "late", "kind": "late"}]
    records = ['{"at":1000}', '{"at":9000} {"at":9000}', '{"at":2000}']

    ours, flinks = in_python(plan, records), in_flink(plan, records)

    assert flinks == ours
    assert ours["clean"] == [{"at": 1000}, {"at": 2000}]


def test_half_a_pair_of_utf_16_is_no_text(in_python: Outputs) -> None:
    plan = _plan({"name": "at", "source": "at", "type": "bigint"}, {"name": "c", "source": "c", "type": "string"})

    rows = in_python(plan, ['{"at":0,"c":"\\ud800"}', '{"at":0,"c":"\\ud83d\\ude00"}'])

    assert [row["reason"] for row in rows["rejected"]] == ["c: is not a string"]
    assert rows["clean"] == [{"at": 0, "c": "\U0001f600"}]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"event_time": "x"}, "plan: 'x' is not a column; columns are at"),
        ({"colums": []}, "plan: unknown key 'colums'; known keys are "),
        ({"columns": [{"name": "at", "source": "at", "type": "map"}]}, "plan: columns: type 'map' of 'at' is none of"),
        ({"outputs": [{"name": "a", "kind": "all"}]}, "plan: outputs: kind 'all' of 'a' is none of"),
        ({"outputs": [{"name": "a", "kind": "window"}]}, "plan: outputs: 'a' must have a window_ms if it is a window"),
    ],
)
def test_a_plan_with_a_fault_is_refused_by_name(stream: SimpleNamespace, change: Any, message: str) -> None:
    plan = {**_plan({"name": "at", "source": "at", "type": "bigint"}), **change}

    with pytest.raises(stream.errors.StreamError) as refused:
        stream.plan.Plan.parse(json.dumps(plan))

    assert str(refused.value).startswith(message)
