"""The rules' SQL: every example of AWS's pages that is evaluated here, and refusals by name of all others."""

from __future__ import annotations

import json
import math
import re
from decimal import Decimal
from typing import Any

import pytest

from local_cloud.engines.iot import functions
from local_cloud.engines.iot.evaluation import Message, evaluate, filled, selected
from local_cloud.engines.iot.formats import UnknownPattern
from local_cloud.engines.iot.functions import UndocumentedError
from local_cloud.engines.iot.parsing import SqlError, parse
from local_cloud.engines.iot.values import UNDEFINED


def message(payload: Any = None, topic: str = "topic/subtopic") -> Message:
    content = payload if isinstance(payload, bytes) else json.dumps(payload if payload is not None else {}).encode()
    return Message(topic=topic, payload=content, account="123456789012")


def value(expression: str, payload: Any = None, topic: str = "topic/subtopic") -> Any:
    return evaluate(parse(f"SELECT {expression} AS x FROM 'a'").items[0][1], message(payload, topic))


def sent(sql: str, payload: Any) -> Any:
    found = selected(parse(sql), message(payload))
    return None if found is None else json.loads(found)


# https://docs.aws.amazon.com/iot/latest/developerguide/iot-sql-functions.html
EXAMPLES: dict[str, Any] = {
    "abs(-5)": 5,
    "abs('-5.123')": Decimal("5.123"),
    "accountid()": "123456789012",
    "acos(0)": Decimal("1.5707963267948966"),
    "asin(0)": 0,
    "atan(0)": 0,
    "atan2(1, 0)": Decimal("1.5707963267948966"),
    "bitand(13, 5)": 5,
    "bitor(8, 5)": 13,
    "bitxor(13, 5)": 8,
    "cast(true as Int)": 1,
    "cast(10.0 as Decimal)": 10,
    "cast('TRUE' as Bool)": True,
    "cast(0 as Boolean)": False,
    "cast(1.7 as Integer)": 1,
    "cast([1, 'a', true] as String)": '[1,"a",true]',
    "cast(null as String)": UNDEFINED,
    "ceil(1.2)": 2,
    "ceil(-1.2)": -1,
    "chr(65)": "A",
    "chr(49)": "1",
    "clientid()": "n/a",
    "concat()": UNDEFINED,
    "concat(1)": "1",
    "concat([1, 2, 3], 4)": [1, 2, 3, 4],
    'concat([1, 2, 3], "hello")': [1, 2, 3, "hello"],
    'concat("con", "cat")': "concat",
    'concat(1, "hello")': "1hello",
    'concat("he","is","man")': "heisman",
    'concat([1, 2, 3], "hello", [4, 5, 6])': [1, 2, 3, "hello", 4, 5, 6],
    "cos(0)": 1,
    "cosh(2.3)": Decimal("5.037220649268761"),
    'decode("eyAidGVtcGVyYXR1cmUiOiAzMyB9Cg==","base64").temperature': 33,
    'decode("aGVsbG8=", "base64")': "hello",
    'decode("no", "base64")': None,
    "encode('hello', 'base64')": "aGVsbG8=",
    'endswith("cat","at")': True,
    "exp(1)": Decimal(repr(math.e)),
    "floor(1.2)": 1,
    "floor(-1.2)": -2,
    'get(["a", "b", "c"], 1)': "b",
    'get({"a":"b"}, "a")': "b",
    'md5("hello")': "5d41402abc4b2a76b9719d911017c592",
    'sha1("hello")': "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d",
    'sha224("hello")': "ea09ae9cc6768c50fcee903ed054556e5bfc8347907f12598aa24193",
    'sha256("hello")': "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
    'length(sha384("hello"))': 96,
    'length(sha512("hello"))': 128,
    'indexof("abcd", "bc")': 1,
    "isNull(5)": False,
    "isNull(Null)": True,
    "isUndefined(5)": False,
    "isUndefined(floor([1,2,3]))": True,
    'length("hi")': 2,
    "length(false)": 5,
    f"ln({math.e!r})": 1,
    "log(100)": 2,
    'lower("HELLO")': "hello",
    'lower(["HELLO"])': '["hello"]',
    'lpad("hello", 2)': "  hello",
    "lpad(1, 3)": "   1",
    'Ltrim(" h i ")': "h i ",
    "mod(8, 3)": 2,
    "Nanvl(8, 3)": 8,
    "Nanvl(null, 3)": 3,
    'numbytes("hi")': 2,
    'numbytes("€")': 3,
    """parse_time("yyyy.MM.dd G 'at' HH:mm:ss z", 100000000, "America/Belize")""": "1970.01.01 AD at 21:46:40 CST",
    "power(2, 5)": 32,
    'regexp_matches("aaaa", "a{2,}")': True,
    'regexp_matches("aaaa", "b")': False,
    'regexp_replace("abcd", "bc", "x")': "axd",
    'regexp_replace("abcd", "b(.*)d", "$1")': "ac",
    'regexp_substr("hihihello", "hi")': "hi",
    'regexp_substr("hihihello", "(hi)*")': "hihi",
    "remainder(8, 3)": 2,
    'replace("abcd", "bc", "x")': "axd",
    'replace("abcdabcd", "b", "x")': "axcdaxcd",
    'rpad("hello", 2)': "hello  ",
    "rpad(1, 3)": "1   ",
    "Round(1.2)": 1,
    "Round(1.5)": 2,
    "Round(1.7)": 2,
    "Round(-1.1)": -1,
    "Round(-1.5)": -2,
    'rtrim(" h i ")': " h i",
    "sign(-7)": -1,
    "sign(0)": 0,
    "sign(13)": 1,
    "sin(0)": 0,
    "sinh(2.3)": Decimal("4.936961805545957"),
    'substring("012345", 0)': "012345",
    'substring("012345", 2)': "2345",
    'substring("012345", 2.745)': "2345",
    "substring(123, 2)": "3",
    'substring("012345", -1)': "012345",
    "substring(true, 1.2)": "rue",
    "substring(false, -2.411E247)": "false",
    'substring("012345", 1, 3)': "12",
    'substring("012345", -50, 50)': "012345",
    'substring("012345", 3, 1)': "",
    "sql_version()": "2016-03-23",
    "sqrt(9)": 3,
    'startswith("ranger","ran")': True,
    "tan(3)": Decimal("-0.1425465430742778"),
    "tanh(2.3)": Decimal("0.9800963962661914"),
    "traceid()": UNDEFINED,
    'Trim(" hi ")': "hi",
    "trunc(2.3, 0)": 2,
    "trunc(2.3123, 2)": Decimal("2.31"),
    "trunc(2.888, 2)": Decimal("2.88"),
    "trunc(2.00, 5)": 2,
    'upper("hello")': "HELLO",
    'upper(["hello"])': '["HELLO"]',
}
# Their examples depend on the moment, on chance or on a message.
_OF_MOMENTS = {"newuuid", "rand", "timestamp", "topic", "transform"}


@pytest.mark.parametrize("expression", EXAMPLES)
def test_an_example_of_the_documentation(expression: str) -> None:
    assert value(expression) == EXAMPLES[expression]
    assert type(value(expression)) is type(EXAMPLES[expression])


def test_every_function_has_an_example() -> None:
    called = {name.lower() for expression in EXAMPLES for name in re.findall(r"(\w+)\(", expression)}
    assert set(functions.ARGUMENTS) - called == _OF_MOMENTS


def test_functions_of_the_moment_and_of_chance() -> None:
    assert 0 <= float(value("rand()")) < 1
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", value("newuuid()"))
    now = value("timestamp()")
    assert 1_700_000_000_000 < now == int(now)


def test_the_levels_of_a_topic() -> None:
    assert value("topic()", topic="things/myThings/thingOne") == "things/myThings/thingOne"
    assert value("topic(1)", topic="things/myThings/thingOne") == "things"
    assert value("topic(4)", topic="things/myThings/thingOne") is UNDEFINED
    ingested = "$aws/rules/BuildingManager/Buildings/Building5/Floor2/Room201/Lights"
    assert value("topic()", topic=ingested) == "Buildings/Building5/Floor2/Room201/Lights"
    assert value("topic(3)", topic=ingested) == "Floor2"


def test_transform_adds_members_to_each_object() -> None:
    values = [{"a": 3}, {"b": 4}, {"c": 5}]
    payload = {"attributes": {"data1": 1, "data2": 2}, "values": values}
    added = [{**one, "data1": 1, "data2": 2} for one in values]
    assert sent("select value transform('enrichArray', attributes, values) from 'A/B'", payload) == added
    renamed = [{**one, "key": 1} for one in values]
    sql = """select value transform("enrichArray", {"key": attributes.data1}, values) from 'A/B'"""
    assert sent(sql, payload) == renamed


RED = {"color": "red", "temperature": 50}


@pytest.mark.parametrize(
    ("sql", "payload", "expected"),
    [
        ("SELECT * FROM 'topic/subtopic'", RED, RED),
        ("SELECT color FROM 'topic/subtopic'", RED, {"color": "red"}),
        ("SELECT color AS my_color FROM 'topic/subtopic'", RED, {"my_color": "red"}),
        (
            "SELECT color as my_color, temperature as fahrenheit FROM 'topic/subtopic'",
            RED,
            {"my_color": "red", "fahrenheit": 50},
        ),
        ("SELECT *, 15 as speed FROM 'topic/subtopic'", RED, {**RED, "speed": 15}),
        ("SELECT VALUE color FROM 'topic/subtopic'", RED, "red"),
        (
            "SELECT color.red as red_value FROM 'topic/subtopic'",
            {"color": {"red": 255, "green": 0, "blue": 0}, "temperature": 50},
            {"red_value": 255},
        ),
        (
            "SELECT (temperature - 32) * 5 / 9 AS celsius, upper(color) as my_color FROM 'topic/subtopic'",
            RED,
            {"celsius": 10, "my_color": "RED"},
        ),
        (
            "SELECT {'latitude': get(lat_long, 0),'longitude':get(lat_long, 1)} as lat_long FROM 'topic/subtopic'",
            {"lat_long": [47.606, -122.332]},
            {"lat_long": {"latitude": 47.606, "longitude": -122.332}},
        ),
        (
            "SELECT [lat,long] as lat_long FROM 'topic/subtopic'",
            {"lat": 47.696, "long": -122.332},
            {"lat_long": [47.696, -122.332]},
        ),
        (
            "SELECT CASE color WHEN 'green' THEN 'go' WHEN 'yellow' THEN 'caution' WHEN 'red' THEN 'stop' "
            "ELSE 'you are not at a stop light' END as instructions FROM 'topic/subtopic'",
            {"color": "yellow"},
            {"instructions": "caution"},
        ),
        ("SELECT NULL AS n, bar FROM 'a/b'", {"foo": 1}, {"n": None}),
    ],
)
def test_an_example_of_select(sql: str, payload: Any, expected: Any) -> None:
    assert sent(sql, payload) == expected


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("temperature > 49 AND color = 'red'", True),
        ("temperature > '49.5'", True),
        ("NOT temperature >= 51 OR color <> 'red'", True),
        ("color > 1", False),
        ("humidity < 5", False),
        ("temperature = '50'", False),
        ("temperature + 1 = 51 and color + 1 = 'red1'", True),
        ("temperature % 7 = 1 and temperature - 0.5 = 49.5", True),
        ("cast(temperature as boolean)", True),
        ("'true' and true", True),
        ("temperature / 0 = 1", False),
    ],
)
def test_a_message_goes_on_if_the_condition_is_true(condition: str, holds: bool) -> None:
    assert (sent(f"SELECT color FROM 'a' WHERE {condition}", RED) is not None) is holds


def test_a_message_that_is_no_json_goes_on_as_it_is_or_encoded() -> None:
    assert selected(parse("SELECT * FROM 'a/b'"), message(b"\xff\x00")) == b"\xff\x00"
    assert sent("SELECT encode(*, 'base64') AS data FROM 'a/b'", b"\xff\x00") == {"data": "/wA="}
    assert sent("SELECT * FROM 'a/b' WHERE device_type = 'thermostat'", b"\xff\x00") is None


def test_decimals_keep_their_digits() -> None:
    payload = b'{"big": 12345678901234567890123456789.01, "whole": 10.0}'
    found = selected(parse("SELECT big, whole, big + 1 AS more FROM 'a'"), message(payload))
    expected = '{"big":12345678901234567890123456789.01,"whole":10,"more":12345678901234567890123456790.01}'
    assert found == expected.encode()


def test_a_template_is_filled_from_the_message() -> None:
    found = message({"site": "z", "n": 1.5}, topic="dt/d1/telemetry")
    assert filled("raw/${site}/${topic(2)}-${n}${missing}.json", found) == "raw/z/d1-1.5.json"
    assert filled("${replace(topic(), '/', '-')}", found) == "dt-d1-telemetry"


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("SELECT get_dynamodb('t', 'k', v, 'arn') AS x FROM 'a'", "get_dynamodb() is not evaluated locally"),
        ("SELECT md2('a') AS x FROM 'a'", "md2() is not evaluated locally: no library here has it"),
        ("SELECT nothing(1) AS x FROM 'a'", "there is no function nothing()"),
        ("SELECT abs(1, 2) AS x FROM 'a'", "abs() takes 1 to 1 arguments, got 2"),
        ("SELECT abs(x) FROM 'a'", "an expression needs a name here"),
        ("SELECT (SELECT v FROM e) AS x FROM 'a'", "nested object queries are not evaluated locally"),
        ("SELECT a[0] AS x FROM 'a'", "items of an array by get()"),
        ("SET @a = 1 SELECT * FROM 'a'", "SET is not evaluated locally"),
        ("SELECT * FROM 'a' WHERE x IN [1, 2]", "IN is not evaluated locally"),
        ('SELECT * FROM "a"', "the topic filter stands in single quotes after FROM"),
        ("SELECT cast(a as Money) AS x FROM 'a'", "there is no type 'Money' to cast to"),
        ("SELECT VALUE a, b FROM 'a'", "SELECT VALUE has one item"),
        ("SELECT a b FROM 'a'", "unexpected 'b'"),
        ("SELECT a FROM 'a' WHERE", "unexpected end"),
        ("UPDATE a", "expected SELECT"),
    ],
)
def test_a_statement_that_is_not_evaluated_is_refused_by_name(sql: str, reason: str) -> None:
    with pytest.raises(SqlError, match=re.escape(reason)):
        parse(sql)


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ('get("abc", 1)', "AWS's table and example differ"),
        ("7 / 2", "the division of integers that leaves a remainder"),
        ('parse_time("EEEE", 0)', "the pattern 'EEEE'"),
    ],
)
def test_what_the_documentation_leaves_open_is_not_guessed(expression: str, reason: str) -> None:
    with pytest.raises((UndocumentedError, UnknownPattern), match=re.escape(reason)):
        value(expression)
