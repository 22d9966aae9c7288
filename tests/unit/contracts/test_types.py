"""The table of types, and reading a type's text."""

from __future__ import annotations

import duckdb
import pytest

from lake_blueprints.contracts import (
    ArrayType,
    Column,
    ContractError,
    DataType,
    MapType,
    ScalarType,
    StructType,
    parse_type,
)

EVERY_SCALAR = [
    "boolean",
    "tinyint",
    "smallint",
    "int",
    "bigint",
    "float",
    "double",
    "decimal(38,18)",
    "string",
    "date",
    "timestamp",
    "binary",
]


@pytest.mark.parametrize(
    ("text", "athena", "redshift", "duckdb_name"),
    [
        ("boolean", "boolean", "boolean", "BOOLEAN"),
        ("tinyint", "tinyint", "smallint", "TINYINT"),
        ("int", "integer", "integer", "INTEGER"),
        ("float", "real", "real", "FLOAT"),
        ("double", "double", "double precision", "DOUBLE"),
        ("decimal(10,2)", "decimal(10,2)", "decimal(10,2)", "DECIMAL(10,2)"),
        ("string", "varchar", "varchar(65535)", "VARCHAR"),
        ("timestamp", "timestamp", "timestamp", "TIMESTAMP"),
        ("array<int>", "array(integer)", "super", "INTEGER[]"),
        ("map<string,double>", "map(varchar,double)", "super", "MAP(VARCHAR, DOUBLE)"),
        ("struct<a:int,b:string>", 'row("a" integer, "b" varchar)', "super", 'STRUCT("a" INTEGER, "b" VARCHAR)'),
    ],
)
def test_a_type_has_the_name_that_each_engine_uses(text: str, athena: str, redshift: str, duckdb_name: str) -> None:
    kind = parse_type(text)
    assert (kind.glue, kind.spark) == (text, text)
    assert (kind.athena, kind.redshift, kind.duckdb) == (athena, redshift, duckdb_name)


@pytest.mark.parametrize("text", [*EVERY_SCALAR, "array<struct<a:map<string,array<date>>,b:decimal(5,0)>>"])
def test_every_type_survives_being_written_and_read(text: str) -> None:
    assert str(parse_type(text)) == text


@pytest.mark.parametrize("text", [*EVERY_SCALAR, "array<int>", "map<string,int>", "struct<a:int,b:array<date>>"])
def test_duckdb_knows_every_type_by_the_name_we_give_it(text: str) -> None:
    assert duckdb.sql(f"select cast(null as {parse_type(text).duckdb})").fetchall() == [(None,)]


def test_an_object_knows_how_its_source_spells_the_fields() -> None:
    inner = StructType((("postal_code", ScalarType("string")),), sources=("postal`code",))
    kind = ArrayType(MapType(ScalarType("string"), inner))
    assert kind.spark == "array<map<string,struct<postal_code:string>>>"
    assert kind.sent == "array<map<string,struct<`postal``code`:string>>>"
    assert parse_type("struct<a:int>").sent == "struct<`a`:int>"


def test_nested_types_are_told_from_scalar_ones() -> None:
    assert parse_type("array<int>").nested
    assert not parse_type("int").nested


def test_reads_spaces_upper_case_and_aliases() -> None:
    assert parse_type(" STRUCT< a : LONG , b : array<integer> > ") == StructType(
        (("a", ScalarType("bigint")), ("b", ArrayType(ScalarType("int"))))
    )
    assert parse_type("map<varchar(3),bool>") == MapType(ScalarType("string", length=3), ScalarType("boolean"))


def test_a_length_in_characters_sizes_redshifts_column_in_bytes() -> None:
    assert ScalarType("string", length=3).redshift == "varchar(12)"
    assert ScalarType("string", length=60_000).redshift == "varchar(65535)"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("strin", "unknown type 'strin'; known are bigint"),
        ("", "a type's name was expected"),
        ("int32", "unknown type 'int32'; known are bigint"),
        ("array<", "a type's name was expected at its end; known are bigint"),
        ("array<int", "'>' was expected"),
        ("array", "'<' was expected"),
        ("map<string>", "',' was expected"),
        ("struct<a int>", "a field 'name:type' was expected"),
        ("struct<a:int,a:int>", "two fields named 'a'"),
        ("struct<>", "a field 'name:type' was expected"),
        ("int int", "'int' is left over"),
        ("decimal(39,2)", "1 to 38 digits, got 39"),
        ("decimal(5,6)", "scale is 0 to its 5 digits, got 6"),
    ],
)
def test_refuses_what_is_not_a_type(text: str, message: str) -> None:
    with pytest.raises(ContractError, match=message.replace("(", r"\(")):
        parse_type(text)


@pytest.mark.parametrize("opening", ["array<", "map<string,", "struct<a:"])
def test_refuses_a_type_that_is_too_deep_in_one_line(opening: str) -> None:
    assert parse_type(opening * 64 + "int" + ">" * 64).nested
    with pytest.raises(ContractError, match=r"^a type is nested more than 64 levels deep; flatten it$"):
        parse_type(opening * 1_100 + "int" + ">" * 1_100)


def test_refuses_a_column_of_a_type_that_is_too_deep() -> None:
    deep: DataType = ScalarType("int")
    for _ in range(1_100):
        deep = ArrayType(deep)
    with pytest.raises(ContractError, match=r"^a type is nested more than 64 levels deep; flatten it$"):
        Column(name="x", type=deep)
