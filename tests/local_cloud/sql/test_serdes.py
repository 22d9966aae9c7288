"""Files against the columns of their tables: what each SerDe makes of a line, and which Parquet types are read."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.local_cloud.sql.conftest import Lake

OPENX = "org.openx.data.jsonserde.JsonSerDe"
HIVE = "org.apache.hive.hcatalog.data.JsonSerDe"
OPEN_CSV = "org.apache.hadoop.hive.serde2.OpenCSVSerde"
LAZY = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"


@pytest.fixture
def table(lake: Lake, request: pytest.FixtureRequest) -> Any:
    """Makes a table of one file, and returns its rows or why there are none."""
    name = f"t{abs(hash(request.node.name)):x}"

    def rows(serde: str, columns: str, body: str, options: str = "", properties: str = "") -> Any:
        lake.put(f"{name}/a.txt", body.encode())
        given = f"with serdeproperties ({options})" if options else ""
        lake.query(
            f"create external table {name} ({columns}) row format serde '{serde}' {given} "
            f"location 's3://data/{name}/' {properties}"
        )
        execution = lake.execution(f"select * from {name}")["Status"]
        return (
            lake.query(f"select * from {name}") if execution["State"] == "SUCCEEDED" else execution["StateChangeReason"]
        )

    return rows


@pytest.mark.parametrize(
    ("columns", "body", "options", "expected"),
    [
        # https://docs.aws.amazon.com/athena/latest/ug/openx-json-serde.html
        ("a_b string", '{"a.b": "x"}', "'dots.in.keys' = 'true'", [["x"]]),
        ("a_b string", '{"a.b": "x"}', "", [[None]]),
        ("url string", '{"URL": "a"}', "", [["a"]]),
        ("url string", '{"URL": "a"}', "'case.insensitive' = 'false'", [[None]]),
        (
            "a string, b string",
            '{"URL": "x", "Url": "y"}',
            "'case.insensitive' = 'false', 'mapping.a' = 'URL', 'mapping.b' = 'Url'",
            [["x", "y"]],
        ),
        ("ts string", '{"Timestamp": "x"}', "'mapping.ts' = 'timestamp'", [["x"]]),
        ("id int", '{"id": 1}\nnot json\n{"id": 2', "'ignore.malformed.json' = 'true'", [["1"], [None], [None]]),
        ("id int", '{"id": "x"}', "'use.null.for.invalid.data' = 'true'", [[None]]),
        # https://github.com/trinodb/trino, lib/trino-hive-formats, openxjson/README.md
        (
            "b boolean",
            '{"b": "yes"}\n{"b": 1}\n{"b": "TRUE"}\n{"b": true}',
            "",
            [["false"], ["false"], ["true"], ["true"]],
        ),
        ("i int", '{"i": "7"}\n{"i": 7.0}', "", [["7"], ["7"]]),
        ("s string", '{"s": 7}\n{"s": true}\n{"s": {"x": [1, "ä"]}}', "", [["7"], ["true"], ['{"x":[1,"ä"]}']]),
        ("d decimal(20,3)", '{"d": 12345678901234567.1235}', "", [["12345678901234567.124"]]),
        ("a array<int>", '{"a": 1}\n{"a": ""}', "", [["[1]"], [None]]),
        ("d date", '{"d": "2024-01-02"}', "", [["2024-01-02"]]),
        (
            "t timestamp",
            '{"t": 1704067200}\n{"t": 1704067200123}',
            "",
            [["2024-01-01 00:00:00.000"], ["2024-01-01 00:00:00.123"]],
        ),
        ("r struct<a_b:int>", '{"r": {"A.b": 1}}', "'dots.in.keys' = 'true'", [["{a_b=1}"]]),
    ],
)
def test_openx_reads_as_documented(
    table: Any, columns: str, body: str, options: str, expected: list[list[str | None]]
) -> None:
    assert table(OPENX, columns, body, options) == expected


@pytest.mark.parametrize(
    ("serde", "columns", "body", "options", "why"),
    [
        (OPENX, "url string", '{"URL": "a", "Url": "b"}', "", "HIVE_CURSOR_ERROR: Row is not a valid JSON Object"),
        (OPENX, "id int", '{"id": 1, "id": 2}', "'case.insensitive' = 'false'", 'Duplicate key "id"'),
        (OPENX, "id int", '{"id": 1, "o": {"x": 1, "X": 2}}', "", 'Duplicate key "x"'),
        (OPENX, "id int", "not json", "", "HIVE_CURSOR_ERROR: Row is not a valid JSON Object"),
        (OPENX, "id int", '{"id": "x"}', "", "HIVE_BAD_DATA: Error parsing field value 'x' for field 0"),
        (OPENX, "id int", '{"id": 1.5}', "", "HIVE_BAD_DATA"),
        (OPENX, "id tinyint", '{"id": 128}', "", "HIVE_BAD_DATA"),
        (OPENX, "b boolean", '{"b": [true]}', "", "HIVE_BAD_DATA"),
        (OPENX, "s string", '{"s": 1.50}', "", "NOT_SUPPORTED: how the number 1.50"),
        (
            OPENX,
            "id int",
            '{"id": 1}',
            "'timestamp.formats' = 'yyyy'",
            "NOT_SUPPORTED: the property 'timestamp.formats'",
        ),
        (HIVE, "id int", '{"id": "1"}', "", "HIVE_BAD_DATA"),
        (HIVE, "b boolean", '{"b": "true"}', "", "HIVE_BAD_DATA"),
        (HIVE, "id int", '{"ID": 1, "id": 2}', "", "HIVE_CURSOR_ERROR"),
        (HIVE, "id int", "{", "", "HIVE_CURSOR_ERROR"),
        (OPEN_CSV, "id int", "x", "", "HIVE_BAD_DATA: Error parsing field value 'x' for field 0"),
        (OPEN_CSV, "id int, n int", "1,", "", "HIVE_BAD_DATA: Error parsing field value '' for field 1"),
        (OPEN_CSV, "a string", '"a\nb"', "", "NOT_SUPPORTED: OpenCSVSerde does not read quoted line breaks"),
        (OPEN_CSV, "a array<int>", "1", "", "NOT_SUPPORTED"),
        (LAZY, "a array<int>", "1", "", "NOT_SUPPORTED"),
        (LAZY, "a int", "1.5", "", "NOT_SUPPORTED: 1.5 in the int column"),
        (LAZY, "a string", "x", "'serialization.encoding' = 'SJIS'", "NOT_SUPPORTED: text in SJIS"),
        (LAZY, "a string", "x", "'field.delim' = '||'", "NOT_SUPPORTED: field.delim is one character"),
        ("org.apache.hadoop.hive.serde2.RegexSerDe", "a string", "x", "", "RegexSerDe"),
    ],
)
def test_what_a_serde_does_not_read_fails(
    *, table: Any, serde: str, columns: str, body: str, options: str, why: str
) -> None:
    assert why in table(serde, columns, body, options)


@pytest.mark.parametrize(
    ("serde", "columns", "body", "options", "properties", "expected"),
    [
        (HIVE, "ID int, s string", '{"Id": 1, "S": "x"}', "", "", [["1", "x"]]),
        (HIVE, "m map<string,int>", '{"m": {"A": 1}}', "", "", [["{A=1}"]]),
        # https://docs.aws.amazon.com/athena/latest/ug/csv-serde.html
        (OPEN_CSV, "a string, b string", '"x, ""y""",z', "", "", [['x, "y"', "z"]]),
        (OPEN_CSV, "a string, b string", "'x;y';z", "'separatorChar' = ';', 'quoteChar' = '\\''", "", [["x;y", "z"]]),
        (OPEN_CSV, "a string, b string", '"x \\" y",z', "", "", [['x " y', "z"]]),
        (OPEN_CSV, "a string", "", "", "", []),
        (
            OPEN_CSV,
            "d date, t timestamp, b boolean",
            "19724,1704067200123,TRUE",
            "",
            "",
            [["2024-01-02", "2024-01-01 00:00:00.123", "true"]],
        ),
        (
            OPEN_CSV,
            "a string, b string",
            "h1,h2\nx",
            "",
            "tblproperties ('skip.header.line.count' = '1')",
            [["x", None]],
        ),
        # https://docs.aws.amazon.com/athena/latest/ug/lazy-simple-serde.html
        (LAZY, "a string, b int", "x\x01y", "", "", [["x", None]]),
        (LAZY, "a string, b string", 'x\\,y,"z"', "'field.delim' = ',', 'escape.delim' = '\\\\'", "", [["x,y", '"z"']]),
        (
            LAZY,
            "a string, b string",
            "NA|\\N",
            "'field.delim' = '|', 'serialization.null.format' = 'NA'",
            "",
            [[None, "\\N"]],
        ),
        (
            LAZY,
            "a boolean, b date, c timestamp",
            "yes|2024-1|2024-01-01T00:00:00",
            "'field.delim' = '|'",
            "",
            [[None, None, None]],
        ),
        (LAZY, "a decimal(8,2), b double", "20.255|1e3", "'field.delim' = '|'", "", [["20.26", "1000.0"]]),
    ],
)
def test_delimited_text_and_hive_json_are_read_as_documented(
    *, table: Any, serde: str, columns: str, body: str, options: str, properties: str, expected: list[list[str | None]]
) -> None:
    assert table(serde, columns, body, options, properties) == expected


def test_the_clauses_of_delimited_tables_count(lake: Lake) -> None:
    lake.put("clauses/a.txt", b"x|none\n")
    lake.query(
        "create external table clauses (a string, b string) row format delimited fields terminated by '|' "
        "lines terminated by '\\n' null defined as 'none' location 's3://data/clauses/'"
    )
    assert lake.query("select * from clauses") == [["x", None]]


def parquet(lake: Lake, name: str, columns: str, **arrays: pa.Array) -> Any:
    buffer = io.BytesIO()
    pq.write_table(pa.table(arrays), buffer)
    lake.put(f"{name}/a.parquet", buffer.getvalue())
    lake.query(f"create external table {name} ({columns}) stored as parquet location 's3://data/{name}/'")
    execution = lake.execution(f"select * from {name}")["Status"]
    return lake.query(f"select * from {name}") if execution["State"] == "SUCCEEDED" else execution["StateChangeReason"]


@pytest.mark.parametrize(
    ("type_", "array", "found"),
    [
        ("string", pa.array([7], pa.int64()), "INT64"),
        ("int", pa.array(["x"]), "BINARY"),
        ("int", pa.array([7], pa.int64()), "INT64"),
        ("double", pa.array([7], pa.int32()), "INT32"),
        ("double", pa.array([7.0], pa.float32()), "FLOAT"),
        ("boolean", pa.array(["true"]), "BINARY"),
        ("bigint", pa.array([True]), "BOOLEAN"),
        ("timestamp", pa.array(["2024-01-01"]), "BINARY"),
        ("array<string>", pa.array([[7]], pa.list_(pa.int64())), "INT64"),
        ("struct<a:string>", pa.array([{"a": 7}]), "INT64"),
        ("string", pa.array([[1]]), "group"),
        ("map<string,string>", pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int64())), "INT64"),
    ],
)
def test_a_parquet_type_that_is_not_the_tables_is_bad_data(
    lake: Lake, request: pytest.FixtureRequest, type_: str, array: pa.Array, found: str
) -> None:
    name = f"p{abs(hash(request.node.name)):x}"
    reason = parquet(lake, name, f"x {type_}", x=array)
    assert "HIVE_BAD_DATA: Field x" in reason
    assert f"type {found} in parquet file s3://data/{name}/a.parquet is incompatible with type" in reason


def test_parquet_types_that_fit_are_read(lake: Lake) -> None:
    columns = {
        "tiny": ("tinyint", pa.array([1], pa.int8())),
        "wide": ("bigint", pa.array([2], pa.int32())),
        "price": ("decimal(9,2)", pa.array([Decimal("1.50")], pa.decimal128(9, 2))),
        "real": ("float", pa.array([0.5], pa.float32())),
        "at": ("timestamp", pa.array([0], pa.timestamp("us", "UTC"))),
        "old": ("timestamp", pa.array([0], pa.timestamp("ms"))),
        "day": ("date", pa.array([0], pa.date32())),
        "bytes": ("string", pa.array(["ä".encode()], pa.binary())),
        "raw": ("binary", pa.array([b"\x01"], pa.binary())),
        "list": ("array<struct<a:int>>", pa.array([[{"a": 1}]], pa.list_(pa.struct([("a", pa.int32())])))),
        "map": ("map<string,bigint>", pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int64()))),
    }
    described = ", ".join(f"`{name}` {kind}" for name, (kind, _) in columns.items())
    arrays = {name: array for name, (_, array) in columns.items()}
    midnight = "1970-01-01 00:00:00.000"
    assert parquet(lake, "fits", described, **arrays) == [
        ["1", "2", "1.50", "0.5", midnight, midnight, "1970-01-01", "ä", "01", "[{a=1}]", "{k=1}"]
    ]


def test_a_file_that_is_no_parquet_is_bad_data(lake: Lake) -> None:
    lake.put("garbage/a.parquet", b"this is no such file")
    lake.query("create external table garbage (x int) stored as parquet location 's3://data/garbage/'")
    assert lake.reason("select * from garbage").startswith("HIVE_BAD_DATA")


def test_a_partition_of_other_types_than_its_table_is_a_mismatch(lake: Lake) -> None:
    lake.put("mixed/day=1/a.json", b'{"x": 1}\n')
    lake.query(
        f"create external table mixed (x int) partitioned by (day string) row format serde '{OPENX}' "
        "location 's3://data/mixed/'"
    )
    lake.query("msck repair table mixed")
    assert lake.query("select * from mixed") == [["1", "1"]]
    glue = lake.client("glue")
    [partition] = glue.get_partitions(DatabaseName="lake", TableName="mixed")["Partitions"]
    partition["StorageDescriptor"]["Columns"] = [{"Name": "x", "Type": "bigint"}]
    changed = {"Values": ["1"], "StorageDescriptor": partition["StorageDescriptor"]}
    glue.update_partition(DatabaseName="lake", TableName="mixed", PartitionValueList=["1"], PartitionInput=changed)
    assert lake.reason("select * from mixed").startswith("HIVE_PARTITION_SCHEMA_MISMATCH")


@pytest.mark.parametrize(
    ("serde", "body"),
    [
        (OPENX, '{"id": 1, "delay": "many"}\n{"id": 2, "delay": 3}'),
        (HIVE, '{"id": 1, "delay": "many"}\n{"id": 2, "delay": 3}'),
        (OPEN_CSV, "1,many\n2,3"),
    ],
)
def test_a_text_that_is_no_value_fails_the_queries_that_read_its_column_alone(
    lake: Lake, serde: str, body: str
) -> None:
    lake.put("delays/a.txt", body.encode())
    lake.query(
        f"create external table delays (id int, delay int) row format serde '{serde}' location 's3://data/delays/'"
    )
    try:
        assert lake.query("select count(*) from delays") == [["2"]]
        assert lake.query("select d.id from delays d order by id") == [["1"], ["2"]]
        for sql in ("select * from delays", "select sum(delay) from delays", "select id from delays where delay > 0"):
            assert "HIVE_BAD_DATA" in lake.reason(sql)
    finally:
        lake.query("drop table delays")
