"""Conversions of JSON values; the good ones are the examples of Firehose's documentation."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest
from pyiceberg import types as iceberg
from pyiceberg.schema import Schema

from local_cloud.engines.firehose.iceberg.values import MissingColumn, document, rows_of

NESTED = iceberg.StructType(
    iceberg.NestedField(10, "n0", iceberg.StringType(), required=False),
    iceberg.NestedField(11, "n1", iceberg.DoubleType(), required=False),
)
TEXTS = iceberg.ListType(20, iceberg.StringType(), element_required=True)
MAP = iceberg.MapType(30, iceberg.StringType(), 31, iceberg.LongType(), value_required=False)
BYTES = b"\x02\xc6!\x9cp\xffE"
AT = datetime(2024, 9, 4, 18, 56, 15, 99000)


def read(kind: iceberg.IcebergType, value: str, *, required: bool = False) -> Any:
    """Return the value of a column whose JSON is given."""
    schema = Schema(iceberg.NestedField(1, "c", kind, required=required))
    return rows_of(schema)(document(f'{{"c": {value}}}'.encode()))["c"]


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (iceberg.DecimalType(20, 7), "9455262425851.1342772", Decimal("9455262425851.1342772")),
        (iceberg.DecimalType(20, 7), '"9455262425851.1342772"', Decimal("9455262425851.1342772")),
        (iceberg.DecimalType(20, 7), "9455262425852", Decimal(9455262425852)),
        (iceberg.BinaryType(), '"AsYhnHD\\/RQ=="', BYTES),
        (iceberg.BinaryType(), '"AsYhnHD\\/\\r\\nRQ=="', BYTES),
        (iceberg.BinaryType(), '"AsYhnHD_RQ=="', BYTES),
        (iceberg.BinaryType(), '"02c6219c70ff45"', BYTES),
        (iceberg.FixedType(7), '"02c6219c70ff45"', BYTES),
        (iceberg.TimeType(), "68175096000", time(18, 56, 15, 96000)),
        (iceberg.TimeType(), '"18:56:15.096"', time(18, 56, 15, 96000)),
        (iceberg.TimestamptzType(), "1725476175099000", AT.replace(tzinfo=UTC)),
        (iceberg.TimestamptzType(), '"2024-09-04T18:56:15.099Z"', AT.replace(tzinfo=UTC)),
        (iceberg.TimestamptzType(), '"2024-09-04T18:56:15.099"', AT.replace(tzinfo=UTC)),
        (iceberg.TimestamptzType(), '"2024-09-04T11:56:15.099-07:00"', AT.replace(tzinfo=UTC)),
        (iceberg.TimestampType(), "1725476175099000", AT),
        (iceberg.TimestampType(), '"2024-09-04T18:56:15.099"', AT),
        (iceberg.TimestampType(), '"2024-09-04T18:56:15.099Z"', AT),
        (iceberg.DoubleType(), "9.18477568715142", 9.18477568715142),
        (iceberg.DoubleType(), '"9.18477568715142"', 9.18477568715142),
        (iceberg.BooleanType(), "true", True),
        (iceberg.BooleanType(), '"false"', False),
        (iceberg.BooleanType(), "1", True),
        (iceberg.BooleanType(), "0", False),
        (iceberg.FloatType(), '"0.6242226"', 0.6242226),
        (iceberg.IntegerType(), "7", 7),
        (iceberg.IntegerType(), '"7"', 7),
        (iceberg.LongType(), '"8"', 8),
        (iceberg.DateType(), "19970", date(2024, 9, 4)),
        (iceberg.DateType(), '"2024-09-04"', date(2024, 9, 4)),
        (
            iceberg.UUIDType(),
            '"21c5521c-a6d4-48d4-b2c8-7f6d842f72c3"',
            bytes.fromhex("21c5521ca6d448d4b2c87f6d842f72c3"),
        ),
        (TEXTS, '["a", "b"]', ["a", "b"]),
        (TEXTS, '"[\\"a\\"]"', ["a"]),
        (MAP, '{"a": 1, "b": null}', [("a", 1), ("b", None)]),
        (NESTED, '{"n0": "x", "n1": 907.35345, "more": 1}', {"n0": "x", "n1": 907.35345}),
        (NESTED, '"{\\"n0\\": null, \\"n1\\": 1}"', {"n0": None, "n1": 1.0}),
        (iceberg.StringType(), "null", None),
    ],
)
def test_takes_what_firehose_documents(kind: iceberg.IcebergType, value: str, expected: Any) -> None:
    found = read(kind, value)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        (iceberg.IntegerType(), "2147483648", "does not fit into 32 bits"),
        (iceberg.IntegerType(), "7.5", "not a whole number"),
        (iceberg.IntegerType(), "true", "not a whole number"),
        (iceberg.IntegerType(), '"x"', "not a whole number"),
        (iceberg.DoubleType(), '"nan"', "not a number"),
        (iceberg.DoubleType(), "NaN", "NaN is not JSON"),
        (iceberg.DecimalType(4, 2), "123.4", "does not fit"),
        (iceberg.DecimalType(4, 2), "1.234", "more than 2 digits"),
        (iceberg.BooleanType(), "2", "not a boolean"),
        (iceberg.BooleanType(), '"yes"', "not a boolean"),
        (iceberg.StringType(), "1", "not a text"),
        (iceberg.BinaryType(), '"deadbeef"', "both hex and Base64"),
        (iceberg.BinaryType(), '"?"', "neither hex nor Base64"),
        (iceberg.FixedType(3), '"02c6219c70ff45"', "has 7 bytes, the column 3"),
        (iceberg.DateType(), '"2024-13-01"', "month must be in 1..12"),
        (iceberg.DateType(), "99999999999", "out of range"),
        (iceberg.TimeType(), "-1", "not a time"),
        (iceberg.TimestampType(), '"2024-09-04T18:56:15.114-07:00"', "has an offset"),
        (iceberg.TimestampType(), '"2024-09-04 18:56:15"', "neither microseconds"),
        (iceberg.TimestampType(), "1e15", "neither microseconds"),
        (iceberg.UUIDType(), '"21c5521c"', "not a UUID"),
        (TEXTS, '"a"', "Expecting value"),
        (TEXTS, "{}", "not a JSON array"),
        (TEXTS, "[null]", "null, but the column is required"),
        (MAP, "[]", "not a JSON object"),
    ],
)
def test_refuses_what_does_not_fit(kind: iceberg.IcebergType, value: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read(kind, value)


def test_a_required_column_refuses_null() -> None:
    with pytest.raises(ValueError, match="c: null, but the column is required"):
        read(iceberg.LongType(), "null", required=True)


def test_a_column_must_be_in_the_record_at_every_level() -> None:
    row = rows_of(Schema(iceberg.NestedField(1, "a", NESTED, required=False)))
    for given in ({}, {"A": None}, {"a": {"n0": "x"}}):
        with pytest.raises(MissingColumn):
            row(given)


@pytest.mark.parametrize("data", [b"[]", b"1", b'{"a": 1}{"a": 2}', b'{"a"', b"", b"\xff"])
def test_a_record_is_one_json_object(data: bytes) -> None:
    with pytest.raises(ValueError):
        document(data)


def test_a_record_has_sixteen_levels_at_most() -> None:
    def nested(levels: int) -> bytes:
        value: Any = 1
        for _ in range(levels):
            value = {"a": value}
        return json.dumps(value).encode()

    assert document(nested(16))
    for levels in (17, 100_000):
        with pytest.raises(ValueError, match="more than 16 levels"):
            document(b'{"a":' * levels + b"1" + b"}" * levels)
