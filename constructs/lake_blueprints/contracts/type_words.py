"""Type names of databases and message formats, and the lake's types; docs/types.md is generated from these tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Meaning(NamedTuple):
    """A type of the lake, and what is lost on the way to it."""

    type: str
    note: str | None = None


_JSON_TEXT = Meaning("string", "kept as its JSON text")
_SHAPE = Meaning("string", "kept as text, as WKT or GeoJSON: no type of a lake holds shapes")
_INTERVAL = Meaning("string", "kept as text: Parquet, Athena and Redshift share no type for an interval")
TIME = Meaning("string", "kept as its ISO 8601 text: Hive has no time of day")
_RANGE = Meaning("string", "kept as text: no type of a lake holds ranges")
_OTHER = Meaning("string", "kept as text: its values have no one type")
NANOSECONDS = "kept to the microsecond; further digits are cut off"
UNKNOWN_DIGITS = "its digits are not declared: 38, of which 18 after the point"
TOO_MANY_DIGITS = "38 digits are the most; further ones after the point are rounded, larger values are quarantined"


def _all(meaning: Meaning | str, *words: str) -> dict[str, Meaning]:
    return dict.fromkeys(words, Meaning(meaning) if isinstance(meaning, str) else meaning)


# What a word means wherever it is not said otherwise below. Unsigned types take the next wider signed one.
WORDS: Mapping[str, Meaning] = {
    **_all("boolean", "boolean", "bool", "logical"),
    **_all("tinyint", "tinyint", "byte", "int8_t", "sint8"),
    **_all("smallint", "smallint", "short", "int2", "int16", "smallserial", "serial2", "year"),
    **_all("smallint", "tinyint unsigned", "uint8", "utinyint"),
    **_all("int", "int", "integer", "int4", "int32", "mediumint", "mediumint unsigned", "serial", "serial4"),
    **_all("int", "smallint unsigned", "uint16", "usmallint", "sint32", "sfixed32"),
    **_all("bigint", "bigint", "long", "int8", "int64", "bigserial", "serial8", "oid", "byteint", "sint64", "sfixed64"),
    **_all("bigint", "int unsigned", "integer unsigned", "uint32", "uinteger", "fixed32"),
    **_all("decimal(20,0)", "bigint unsigned", "uint64", "ubigint", "fixed64"),
    **_all(Meaning("decimal(38,0)", TOO_MANY_DIGITS), "int128", "hugeint", "uint128", "int256", "uint256"),
    **_all("float", "real", "float4", "float32", "binary_float", "half_float"),
    # A double holds every float, so that no digit is lost where four bytes were meant.
    **_all("double", "float", "double", "double precision", "float8", "float64", "binary_double", "float unsigned"),
    **_all("double", "double unsigned", "real unsigned"),
    **_all("decimal", "decimal", "numeric", "number", "dec", "fixed", "bignumeric", "bigdecimal", "decimal unsigned"),
    **_all("decimal", "numeric unsigned", "decimal128", "decfloat"),
    # PostgreSQL's has 17 digits before the point, SQL Server's four after it.
    **_all("decimal(21,4)", "money"),
    **_all("decimal(10,4)", "smallmoney"),
    **_all("string", "string", "text", "varchar", "char", "character", "character varying", "char varying", "varchar2"),
    **_all("string", "nvarchar", "nvarchar2", "nchar", "national character", "national character varying", "bpchar"),
    **_all("string", "tinytext", "mediumtext", "longtext", "ntext", "clob", "nclob", "long varchar", "citext", "name"),
    **_all("string", "enum", "set", "sysname", "symbol", "uuid", "uniqueidentifier", "guid", "rowid", "urowid", "xml"),
    **_all("string", "xmltype", "inet", "cidr", "macaddr", "macaddr8", "ipaddress", "tsvector", "tsquery", "keyword"),
    **_all("string", "fixedstring", "utf8", "large_string", "bit varying", "varbit", "ltree", "hllsketch"),
    **_all("date", "date", "date32"),
    **_all("timestamp", "timestamp", "timestamptz", "timestamp with time zone", "timestamp without time zone"),
    **_all("timestamp", "timestamp with local time zone", "timestamp_ntz", "timestamp_ltz", "timestamp_tz"),
    **_all("timestamp", "timestampntz", "timestampltz", "datetime", "datetime2", "datetimeoffset", "smalldatetime"),
    **_all("timestamp", "datetime64", "timestamp-millis", "timestamp-micros", "local-timestamp-millis"),
    **_all("timestamp", "local-timestamp-micros", "google.protobuf.timestamp", "timestamp_s", "timestamp_ms"),
    **_all(Meaning("timestamp", NANOSECONDS), "timestamp-nanos", "local-timestamp-nanos", "timestamp_ns"),
    **_all("binary", "binary", "varbinary", "binary varying", "bytea", "bytes", "blob", "tinyblob", "mediumblob"),
    **_all("binary", "longblob", "image", "raw", "long raw", "varbyte", "bfile", "rowversion", "binary large object"),
    **_all(_JSON_TEXT, "json", "jsonb", "variant", "super", "object", "record", "struct", "hstore", "dynamic", "bson"),
    **_all(
        _SHAPE, "geography", "geometry", "sdo_geometry", "point", "line", "lseg", "box", "path", "polygon", "circle"
    ),
    **_all(_SHAPE, "linestring", "multipoint", "multilinestring", "multipolygon", "geometrycollection"),
    **_all(_INTERVAL, "interval", "interval year", "interval year to month", "interval day", "interval day to second"),
    **_all(_INTERVAL, "interval_year_month", "interval_day_time", "duration"),
    **_all(TIME, "time", "timetz", "time with time zone", "time without time zone", "time-millis", "time-micros"),
    **_all(_RANGE, "int4range", "int8range", "numrange", "tsrange", "tstzrange", "daterange", "range"),
    **_all(_OTHER, "sql_variant", "hierarchyid", "anydata", "union", "null", "void", "any"),
}

_FOUR_BYTES = _all("float", "float")
_WHOLE = _all("bigint", "tinyint", "smallint", "int", "integer", "byteint")
# Where a system means something else by a word. A system is a type of server of the standard.
SYSTEMS: Mapping[str, Mapping[str, Meaning]] = {
    "mysql": {**_FOUR_BYTES, **_all("double", "real")},
    "sqlserver": {**_all("smallint", "tinyint"), **_all("binary", "timestamp")},
    "oracle": {**_WHOLE, **_all("timestamp", "date"), **_all("string", "long"), **_all("double", "real")},
    "snowflake": _WHOLE,
    "bigquery": _WHOLE,
    **dict.fromkeys(("databricks", "athena", "trino", "presto", "glue", "hive", "kafka", "kinesis"), _FOUR_BYTES),
}
# Precision and scale of a decimal that is declared without.
DIGITS: Mapping[str, tuple[int, int]] = {
    "mysql": (10, 0),
    "sqlserver": (18, 0),
    "redshift": (18, 0),
    "snowflake": (38, 0),
    "bigquery": (38, 9),
    **dict.fromkeys(("databricks", "glue", "hive"), (10, 0)),
    **dict.fromkeys(("athena", "trino", "presto"), (38, 0)),
}
ALIASES = {"postgresql": "postgres", "mssql": "sqlserver", "azure": "sqlserver", "synapse": "sqlserver"}

# What a logical type is when nothing refines it. A number without a physical type is a double: the standard
# gives it neither digits nor scale.
LOGICAL: Mapping[str, Meaning] = {
    "string": Meaning("string"),
    "boolean": Meaning("boolean"),
    "date": Meaning("date"),
    "timestamp": Meaning("timestamp"),
    "time": TIME,
    "integer": Meaning("bigint"),
    "number": Meaning("double"),
}
# `logicalTypeOptions.format` of integers and numbers.
FORMATS: Mapping[str, Meaning] = {
    "i8": Meaning("tinyint"),
    "i16": Meaning("smallint"),
    "i32": Meaning("int"),
    "i64": Meaning("bigint"),
    "i128": WORDS["int128"],
    "u8": Meaning("smallint"),
    "u16": Meaning("int"),
    "u32": Meaning("bigint"),
    "u64": Meaning("decimal(20,0)"),
    "u128": WORDS["uint128"],
    "f32": Meaning("float"),
    "f64": Meaning("double"),
}
# `logicalTypeOptions.elementType` of vectors; an element of a binary one is 0 or 1.
ELEMENTS: Mapping[str, str] = {
    "bfloat16": "float",
    "float16": "float",
    "float32": "float",
    "float64": "double",
    "int8": "tinyint",
    "uint8": "smallint",
    "binary": "tinyint",
}

# A logical type and a physical one of another family, by that of the physical one: what becomes of the two. The logical
# type decides unless the pair has a type here; the note says what the records may not hold then. Pairs that are not
# listed agree, or are read as the logical type without a loss: any type as text, 0 and 1 as booleans.
_QUARANTINED = "are quarantined"
_NUMBERS_AS_TIME = Meaning("logical", f"numbers, such as seconds since 1970, {_QUARANTINED}")
_NO_TIME = Meaning("logical", f"times of day alone {_QUARANTINED}")
_NO_MOMENT = Meaning("logical", f"dates and times {_QUARANTINED}")
_NO_BOOLEAN = Meaning("logical", f"true and false {_QUARANTINED}")
_NO_BYTES = Meaning("logical", f"bytes {_QUARANTINED}")
_NO_PARTS = Meaning("logical", f"values with parts {_QUARANTINED}")
_OF_TIMES = {"boolean": _NO_BOOLEAN, "time": _NO_TIME, "binary": _NO_BYTES, "nested": _NO_PARTS}
_OF_NUMBERS = {
    **dict.fromkeys(("date", "timestamp", "time"), _NO_MOMENT),
    "boolean": _NO_BOOLEAN,
    "binary": _NO_BYTES,
    "nested": _NO_PARTS,
}
DISAGREEING: Mapping[str, Mapping[str, Meaning]] = {
    "string": {"binary": Meaning("binary")},
    "boolean": {
        **dict.fromkeys(("date", "timestamp", "time"), _NO_MOMENT),
        "binary": _NO_BYTES,
        "nested": _NO_PARTS,
    },
    # v3.0 of the standard has no logical timestamp.
    "date": {
        "timestamp": Meaning("timestamp"),
        **dict.fromkeys(("integer", "fraction"), _NUMBERS_AS_TIME),
        **_OF_TIMES,
    },
    "timestamp": {
        "date": Meaning("logical", f"dates without a time of day {_QUARANTINED}, unless Parquet holds them"),
        **dict.fromkeys(("integer", "fraction"), _NUMBERS_AS_TIME),
        **_OF_TIMES,
    },
    "integer": {"fraction": Meaning("logical", f"numbers with a fraction {_QUARANTINED}"), **_OF_NUMBERS},
    "number": _OF_NUMBERS,
    "time": {},
}
_FAMILIES = {
    **dict.fromkeys(("tinyint", "smallint", "int", "bigint", "decimal"), "integer"),
    **dict.fromkeys(("float", "double"), "fraction"),
}


def family(meaning: Meaning) -> str:
    """Return the family of a physical type's meaning, as in `DISAGREEING`."""
    if meaning == TIME:
        return "time"
    name = meaning.type.partition("(")[0]
    return _FAMILIES.get(name, name)
