"""Hive types, as the Glue catalog writes them, and their counterparts in DuckDB."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from local_cloud.errors import LocalCloudError
from local_cloud.sql.duck import identifier

_SCALARS = {
    "tinyint": "TINYINT",
    "smallint": "SMALLINT",
    "int": "INTEGER",
    "integer": "INTEGER",
    "bigint": "BIGINT",
    "boolean": "BOOLEAN",
    "float": "FLOAT",
    "real": "FLOAT",
    "double": "DOUBLE",
    "string": "VARCHAR",
    "varchar": "VARCHAR",
    "char": "VARCHAR",
    "binary": "BLOB",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "decimal": "DECIMAL",
}

# By DuckDBPyType.id. HUGEINT is what DuckDB makes of sum(bigint), which stays bigint in Trino.
_FROM_DUCKDB = {
    "tinyint": "tinyint",
    "smallint": "smallint",
    "integer": "int",
    "bigint": "bigint",
    "hugeint": "bigint",
    "utinyint": "smallint",
    "usmallint": "int",
    "uinteger": "bigint",
    "ubigint": "bigint",
    "boolean": "boolean",
    "float": "float",
    "double": "double",
    "varchar": "string",
    "uuid": "string",
    "blob": "binary",
    "date": "date",
    "timestamp": "timestamp",
    "timestamp_s": "timestamp",
    "timestamp_ms": "timestamp",
    "timestamp_ns": "timestamp",
}

_TOKEN = re.compile(r"[<>(),:]|[^<>(),:\s]+")


@dataclass(frozen=True, kw_only=True)
class HiveType:
    """A type of the Glue catalog.

    Parameters
    ----------
    name: str
        `int`, `decimal`, `array`, `struct` and so on.
    arguments: tuple[int, ...]
        Precision and scale, or length.
    children: tuple[tuple[str, HiveType], ...]
        Element of an array, key and value of a map, fields of a struct, each with its name.
    """

    name: str
    arguments: tuple[int, ...] = ()
    children: tuple[tuple[str, HiveType], ...] = ()

    def __str__(self) -> str:
        if self.name == "struct":
            return f"struct<{','.join(f'{name}:{child}' for name, child in self.children)}>"
        if self.children:
            return f"{self.name}<{','.join(str(child) for _, child in self.children)}>"
        return self.name + (f"({','.join(map(str, self.arguments))})" if self.arguments else "")

    @property
    def duckdb(self) -> str:
        if self.name == "array":
            return f"{self.children[0][1].duckdb}[]"
        if self.name == "map":
            return f"MAP({self.children[0][1].duckdb}, {self.children[1][1].duckdb})"
        if self.name == "struct":
            return f"STRUCT({', '.join(f'{identifier(name)} {child.duckdb}' for name, child in self.children)})"
        if self.name == "decimal":
            precision, scale = (*self.arguments, *(10, 0)[len(self.arguments) :])
            return f"DECIMAL({precision},{scale})"
        return _SCALARS[self.name]


def parse(text: str) -> HiveType:
    """Parse a type of the Glue catalog, such as `struct<a:int,b:array<string>>`.

    Raises
    ------
    LocalCloudError
        If the text is not a Hive type.
    """
    tokens = _TOKEN.findall(text)
    parsed = _parse(tokens, text)
    if tokens:
        raise LocalCloudError(f"{text!r} is not a Hive type: {tokens[0]!r} is unexpected")
    return parsed


def _parse(tokens: list[str], text: str) -> HiveType:
    name = _take(tokens, text).lower()
    if name in ("array", "map", "struct"):
        _expect(tokens, "<", text)
        children: list[tuple[str, HiveType]] = []
        while True:
            label = ""
            if name == "struct":
                label = _take(tokens, text)
                _expect(tokens, ":", text)
            children.append((label, _parse(tokens, text)))
            if _take(tokens, text, allowed=",>") == ">":
                break
        if name != "struct" and len(children) != (1 if name == "array" else 2):
            raise LocalCloudError(f"{text!r} is not a Hive type: {name} has {len(children)} arguments")
        return HiveType(name=name, children=tuple(children))
    if name not in _SCALARS:
        raise LocalCloudError(f"{text!r} is not a Hive type: {name!r} is unknown")
    arguments: list[int] = []
    if tokens and tokens[0] == "(":
        tokens.pop(0)
        while True:
            arguments.append(int(_take(tokens, text)))
            if _take(tokens, text, allowed=",)") == ")":
                break
    return HiveType(name=name, arguments=tuple(arguments))


def _take(tokens: list[str], text: str, *, allowed: str = "") -> str:
    if not tokens or (allowed and tokens[0] not in allowed):
        raise LocalCloudError(f"{text!r} is not a Hive type: it ends or continues unexpectedly")
    return tokens.pop(0)


def _expect(tokens: list[str], token: str, text: str) -> None:
    _take(tokens, text, allowed=token)


def from_duckdb(duckdb_type: Any) -> HiveType:
    """Return the Hive type in which a DuckDB column is stored.

    Raises
    ------
    LocalCloudError
        If Hive has no such type, for instance a timestamp with time zone.
    """
    kind = duckdb_type.id
    if kind == "list":
        return HiveType(name="array", children=(("", from_duckdb(duckdb_type.children[0][1])),))
    if kind == "map":
        return HiveType(name="map", children=tuple(("", from_duckdb(child)) for _, child in duckdb_type.children))
    if kind == "struct":
        return HiveType(
            name="struct", children=tuple((name.lower(), from_duckdb(child)) for name, child in duckdb_type.children)
        )
    if kind == "decimal":
        return HiveType(name="decimal", arguments=tuple(value for _, value in duckdb_type.children))
    # str() of the JSON alias is "JSON" while its id is that of the text it is stored as.
    if kind not in _FROM_DUCKDB or str(duckdb_type) == "JSON":
        raise LocalCloudError(f"Unsupported Hive type: {str(duckdb_type).lower()}")
    return HiveType(name=_FROM_DUCKDB[kind])
