"""UNLOAD: what is written in each format, and what is refused."""

from __future__ import annotations

import gzip
import io
import json
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.local_cloud.sql.conftest import Lake

QUERY = """select * from (values (1, 'a b', 1e7, true, cast(1.50 as decimal(9, 2)), date '2026-01-05', 'x'),
    (2, null, 0.1e0, false, null, null, 'y')) as t (id, name, share, good, price, day, k)"""


def unloaded(tables: Lake, folder: str, query: str, options: str) -> dict[str, bytes]:
    """Run an UNLOAD that must succeed, and return its files by the end of their names."""
    execution = tables.execution(f"unload ({query}) to 's3://data/{folder}/' with ({options})")
    assert execution["Status"]["State"] == "SUCCEEDED", execution["Status"]
    manifest = tables.runtime.objects.read(execution["Statistics"]["DataManifestLocation"]).decode().split()
    assert sorted(manifest) == [f"s3://data/{key}" for key in tables.keys(f"{folder}/")]
    return {uri.removeprefix(f"s3://data/{folder}/"): tables.runtime.objects.read(uri) for uri in manifest}


def compression(content: bytes) -> str:
    return str(pq.ParquetFile(io.BytesIO(content)).metadata.row_group(0).column(0).compression)


@pytest.mark.parametrize(
    ("option", "expected"),
    [("", "GZIP"), (", compression = 'SNAPPY'", "SNAPPY"), (", compression='zstd', compression_level = 4", "ZSTD")],
    ids=["default", "snappy", "zstd"],
)
def test_parquet_is_compressed_as_asked(tables: Lake, option: str, expected: str) -> None:
    (content,) = unloaded(tables, f"parquet_{expected}", QUERY, f"format = 'PARQUET'{option}").values()
    assert compression(content) == expected
    assert pq.read_table(io.BytesIO(content)).column("id").to_pylist() == [1, 2]


def test_json_is_lines_of_objects_by_gzip(tables: Lake) -> None:
    files = unloaded(tables, "json", QUERY, "format = 'JSON'")
    ((name, content),) = files.items()
    assert name.endswith(".gz")
    records: list[dict[str, Any]] = [json.loads(line) for line in gzip.decompress(content).splitlines()]
    first = {"id": 1, "name": "a b", "share": 1e7, "good": True, "price": 1.5, "day": "2026-01-05", "k": "x"}
    assert records[0] == first
    assert records[1]["name"] is None


@pytest.mark.parametrize(
    ("option", "delimiter"), [("", "\x01"), (", field_delimiter = ','", ",")], ids=["default", "comma"]
)
def test_text_has_neither_header_nor_quotes(tables: Lake, option: str, delimiter: str) -> None:
    query = (
        f"{QUERY} union all select 3, 'q\"u,o' || chr(1), 1e0, true, cast(0.05 as decimal(9, 2)), date '2026-01-06', ''"
    )
    (content,) = unloaded(tables, f"text{len(option)}", query, f"format = 'TEXTFILE'{option}").values()
    assert gzip.decompress(content).decode().splitlines() == [
        delimiter.join(["1", "a b", "1.0E7", "true", "1.50", "2026-01-05", "x"]),
        delimiter.join(["2", "\\N", "0.1", "false", "\\N", "\\N", "y"]),
        delimiter.join(["3", 'q"u,o\x01', "1.0", "true", "0.05", "2026-01-06", ""]),
    ]


def test_partitions_are_folders_to_which_further_runs_add(tables: Lake) -> None:
    options = "format = 'JSON', partitioned_by = ARRAY['k']"
    sql = f"unload ({QUERY}) to 's3://data/folders/' with ({options})"
    for expected in (2, 4):
        assert tables.execution(sql)["Status"]["State"] == "SUCCEEDED"
        keys = tables.keys("folders/")
        assert len(keys) == expected
        assert {key.split("/")[1] for key in keys} == {"k=x", "k=y"}
        assert all("k" not in json.loads(gzip.decompress(tables.runtime.objects.read(f"s3://data/{k}"))) for k in keys)


def test_a_snapshot_is_unloaded_as_it_was(tables: Lake) -> None:
    tables.query(
        "create table lake.versions (id int, name string) location 's3://data/versions/' "
        "tblproperties ('table_type' = 'ICEBERG')"
    )
    tables.query("insert into versions values (1, 'a'), (2, 'b')")
    ((snapshot,),) = tables.query("select snapshot_id from \"versions$refs\" where name = 'main'")
    tables.query("insert into versions values (3, 'c')")
    tables.query("delete from versions where id = 1")
    pinned = f'with "versions" as (select * from "lake"."versions" for version as of {snapshot})'
    query = f"{pinned} select * from (\nselect id from versions where id < 9 -- all\n)"
    (content,) = unloaded(tables, "as_of", query, "format = 'PARQUET'").values()
    assert sorted(pq.read_table(io.BytesIO(content)).column("id").to_pylist()) == [1, 2]


@pytest.mark.parametrize(
    "statement", ["unload ({}) to 's3://data/{}/' with (format = 'PARQUET')", "create table {1} as {0}"]
)
def test_timestamps_of_six_digits_are_refused_as_by_athena(tables: Lake, statement: str) -> None:
    query = "select 1 as id, cast(timestamp '2026-01-05 00:00:00.123456' as timestamp(6)) as at"
    assert tables.reason(statement.format(query, "digits")) == (
        "NOT_SUPPORTED: Incorrect timestamp precision for timestamp(6); the configured precision is MILLISECONDS; "
        "column name: at"
    )
    assert tables.keys("digits/") == []


@pytest.mark.parametrize(
    ("query", "options", "reason"),
    [
        ("select 1 as a", "format = 'ORC'", "NOT_SUPPORTED: UNLOAD writes format = 'PARQUET', 'JSON' and 'TEXTFILE'"),
        ("select 1 as a", "format = 'AVRO'", "NOT_SUPPORTED: UNLOAD writes format = 'PARQUET', 'JSON' and 'TEXTFILE'"),
        ("select 1 as a", "format = 'CSV'", "NOT_SUPPORTED: UNLOAD needs a format of PARQUET, JSON, TEXTFILE, ORC"),
        ("select 1 as a", "compression = 'GZIP'", "NOT_SUPPORTED: UNLOAD needs a format of"),
        ("select 1 as a", "format = 'PARQUET', compression = 'LZ4'", "NOT_SUPPORTED: UNLOAD compresses Parquet by"),
        ("select 1 as a", "format = 'JSON', compression = 'ZSTD'", "NOT_SUPPORTED: 'compression' of JSON"),
        ("select 1 as a", "format = 'PARQUET', compression_level = 3", "NOT_SUPPORTED: 'compression_level' is"),
        ("select 1 as a", "format = 'TEXTFILE', field_delimiter = '||'", "NOT_SUPPORTED: 'field_delimiter' must be"),
        ("select 1 as a", "format = 'JSON', field_delimiter = ','", "NOT_SUPPORTED: 'field_delimiter' of JSON"),
        ("select 1 as a", "format = 'JSON', bucketed_by = ARRAY['a']", "NOT_SUPPORTED: UNLOAD property 'bucketed_by'"),
        ("select 1 as a", "format = 'JSON' x", "SYNTAX_ERROR: line 1:1: mismatched input"),
        ("select array[1] as a", "format = 'TEXTFILE'", "NOT_SUPPORTED: how UNLOAD writes array into TEXTFILE"),
        (
            "select timestamp '2026-01-05 00:00:00' as a",
            "format = 'JSON'",
            "NOT_SUPPORTED: how UNLOAD writes timestamp",
        ),
        ("select array[1e0] as a", "format = 'JSON'", "NOT_SUPPORTED: how UNLOAD writes double into JSON"),
        ("select 1 as k, 2 as a", "format = 'JSON', partitioned_by = ARRAY['k']", "HIVE_COLUMN_ORDER_MISMATCH"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_refuses_what_is_not_written_as_by_athena(tables: Lake, query: str, options: str, reason: str) -> None:
    assert tables.reason(f"unload ({query}) to 's3://data/refused/' with ({options})").startswith(reason)
    assert tables.keys("refused/") == []


def test_json_has_no_nan(tables: Lake) -> None:
    reason = tables.reason("unload (select nan() as a) to 's3://data/nan/' with (format = 'JSON')")
    assert reason == "NOT_SUPPORTED: NaN and Infinity in JSON are not reproduced locally; column name: a"
