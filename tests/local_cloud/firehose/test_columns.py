from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from local_cloud.engines.firehose.columns import Rules, column, split_types
from local_cloud.errors import LocalCloudError

OPENX = Rules(lenient=True, ignores_case=True)
HIVE = Rules(lenient=False, ignores_case=True)


@pytest.mark.parametrize(
    ("hive_type", "value", "converted"),
    [
        ("string", "text", "text"),
        ("string", 1.5, "1.5"),
        ("string", Decimal("1.50"), "1.50"),
        ("string", {"a": Decimal("1.5")}, '{"a":1.5}'),
        ("string", True, "true"),
        ("string", {"Outer": [1, {"Inner": None}]}, '{"outer":[1,{"inner":null}]}'),
        ("int", 7, 7),
        ("int", "7", 7),
        ("smallint", -32768, -32768),
        ("bigint", 2**63 - 1, 2**63 - 1),
        ("double", "1.25", 1.25),
        ("boolean", "TRUE", True),
        ("decimal(9,2)", "1234567.895", Decimal("1234567.90")),
        ("decimal(9,2)", 3, Decimal("3.00")),
        (
            "decimal(38,18)",
            "12345678901234567890.123456789012345678",
            Decimal("12345678901234567890.123456789012345678"),
        ),
        ("date", "2024-02-29", date(2024, 2, 29)),
        ("timestamp", "2026-01-02T03:04:05.678Z", datetime(2026, 1, 2, 3, 4, 5, 678000)),
        ("timestamp", "2026-1-2 03:04:05", datetime(2026, 1, 2, 3, 4, 5)),
        ("timestamp", 1767323045, datetime(2026, 1, 2, 3, 4, 5)),
        ("timestamp", 1767323045678, datetime(2026, 1, 2, 3, 4, 5, 678000)),
        ("array<int>", [1, "2", None], [1, 2, None]),
        ("array<int>", 5, [5]),
        ("map<string,double>", {"A": 1}, [("a", 1.0)]),
        ("struct<a:int,b:array<struct<c:string>>>", {"A": 1, "b": [{"C": 2}]}, {"a": 1, "b": [{"c": "2"}]}),
        ("struct<a:int>", {}, {"a": None}),
        ("int", None, None),
    ],
)
def test_openx_converts(hive_type: str, value: Any, converted: Any) -> None:
    found = column(hive_type, OPENX)
    assert found.convert(value) == converted
    assert pa.array([found.convert(value)], type=found.type).to_pylist() == [converted]


@pytest.mark.parametrize(
    ("hive_type", "value"),
    [
        ("int", "seven"),
        ("int", True),
        ("int", 2**31),
        ("tinyint", 128),
        ("double", [1]),
        ("boolean", "yes"),
        ("boolean", 1),
        ("decimal(4,2)", 100),
        ("decimal(4,2)", "x"),
        ("date", "2023-02-29"),
        ("date", 20230228),
        ("timestamp", "2026-01-02T03:04:05+00:00"),
        ("timestamp", "2026-01-02T03:04:05"),
        ("timestamp", "yesterday"),
        ("struct<a:int>", 42),
        ("map<string,int>", [["a", 1]]),
        ("array<int>", ["x"]),
    ],
)
def test_openx_refuses(hive_type: str, value: Any) -> None:
    with pytest.raises(ValueError, match=r".+"):
        column(hive_type, OPENX).convert(value)


@pytest.mark.parametrize(
    ("hive_type", "value"),
    [
        ("int", "7"),
        ("string", {"a": 1}),
        ("array<int>", 5),
        ("boolean", "true"),
        ("timestamp", "2026-01-02T03:04:05Z"),
        ("timestamp", 1767323045678),
    ],
)
def test_hive_refuses_what_openx_converts(hive_type: str, value: Any) -> None:
    with pytest.raises(ValueError, match=r".+"):
        column(hive_type, HIVE).convert(value)


def test_hive_reads_milliseconds_if_told_to() -> None:
    rules = Rules(lenient=False, ignores_case=True, timestamp_formats=("millis",))
    assert column("timestamp", rules).convert(1767323045678) == datetime(2026, 1, 2, 3, 4, 5, 678000)


def test_keys_can_be_case_sensitive_and_lose_their_dots() -> None:
    rules = Rules(lenient=True, ignores_case=False, dots_to_underscores=True)
    assert column("struct<a_b:int>", rules).convert({"a.b": 1, "A.B": 2}) == {"a_b": 1}


def test_splits_types_at_the_outer_commas_only() -> None:
    assert split_types("a:int, b:map<string,decimal(9,2)>,c:int") == ["a:int", "b:map<string,decimal(9,2)>", "c:int"]


def test_refuses_types_that_firehose_does_not_convert() -> None:
    with pytest.raises(LocalCloudError, match="column type 'set' cannot be converted"):
        column("set<int>", OPENX)
