from __future__ import annotations

import duckdb
import pytest

from local_cloud.errors import LocalCloudError
from local_cloud.sql.types import from_duckdb, parse


@pytest.mark.parametrize(
    ("hive", "expected"),
    [
        ("string", "VARCHAR"),
        ("varchar(10)", "VARCHAR"),
        ("int", "INTEGER"),
        ("decimal(10,2)", "DECIMAL(10,2)"),
        ("decimal(7)", "DECIMAL(7,0)"),
        ("decimal", "DECIMAL(10,0)"),
        ("array<string>", "VARCHAR[]"),
        ("map<string,array<int>>", "MAP(VARCHAR, INTEGER[])"),
        ("struct<a:int,b:array<struct<c:double>>>", 'STRUCT("a" INTEGER, "b" STRUCT("c" DOUBLE)[])'),
        ("STRUCT< `A` : INT >".replace("`", ""), 'STRUCT("A" INTEGER)'),
    ],
)
def test_a_hive_type_has_a_duckdb_type(hive: str, expected: str) -> None:
    assert parse(hive).duckdb == expected


@pytest.mark.parametrize("hive", ["int", "decimal(10,2)", "array<map<string,int>>", "struct<a:int,b:array<string>>"])
def test_a_type_is_written_as_it_was_read(hive: str) -> None:
    assert str(parse(hive)) == hive


@pytest.mark.parametrize("wrong", ["", "strin", "array<int", "array<int,int>", "struct<a>", "int>", "map<int>"])
def test_refuses_what_is_no_hive_type(wrong: str) -> None:
    with pytest.raises(LocalCloudError, match="is not a Hive type"):
        parse(wrong)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("[1]", "array<int>"),
        ("map {'a': 1.5}", "map<string,decimal(2,1)>"),
        ("{'A': 1, 'b': [true]}", "struct<a:int,b:array<boolean>>"),
        ("sum(1)", "bigint"),
        ("date '2024-01-01'", "date"),
    ],
)
def test_a_duckdb_type_is_stored_as_a_hive_type(value: str, expected: str) -> None:
    assert str(from_duckdb(duckdb.sql(f"select {value}").types[0])) == expected


@pytest.mark.parametrize("value", ["now()", "'{}'::json", "interval 1 day"])
def test_refuses_to_store_what_hive_has_no_type_for(value: str) -> None:
    with pytest.raises(LocalCloudError, match="Unsupported Hive type"):
        from_duckdb(duckdb.sql(f"select {value}").types[0])
