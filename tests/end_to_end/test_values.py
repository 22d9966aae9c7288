"""Values at the limits of every type: streamed, converted, curated, loaded, and read back by Athena and Redshift."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from pyarrow.parquet import ParquetFile

from lake_blueprints.contracts import Contract
from local_cloud.cloud import LocalCloud
from tests import queries

APPS = Path(__file__).parent / "apps"
_NINES = "9" * 20 + "." + "9" * 18
_MOST_TEXT = 65_535

# By column, in the order of rows: the JSON that is sent, and the value that is kept. The first row holds the
# minimum, the second the maximum, and the rows after a column's last value hold null.
VALUES: dict[str, list[tuple[str, Any]]] = {
    "flag": [("false", False), ("true", True)],
    "tiny": [("-128", -128), ("127", 127)],
    "small": [("-32768", -32_768), ("32767", 32_767)],
    "medium": [("-2147483648", -(2**31)), ("2147483647", 2**31 - 1)],
    "large": [("-9223372036854775808", -(2**63)), ("9223372036854775807", 2**63 - 1)],
    "unsigned": [("0", Decimal(0)), ("18446744073709551615", Decimal(2**64 - 1))],
    "huge": [("-" + "9" * 38, Decimal("-" + "9" * 38)), ("9" * 38, Decimal("9" * 38))],
    "single": [
        ("-3.4028234663852886e38", np.float32("-3.4028234663852886e38")),
        ("3.4028234663852886e38", np.float32("3.4028234663852886e38")),
        ("0.1", np.float32("0.1")),
        ("1.401298464324817e-45", np.float32("1e-45")),
    ],
    "double": [
        ("-1.7976931348623157e308", -1.7976931348623157e308),
        ("1.7976931348623157e308", 1.7976931348623157e308),
        ("0.1", 0.1),
        ("2.2250738585072014e-308", 2.2250738585072014e-308),
        ("123456789.123456789", 123456789.123456789),
        ("1e7", 1e7),
        ("-0.0", -0.0),
    ],
    "price": [("-999.99", Decimal("-999.99")), ("999.99", Decimal("999.99")), ('"0.10"', Decimal("0.10"))],
    "precise": [
        (f"-{_NINES}", Decimal(f"-{_NINES}")),
        (_NINES, Decimal(_NINES)),
        ("0.000000000000000001", Decimal("1e-18")),
        ('"12345678901234567890.123456789012345678"', Decimal("12345678901234567890.123456789012345678")),
    ],
    "fraction": [(f'"-0.{"9" * 38}"', Decimal(f"-0.{'9' * 38}")), (f'"0.{"9" * 38}"', Decimal(f"0.{'9' * 38}"))],
    "text": [
        ('""', ""),
        (json.dumps("x" * _MOST_TEXT), "x" * _MOST_TEXT),
        (json.dumps("Grüße, 価格 😀 \u202eabc"), "Grüße, 価格 😀 \u202eabc"),
        (json.dumps("a\tb\nc\\d\"e'f,g|h"), "a\tb\nc\\d\"e'f,g|h"),
        ('"null"', "null"),
        ('" padded "', " padded "),
        ('"e\\u0301"', "e\u0301"),
    ],
    "letters": [('"a"', "a"), ('"😀😀😀😀"', "😀😀😀😀")],
    "day": [
        ('"0001-01-01"', date(1, 1, 1)),
        ('"9999-12-31"', date(9999, 12, 31)),
        ('"1582-10-14"', date(1582, 10, 14)),
        ('"1969-12-31"', date(1969, 12, 31)),
        ('"2024-02-29"', date(2024, 2, 29)),
    ],
    "at": [
        ('"0001-01-01 00:00:00"', datetime(1, 1, 1)),
        ('"9999-12-31 23:59:59.999999"', datetime(9999, 12, 31, 23, 59, 59, 999_999)),
        ('"1969-12-31T23:59:59.999999Z"', datetime(1969, 12, 31, 23, 59, 59, 999_999)),
        # New York's clocks show this hour twice, and Berlin's never.
        ('"2024-11-03T05:30:00Z"', datetime(2024, 11, 3, 5, 30)),
        ('"2024-03-31 02:30:00.000001"', datetime(2024, 3, 31, 2, 30, 0, 1)),
        ('"1899-12-31 23:59:59"', datetime(1899, 12, 31, 23, 59, 59)),
        ('"1582-10-10 12:00:00"', datetime(1582, 10, 10, 12)),
    ],
    "clock": [('"00:00:00"', "00:00:00"), ('"23:59:59.999999+14:00"', "23:59:59.999999+14:00")],
    "raw": [('""', b""), ('"AP/+"', b"\x00\xff\xfe")],
    "tag_list": [
        ("[]", []),
        ('["", "ü", null, "a, b"]', ["", "ü", None, "a, b"]),
        ("[null]", [None]),
    ],
    "amounts": [
        ("[-99999999.99]", [Decimal("-99999999.99")]),
        ("[99999999.99, 0.01, null]", [Decimal("99999999.99"), Decimal("0.01"), None]),
    ],
    "visits": [
        ('["0001-01-01 00:00:00"]', [datetime(1, 1, 1)]),
        (
            '["9999-12-31 23:59:59.999999", "2024-11-03T05:30:00.000001Z", null]',
            [datetime(9999, 12, 31, 23, 59, 59, 999_999), datetime(2024, 11, 3, 5, 30, 0, 1), None],
        ),
    ],
    "homeaddress": [
        (
            '{"postalCode": "", "Since": "0001-01-01", "floor": -128, "geoPoint": '
            '{"Lat": -90.0, "measuredAt": "0001-01-01 00:00:00"}}',
            {
                "postalcode": "",
                "since": date(1, 1, 1),
                "floor": -128,
                "geopoint": {"lat": -90.0, "measuredat": datetime(1, 1, 1)},
            },
        ),
        (
            '{"postalCode": "〒100", "Since": "9999-12-31", "floor": 127, "geoPoint": '
            '{"Lat": 0.1, "measuredAt": "2024-03-31T02:30:00.123456Z"}}',
            {
                "postalcode": "〒100",
                "since": date(9999, 12, 31),
                "floor": 127,
                "geopoint": {"lat": 0.1, "measuredat": datetime(2024, 3, 31, 2, 30, 0, 123_456)},
            },
        ),
        ('{"geoPoint": null}', {"postalcode": None, "since": None, "floor": None, "geopoint": None}),
    ],
    "counts": [
        ("{}", {}),
        (
            '{"lowest": -9223372036854775808, "HIGHEST": 9223372036854775807, "ü b": null}',
            {"lowest": -(2**63), "HIGHEST": 2**63 - 1, "ü b": None},
        ),
    ],
    "lines": [
        ("[]", []),
        (
            '[{"lineNo": 1, "Amount": 99999999.9999}, null, {"Amount": "-0.0001"}]',
            [{"lineno": 1, "amount": Decimal("99999999.9999")}, None, {"lineno": None, "amount": Decimal("-0.0001")}],
        ),
    ],
    "embedding": [
        ("[-3.4028235e38, 0.1]", [np.float32("-3.4028235e38"), np.float32("0.1")]),
        ("[3.4028235e38, 0]", [np.float32("3.4028235e38"), np.float32(0)]),
    ],
}
# The columns of both tables; Firehose converts no binary ones.
COLUMNS = [("sent", column) for column in VALUES] + [("converted", column) for column in VALUES if column != "raw"]
_SOURCES = {"tag_list": "Tag List", "homeaddress": "homeAddress"}
_ROWS = max(map(len, VALUES.values()))


@dataclass(frozen=True)
class Lake:
    """The lake after every value has gone through it."""

    cloud: LocalCloud
    outputs: dict[str, str]

    def athena(self, table: str, select: str) -> list[list[str | None]]:
        """Return the rows of a curated table in the order of their ids, as Athena writes them."""
        sql = f'select {select} from "{self.outputs["CuratedDatabase"]}"."{table}" order by id'
        return queries.athena(self.cloud.client("athena"), sql, WorkGroup=self.outputs["Workgroup"])

    def redshift(self, table: str, select: str) -> list[list[Any]]:
        """Return the rows of a table of the warehouse in the order of their ids, as the Data API gives them."""
        sql = f'select {select} from public."{table}_files" order by id'
        connection = {"WorkgroupName": self.outputs["Warehouse"], "Database": "dev"}
        return queries.redshift(self.cloud.client("redshift-data"), sql, **connection)


def record(row: int) -> bytes:
    """Return the JSON record of a row; columns that have no further value send null or nothing at all."""
    fields = [f'"id": {row}']
    for column, values in VALUES.items():
        name = json.dumps(_SOURCES.get(column, column))
        if row < len(values):
            fields.append(f"{name}: {values[row][0]}")
        elif row % 2:
            fields.append(f"{name}: null")
    return f"{{{', '.join(fields)}}}".encode()


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    with LocalCloud(workdir=tmp_path_factory.mktemp("values"), longest_wait=1) as cloud:
        outputs = cloud.deploy(directory=APPS, app="python values_lake.py")["Values"]
        firehose = cloud.client("firehose")
        records = [{"Data": record(row)} for row in range(_ROWS)]
        for stream in ("Sent", "Converted"):
            firehose.put_record_batch(DeliveryStreamName=outputs[stream], Records=records)
        cloud.drain()
        cloud.execute(outputs["StateMachine"])
        copy_files(cloud.client("s3"), outputs["CuratedBucket"], tmp_path_factory.mktemp("files"))
        cloud.execute(outputs["LoadMachine"])
        yield Lake(cloud, outputs)


def copy_files(s3: Any, bucket: str, folder: Path) -> None:
    """Copy the data files of the tables to where the warehouse loads them from, with the narrow types Iceberg lacks."""
    narrow = "cast(tiny as tinyint) as tiny, cast(small as smallint) as small"
    for table in ("sent", "converted"):
        for item in s3.list_objects_v2(Bucket=bucket, Prefix=f"{table}/data/")["Contents"]:
            before, after = folder / f"{table}.parquet", folder / f"{table}_narrow.parquet"
            before.write_bytes(s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read())
            duckdb.sql(f"copy (select * replace ({narrow}) from '{before}') to '{after}'")
            s3.put_object(Bucket=bucket, Key=f"files/{table}/{table}.parquet", Body=after.read_bytes())


@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_athena_reads_what_was_sent(lake: Lake, table: str, column: str) -> None:
    found = [row[0] for row in lake.athena(table, f'"{column}", id')]
    assert found == [_athena(value) for value in _expected(table, column)]


@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_redshift_reads_what_was_sent(lake: Lake, table: str, column: str) -> None:
    found = [row[0] for row in lake.redshift(table, f'"{column}", id')]
    expected = _expected(table, column)
    nested = any(isinstance(value, list | dict) for value in expected)
    assert [_parsed(value) if nested else value for value in found] == [_redshift(value) for value in expected]


def test_files_hold_the_types_of_the_document(lake: Lake) -> None:
    (dataset,) = Contract.from_file(APPS / "values.odcs.yaml").datasets
    table = lake.cloud.client("glue").get_table(DatabaseName=lake.outputs["CuratedDatabase"], Name="sent")["Table"]
    bucket, _, prefix = table["StorageDescriptor"]["Location"].removeprefix("s3://").partition("/")
    client = lake.cloud.client("s3")
    keys = [item["Key"] for item in client.list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"]]
    (key,) = [key for key in keys if key.endswith(".parquet")]
    schema = ParquetFile(io.BytesIO(client.get_object(Bucket=bucket, Key=key)["Body"].read())).schema
    physical = {found.path: found.physical_type for found in map(schema.column, range(len(schema.names)))}
    flat = [column for column in dataset.columns if not column.type.nested]
    assert {column.name: physical[column.name] for column in flat} == {
        column.name: column.type.parquet.partition(" ")[0] for column in flat
    }


def _expected(table: str, column: str) -> list[Any]:
    values = [value for _, value in VALUES[column]]
    if (table, column) == ("converted", "counts"):
        # Firehose reads records in lower case, also the keys of maps.
        values = [{key.lower(): inner for key, inner in value.items()} for value in values]
    return values + [None] * (_ROWS - len(values))


def _athena(value: Any) -> str | None:
    return None if value is None else _text(value)


def _text(value: Any) -> str:
    """Write a value as Athena does, for which times of Iceberg tables have a zone and six digits."""
    match value:
        case list():
            return f"[{', '.join(map(_text, value))}]"
        case dict():
            return f"{{{', '.join(f'{key}={_text(item)}' for key, item in value.items())}}}"
    return next((write(value) for kind, write in _WRITERS.items() if isinstance(value, kind)), str(value))


def _java(value: Any) -> str:
    """Write a fraction as Java does: in its fewest digits, with an exponent from ten million on."""
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return np.format_float_positional(value, unique=True, trim="0")
    mantissa, _, exponent = np.format_float_scientific(value, unique=True, trim="0", min_digits=1).partition("e")
    return f"{mantissa}E{int(exponent)}"


_WRITERS: dict[Any, Callable[[Any], str]] = {
    float | np.floating: _java,
    Decimal: lambda value: f"{value:f}",
    datetime: lambda value: f"{value.isoformat(sep=' ', timespec='microseconds')} UTC",
    bool | None: json.dumps,
    bytes: lambda value: value.hex(" "),
}


def _redshift(value: Any) -> Any:
    """Return a value as the Data API does: fractions as double, digits, times and nested values as text."""
    match value:
        case np.floating():
            return float(value)
        case Decimal():
            return f"{value:f}"
        case date():
            return str(value)
        case bytes():
            return value.hex()
        case list() | dict():
            return _parsed(json.dumps(_plain(value)))
    return value


def _plain(value: Any) -> Any:
    match value:
        case list():
            return [_plain(item) for item in value]
        case dict():
            return {key: _plain(item) for key, item in value.items()}
        case date():
            return str(value)
        case Decimal() | np.floating():
            return float(value)
    return value


def _parsed(text: str | None) -> Any:
    return None if text is None else json.loads(text)
