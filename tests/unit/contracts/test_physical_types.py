"""Physical types of databases and message formats, alone and beside a logical type."""

from __future__ import annotations

from typing import Any

import pytest

from lake_blueprints.contracts import ContractError, ScalarType
from lake_blueprints.contracts.physical_types import resolve
from lake_blueprints.contracts.type_words import DISAGREEING, SYSTEMS, WORDS

# By system: what contracts of it write, and what that is in the lake.
FAITHFUL = {
    "postgres": {
        "INT4": "int",
        "bigserial": "bigint",
        "numeric(10,2)": "decimal(10,2)",
        "numeric(10, 2)[]": "array<decimal(10,2)>",
        "integer[][]": "array<array<int>>",
        "integer array": "array<int>",
        "_int8": "array<bigint>",
        "float": "double",
        "float(24)": "float",
        "real": "float",
        "double precision": "double",
        "money": "decimal(21,4)",
        "character varying(255)": "string",
        "varchar(20) NOT NULL DEFAULT 'a, b'": "string",
        'text COLLATE "C"': "string",
        "uuid": "string",
        "timestamp(6) with time zone": "timestamp",
        "timestamp(3) without time zone": "timestamp",
        "bytea": "binary",
        "bit(1)": "boolean",
        "bool": "boolean",
    },
    "mysql": {
        "tinyint": "tinyint",
        "tinyint(3) unsigned": "smallint",
        "smallint unsigned": "int",
        "mediumint": "int",
        "int(10) unsigned zerofill": "bigint",
        "bigint(20) unsigned": "decimal(20,0)",
        "float": "float",
        "real": "double",
        "decimal": "decimal(10,0)",
        "datetime(6)": "timestamp",
        "year": "smallint",
        "enum('new','a, b')": "string",
        "set('a','b')": "string",
        "longtext": "string",
        "mediumblob": "binary",
    },
    "sqlserver": {
        "[nvarchar](max)": "string",
        "tinyint": "smallint",
        "bit": "boolean",
        "numeric": "decimal(18,0)",
        "money": "decimal(21,4)",
        "smallmoney": "decimal(10,4)",
        "uniqueidentifier": "string",
        "datetime2(3)": "timestamp",
        "datetimeoffset": "timestamp",
        "timestamp": "binary",
        "rowversion": "binary",
        "int identity(1,1)": "int",
        "float(53)": "double",
    },
    "oracle": {
        "NUMBER(38,0)": "decimal(38,0)",
        "NUMBER(5,-2)": "decimal(7,0)",
        "NUMBER(2,5)": "decimal(5,5)",
        "INTEGER": "bigint",
        "VARCHAR2(100 CHAR)": "string",
        "CLOB": "string",
        "LONG": "string",
        "LONG RAW": "binary",
        "DATE": "timestamp",
        "TIMESTAMP(6) WITH LOCAL TIME ZONE": "timestamp",
        "BINARY_FLOAT": "float",
        "REAL": "double",
    },
    "snowflake": {
        "NUMBER": "decimal(38,0)",
        "NUMBER(12,2)": "decimal(12,2)",
        "INT": "bigint",
        "FLOAT": "double",
        "TIMESTAMP_NTZ(6)": "timestamp",
        "ARRAY(VARCHAR)": "array<string>",
        "OBJECT(city VARCHAR, Zip NUMBER(5,0))": "struct<city:string,zip:decimal(5,0)>",
        "MAP(VARCHAR, NUMBER(3,1))": "map<string,decimal(3,1)>",
        "VECTOR(FLOAT, 256)": "array<float>",
    },
    "bigquery": {
        "INT64": "bigint",
        "INTEGER": "bigint",
        "FLOAT64": "double",
        "NUMERIC": "decimal(38,9)",
        "DATETIME": "timestamp",
        "BYTES(16)": "binary",
        "ARRAY<STRING(10)>": "array<string>",
        "STRUCT<a INT64, `B` ARRAY<STRUCT<d STRING>>>": "struct<a:bigint,b:array<struct<d:string>>>",
        "STRUCT<INT64, STRING>": "struct<field1:bigint,field2:string>",
    },
    "databricks": {
        "LONG": "bigint",
        "BYTE": "tinyint",
        "FLOAT": "float",
        "DECIMAL": "decimal(10,0)",
        "TIMESTAMP_NTZ": "timestamp",
        "STRUCT<a: INT COMMENT 'x, y', b: MAP<STRING, DOUBLE>>": "struct<a:int,b:map<string,double>>",
        "ARRAY<DECIMAL(5,2)>": "array<decimal(5,2)>",
    },
    "redshift": {"int2": "smallint", "float8": "double", "numeric": "decimal(18,0)", "varbyte(10)": "binary"},
    "athena": {
        "row(a integer, b array(varchar(3)))": "struct<a:int,b:array<string>>",
        "map(varchar, double)": "map<string,double>",
        "timestamp(3)": "timestamp",
        "varbinary": "binary",
        "float": "float",
    },
    "kafka": {
        '"long"': "bigint",
        '["null", {"type": "long", "logicalType": "timestamp-millis"}]': "timestamp",
        '{"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 3}': "decimal(9,3)",
        '{"type": "array", "items": ["null", "int"]}': "array<int>",
        '{"type": "fixed", "name": "md5", "size": 16}': "binary",
        '{"type": "map", "values": "float"}': "map<string,float>",
        '{"type": "enum", "name": "e", "symbols": ["A"]}': "string",
        '{"type": "record", "name": "r", "fields": [{"name": "Lat", "type": "double"}]}': "struct<lat:double>",
        "timestamp-micros": "timestamp",
        "io.debezium.time.Timestamp": "timestamp",
        "google.protobuf.Timestamp": "timestamp",
        "uint64": "decimal(20,0)",
        "bytes": "binary",
    },
}


def resolved(prop: dict[str, Any], system: str | None = None) -> tuple[str, str | None]:
    kind, note = resolve(prop, system)
    return str(kind), note


@pytest.mark.parametrize(
    ("system", "physical", "expected"),
    [(system, *pair) for system, words in FAITHFUL.items() for pair in words.items()],
)
def test_a_physical_type_alone_decides(system: str, physical: str, expected: str) -> None:
    assert resolved({"physicalType": physical}, system) == (expected, None)


@pytest.mark.parametrize(
    ("physical", "expected", "note"),
    [
        ("jsonb", "string", "kept as its JSON text"),
        ("VARIANT", "string", "kept as its JSON text"),
        ("geography(POINT,4326)", "string", "kept as text, as WKT or GeoJSON"),
        ("interval day(2) to second(6)", "string", "kept as text"),
        ("time with time zone", "string", "kept as its ISO 8601 text"),
        ("RANGE<DATE>", "string", "kept as text: no type of a lake holds ranges"),
        ("sql_variant", "string", "its values have no one type"),
        ('["null", "int", "string"]', "string", "its values have no one type"),
        ("bit(8)", "string", "zeros and ones"),
        ("timestamp(9)", "timestamp", "kept to the microsecond"),
        ("numeric", "decimal(38,18)", "its digits are not declared"),
        ("BIGNUMERIC", "decimal(38,18)", "38 digits are the most"),
        ("numeric(50,2)", "decimal(38,2)", "38 digits are the most"),
        ("hugeint", "decimal(38,0)", "38 digits are the most"),
        ("map<int, string>", "map<string,string>", "keys of maps are kept as text"),
        ("array", "array<string>", "its elements are kept as text"),
        ("frobnicate(3)", "string", "the type 'frobnicate' is not known"),
        ("widget<int>", "string", "the type 'widget' is not known"),
        ("ARRAY<" * 5_000, "string", "is not known"),
        ("int" + "[]" * 5_000, "string", "is not known"),
        ("[" * 5_000, "string", "is not known"),
        ('["null",' * 5_000, "string", "is not known"),
    ],
)
def test_what_has_no_faithful_type_falls_back_with_a_note(physical: str, expected: str, note: str) -> None:
    kind, told = resolved({"physicalType": physical})
    assert kind == expected
    assert told is not None
    assert note in told
    assert len(told) < 200


def test_a_property_without_any_type_is_text() -> None:
    assert resolved({"name": "x"}) == ("string", "it has no type, so it is kept as text")


@pytest.mark.parametrize("spelling", ["TIMESTAMP WITH TIME ZONE", " timestamp  with\ttime zone ", '"timestamptz"'])
def test_case_spaces_and_quotes_do_not_matter(spelling: str) -> None:
    assert resolved({"physicalType": spelling}) == ("timestamp", None)


@pytest.mark.parametrize(
    ("prop", "expected"),
    [
        ({"logicalType": "string", "physicalType": "jsonb"}, "string"),
        ({"logicalType": "string", "physicalType": "INT"}, "string"),
        ({"logicalType": "string", "physicalType": "bytea"}, "binary"),
        ({"logicalType": "boolean", "physicalType": "tinyint(1)"}, "boolean"),
        ({"logicalType": "boolean", "physicalType": "varchar(5)"}, "boolean"),
        ({"logicalType": "date", "physicalType": "timestamp"}, "timestamp"),
        ({"logicalType": "date", "physicalType": "varchar(10)"}, "date"),
        ({"logicalType": "date", "physicalType": "frobnicate"}, "date"),
        ({"logicalType": "integer", "physicalType": "NUMBER"}, "decimal(38,0)"),
        ({"logicalType": "integer", "physicalType": "varchar"}, "bigint"),
        ({"logicalType": "integer", "logicalTypeOptions": {"format": "u8"}}, "smallint"),
        ({"logicalType": "integer", "logicalTypeOptions": {"format": "u64"}}, "decimal(20,0)"),
        ({"logicalType": "integer", "physicalType": "int", "logicalTypeOptions": {"format": "i64"}}, "int"),
        ({"logicalType": "number", "physicalType": "int"}, "int"),
        ({"logicalType": "number", "logicalTypeOptions": {"format": "f32"}}, "float"),
        ({"logicalType": "vector", "logicalTypeOptions": {"dimensions": 3}}, "array<float>"),
        ({"logicalType": "vector", "logicalTypeOptions": {"dimensions": 3, "elementType": "uint8"}}, "array<smallint>"),
        ({"logicalType": "array", "physicalType": "text[]"}, "array<string>"),
        (
            {"logicalType": "array", "physicalType": "numeric(10,2)[]", "items": {"logicalType": "number"}},
            "array<decimal(10,2)>",
        ),
        (
            {"logicalType": "array", "items": {"properties": [{"name": "Sku", "logicalType": "string"}]}},
            "array<struct<sku:string>>",
        ),
        ({"logicalType": "array", "properties": [{"name": "a", "physicalType": "int"}]}, "array<struct<a:int>>"),
        ({"logicalType": "object", "physicalType": "STRUCT<a INT64>"}, "struct<a:bigint>"),
        ({"properties": [{"name": "a", "logicalType": "date"}]}, "struct<a:date>"),
        ({"items": {"logicalType": "integer"}}, "array<bigint>"),
        (
            {"logicalType": "map", "map": {"key": {"logicalType": "string"}, "value": {"logicalType": "integer"}}},
            "map<string,bigint>",
        ),
        (
            {"logicalType": "map", "physicalType": "MAP<STRING, INT>", "map": {"key": {}, "value": {}}},
            "map<string,int>",
        ),
    ],
)
def test_a_physical_type_refines_a_logical_one_within_its_family(prop: dict[str, Any], expected: str) -> None:
    assert resolved(prop) == (expected, None)


@pytest.mark.parametrize(
    ("prop", "expected", "note"),
    [
        ({"logicalType": "time"}, "string", "kept as its ISO 8601 text"),
        ({"logicalType": "number", "physicalType": "DECMAL(10,2)"}, "double", "DECMAL(10,2): the latter is not known"),
        ({"logicalType": "integer", "physicalType": "intt"}, "bigint", "intt: the latter is not known"),
        ({"logicalType": "object"}, "string", "an object without properties is kept as its JSON text"),
        ({"logicalType": "array"}, "array<string>", "an array without items is read as an array of texts"),
        ({"logicalType": "map"}, "map<string,string>", "its values are kept as text"),
        ({"logicalType": "integer", "logicalTypeOptions": {"format": "u128"}}, "decimal(38,0)", "38 digits"),
        (
            {"logicalType": "object", "properties": [{"name": "At", "logicalType": "time"}]},
            "struct<at:string>",
            "'At': kept as its ISO 8601 text",
        ),
        (
            {"logicalType": "object", "properties": [{"name": "postal-code", "logicalType": "string"}]},
            "struct<postal_code:string>",
            "'postal-code': spelled so inside an object, only the curation job finds it",
        ),
        (
            {
                "logicalType": "map",
                "map": {"key": {"logicalType": "integer"}, "value": {"logicalType": "string"}},
            },
            "map<string,string>",
            "keys of maps are kept as text",
        ),
    ],
)
def test_a_logical_type_without_a_faithful_one_falls_back_with_a_note(
    prop: dict[str, Any], expected: str, note: str
) -> None:
    kind, told = resolved(prop)
    assert kind == expected
    assert note in (told or "")


def beside(logical: str, physical: str, system: str | None = None) -> tuple[str, str]:
    kind, note = resolved({"logicalType": logical, "physicalType": physical}, system)
    return kind, note or ""


@pytest.mark.parametrize(
    ("logical", "physical", "expected", "note"),
    [
        ("date", "long", "date", "numbers, such as seconds since 1970, are quarantined"),
        ("timestamp", "bigint", "timestamp", "numbers, such as seconds since 1970, are quarantined"),
        ("timestamp", "date", "timestamp", "dates without a time of day are quarantined"),
        ("date", "time", "date", "times of day alone are quarantined"),
        ("integer", "boolean", "bigint", "true and false are quarantined"),
        ("integer", "double", "bigint", "numbers with a fraction are quarantined"),
        ("integer", "int[]", "bigint", "values with parts are quarantined"),
        ("number", "timestamp", "double", "dates and times are quarantined"),
        ("boolean", "bytea", "boolean", "bytes are quarantined"),
        ("array", "int", "array<string>", "values without parts are quarantined"),
    ],
)
def test_types_that_disagree_are_said_with_what_is_lost(logical: str, physical: str, expected: str, note: str) -> None:
    kind, told = beside(logical, physical)
    assert kind == expected
    assert f"its logicalType is {logical} and its physicalType {physical}: {note}" in told


def test_every_family_beside_every_logical_type_agrees_is_listed_or_is_warned_about() -> None:
    physical = {"string": "text", "boolean": "bool", "integer": "int", "fraction": "double", "date": "date",
                "timestamp": "timestamp", "time": "time", "binary": "blob", "nested": "array<int>"}  # fmt: skip
    for logical, pairs in DISAGREEING.items():
        for kind, word in physical.items():
            found, note = beside(logical, word)
            if kind not in pairs:
                assert "and its physicalType" not in note
            elif pairs[kind].note:
                assert str(pairs[kind].note) in note
            else:
                assert (found, note) == (pairs[kind].type, "")


def test_a_date_of_oracle_beside_a_date_stays_one_with_a_warning() -> None:
    kind, note = beside("date", "DATE", "oracle")
    assert kind == "date"
    assert "physicalType timestamp keeps it" in note
    assert beside("timestamp", "DATE", "oracle") == ("timestamp", "")


def test_a_declared_length_sizes_a_string() -> None:
    assert resolve({"physicalType": "varchar(20)"})[0] == ScalarType("string", length=20)
    options = {"logicalType": "string", "physicalType": "varchar(20)", "logicalTypeOptions": {"maxLength": 3}}
    assert resolve(options)[0] == ScalarType("string", length=3)
    assert resolve({"physicalType": "uuid"})[0] == ScalarType("string", length=36)
    assert resolve({"physicalType": "varchar(max)"})[0] == ScalarType("string")


def test_names_inside_an_object_collide_with_an_error_that_names_both() -> None:
    children = [{"name": name, "logicalType": "string"} for name in ("postalCode", "PostalCode")]
    with pytest.raises(ContractError, match="properties 'postalCode' and 'PostalCode' have the same catalog name"):
        resolve({"logicalType": "array", "items": {"logicalType": "object", "properties": children}})


@pytest.mark.parametrize("word", sorted({*WORDS, *(word for words in SYSTEMS.values() for word in words)}))
def test_every_word_of_the_tables_is_read_by_the_grammar(word: str) -> None:
    for system in (None, *SYSTEMS):
        _, note = resolve({"physicalType": word.upper()}, system)
        assert "is not known" not in (note or "")
