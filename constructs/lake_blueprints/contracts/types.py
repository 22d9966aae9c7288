"""The types of a lake: one table of what each is called by every engine that reads or writes it.

Above 200 lines: one table of every type in every engine.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections import Counter
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

from lake_blueprints.contracts.errors import ContractError

# Redshift's longest VARCHAR, and so the type of a string of unknown length.
REDSHIFT_VARCHAR_MAX = 65_535
# A Hive, Spark and Athena decimal has at most 38 digits.
DECIMAL_DIGITS_MAX = 38
# As deep as a contract's text may be.
_DEEPEST = 64


class _Names(NamedTuple):
    """Names of a scalar type in each engine; Spark's DDL and Glue's catalog share theirs."""

    glue: str
    athena: str
    redshift: str
    duckdb: str
    parquet: str
    iceberg: str


_DECIMALS = ((9, "INT32"), (18, "INT64"))
_LONG_DECIMAL = "FIXED_LEN_BYTE_ARRAY"
_SCALARS = {
    "boolean": _Names("boolean", "boolean", "boolean", "BOOLEAN", "BOOLEAN", "boolean"),
    "tinyint": _Names("tinyint", "tinyint", "smallint", "TINYINT", "INT32 (INT_8)", "int"),
    "smallint": _Names("smallint", "smallint", "smallint", "SMALLINT", "INT32 (INT_16)", "int"),
    "int": _Names("int", "integer", "integer", "INTEGER", "INT32", "int"),
    "bigint": _Names("bigint", "bigint", "bigint", "BIGINT", "INT64", "long"),
    "float": _Names("float", "real", "real", "FLOAT", "FLOAT", "float"),
    "double": _Names("double", "double", "double precision", "DOUBLE", "DOUBLE", "double"),
    "decimal": _Names("decimal", "decimal", "decimal", "DECIMAL", _LONG_DECIMAL, "decimal"),
    "string": _Names("string", "varchar", f"varchar({REDSHIFT_VARCHAR_MAX})", "VARCHAR", "BYTE_ARRAY (UTF8)", "string"),
    "date": _Names("date", "date", "date", "DATE", "INT32 (DATE)", "date"),
    "timestamp": _Names("timestamp", "timestamp", "timestamp", "TIMESTAMP", "INT64 (TIMESTAMP_MICROS)", "timestamptz"),
    "binary": _Names("binary", "varbinary", "varbyte(1024000)", "BLOB", "BYTE_ARRAY", "binary"),
}
_KNOWN = ", ".join((*sorted(_SCALARS), "array<…>", "map<…,…>", "struct<…:…>"))
_ALIASES = {"integer": "int", "long": "bigint", "short": "smallint", "byte": "tinyint", "bool": "boolean"}


class DataType(ABC):
    """A column's type, which knows its name in each engine."""

    @property
    @abstractmethod
    def glue(self) -> str:
        """Name in the Glue Data Catalog, in Hive and in Spark's DDL."""

    @property
    @abstractmethod
    def athena(self) -> str:
        """Name in an Athena query, for instance in a CAST."""

    @property
    @abstractmethod
    def redshift(self) -> str:
        """Name in Redshift's DDL; nested types are SUPER."""

    @property
    @abstractmethod
    def duckdb(self) -> str:
        """Name in DuckDB."""

    @property
    @abstractmethod
    def parquet(self) -> str:
        """Physical type, and logical type in parentheses, in a Parquet file."""

    @property
    @abstractmethod
    def iceberg(self) -> str:
        """Name in Iceberg's specification; a nested type's is its kind, whose parts have ids beside their types."""

    @property
    def spark(self) -> str:
        """Name in Spark's DDL."""
        return self.glue

    @property
    def sent(self) -> str:
        """Name in Spark's DDL, with the fields of objects as the source's records spell them."""
        return self.spark

    @property
    def nested(self) -> bool:
        return False

    @property
    def parts(self) -> tuple[DataType, ...]:
        """The types that it is made of; none if it is a scalar."""
        return ()

    def __str__(self) -> str:
        return self.glue


@dataclass(frozen=True)
class ScalarType(DataType):
    """A type without parts.

    Parameters
    ----------
    name: str
        One of boolean, tinyint, smallint, int, bigint, float, double, decimal, string, date, timestamp, binary.
    precision: int, optional
        Digits of a decimal, 1 to 38.
    scale: int, optional
        Digits after a decimal's point, 0 to its precision.
    length: int, optional
        Longest string in characters; it only sizes Redshift's column, in bytes of UTF-8.
    """

    name: str
    precision: int | None = None
    scale: int | None = None
    length: int | None = None

    def __post_init__(self) -> None:
        if self.name not in _SCALARS:
            raise ContractError(f"unknown type '{self.name}'; known are {_KNOWN}")
        if self.name == "decimal":
            if self.precision is None or not 1 <= self.precision <= DECIMAL_DIGITS_MAX:
                raise ContractError(f"a decimal has 1 to {DECIMAL_DIGITS_MAX} digits, got {self.precision}")
            if self.scale is None or not 0 <= self.scale <= self.precision:
                raise ContractError(f"a decimal's scale is 0 to its {self.precision} digits, got {self.scale}")

    @property
    def _arguments(self) -> str:
        return f"({self.precision},{self.scale})" if self.name == "decimal" else ""

    @property
    def glue(self) -> str:
        return _SCALARS[self.name].glue + self._arguments

    @property
    def athena(self) -> str:
        return _SCALARS[self.name].athena + self._arguments

    @property
    def redshift(self) -> str:
        if self.name == "string" and self.length is not None:
            # Redshift counts bytes; a character of UTF-8 has up to four.
            return f"varchar({min(max(1, self.length) * 4, REDSHIFT_VARCHAR_MAX)})"
        return _SCALARS[self.name].redshift + self._arguments

    @property
    def duckdb(self) -> str:
        return _SCALARS[self.name].duckdb + self._arguments

    @property
    def parquet(self) -> str:
        if self.precision and self.name == "decimal":
            # The narrowest that holds the digits, as Spark writes it.
            physical = next((name for most, name in _DECIMALS if self.precision <= most), _LONG_DECIMAL)
            return f"{physical} (DECIMAL)"
        return _SCALARS[self.name].parquet

    @property
    def iceberg(self) -> str:
        # Glue writes the blank, and takes a schema without it for another one.
        arguments = f"({self.precision}, {self.scale})" if self.name == "decimal" else ""
        return _SCALARS[self.name].iceberg + arguments


class _NestedType(DataType):
    @property
    def redshift(self) -> str:
        return "super"

    @property
    def nested(self) -> bool:
        return True


@dataclass(frozen=True)
class ArrayType(_NestedType):
    """A list of values of one type."""

    item: DataType

    @property
    def parts(self) -> tuple[DataType, ...]:
        return (self.item,)

    @property
    def glue(self) -> str:
        return f"array<{self.item.glue}>"

    @property
    def athena(self) -> str:
        return f"array({self.item.athena})"

    @property
    def duckdb(self) -> str:
        return f"{self.item.duckdb}[]"

    @property
    def parquet(self) -> str:
        return "LIST"

    @property
    def iceberg(self) -> str:
        return "list"

    @property
    def sent(self) -> str:
        return f"array<{self.item.sent}>"


@dataclass(frozen=True)
class MapType(_NestedType):
    """Keys of one type, values of another."""

    key: DataType
    value: DataType

    @property
    def parts(self) -> tuple[DataType, ...]:
        return self.key, self.value

    @property
    def glue(self) -> str:
        return f"map<{self.key.glue},{self.value.glue}>"

    @property
    def athena(self) -> str:
        return f"map({self.key.athena},{self.value.athena})"

    @property
    def duckdb(self) -> str:
        return f"MAP({self.key.duckdb}, {self.value.duckdb})"

    @property
    def parquet(self) -> str:
        return "MAP"

    @property
    def iceberg(self) -> str:
        return "map"

    @property
    def sent(self) -> str:
        return f"map<{self.key.sent},{self.value.sent}>"


@dataclass(frozen=True)
class StructType(_NestedType):
    """Named fields, each with a type of its own.

    Parameters
    ----------
    fields: tuple of (str, DataType)
        Their names in the catalog and their types.
    sources: tuple of str
        Their names in the source records, in the same order. By default those in the catalog.
    """

    fields: tuple[tuple[str, DataType], ...]
    sources: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.fields:
            raise ContractError("an object needs at least one property; Hive has no empty struct")
        names = [name for name, _ in self.fields]
        if twice := [name for name, times in Counter(names).items() if times > 1]:
            raise ContractError(f"an object has two fields named '{twice[0]}'; rename one")
        if not self.sources:
            object.__setattr__(self, "sources", tuple(names))

    @property
    def parts(self) -> tuple[DataType, ...]:
        return tuple(kind for _, kind in self.fields)

    @property
    def glue(self) -> str:
        return f"struct<{','.join(f'{name}:{kind.glue}' for name, kind in self.fields)}>"

    @property
    def athena(self) -> str:
        # In double quotes, since a field may be called as a reserved word is.
        fields = ", ".join(f'"{name}" {kind.athena}' for name, kind in self.fields)
        return f"row({fields})"

    @property
    def duckdb(self) -> str:
        fields = ", ".join(f'"{name}" {kind.duckdb}' for name, kind in self.fields)
        return f"STRUCT({fields})"

    @property
    def parquet(self) -> str:
        return "GROUP"

    @property
    def iceberg(self) -> str:
        return "struct"

    @property
    def sent(self) -> str:
        parts = zip(self.sources, self.fields, strict=True)
        return f"struct<{','.join(f'{_backquoted(source)}:{kind.sent}' for source, (_, kind) in parts)}>"


def _backquoted(name: str) -> str:
    escaped = name.replace("`", "``")
    return f"`{escaped}`"


def parse_type(text: str) -> DataType:
    """Read a type as Glue and Spark write it, for instance `struct<id:bigint,tags:array<string>>`.

    Raises
    ------
    ContractError
        If the text is not a type, with the part that is not, or is nested more than 64 levels deep.
    """
    _check_depth(max(accumulate((sign == "<") - (sign == ">") for sign in text), default=0))
    kind, rest = _parse(text.strip(), text)
    if rest:
        raise ContractError(f"'{text}' is not a type: '{rest}' is left over")
    return kind


def as_type(kind: DataType | str) -> DataType:
    """Return a type that is given as itself or as its text, of at most 64 levels."""
    if isinstance(kind, str):
        return parse_type(kind)
    depth, level = 0, [kind]
    while level := [part for one in level for part in one.parts]:
        depth += 1
        _check_depth(depth)
    return kind


def _check_depth(depth: int) -> None:
    if depth > _DEEPEST:
        raise ContractError(f"a type is nested more than {_DEEPEST} levels deep; flatten it")


def _parse(text: str, whole: str) -> tuple[DataType, str]:
    found = re.match(r"\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*", text)
    if not found:
        where = f"at '{text}'" if text else "at its end"
        raise ContractError(f"'{whole}' is not a type: a type's name was expected {where}; known are {_KNOWN}")
    name, rest = found[1].lower(), text[found.end() :]
    if name == "array":
        item, rest = _parse(_expect("<", rest, whole), whole)
        return ArrayType(item), _expect(">", rest, whole)
    if name == "map":
        key, rest = _parse(_expect("<", rest, whole), whole)
        value, rest = _parse(_expect(",", rest, whole), whole)
        return MapType(key, value), _expect(">", rest, whole)
    if name == "struct":
        return _parse_fields(_expect("<", rest, whole), whole)
    arguments = re.match(r"\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\)\s*", rest)
    first = int(arguments[1]) if arguments else None
    rest = rest[arguments.end() :] if arguments else rest
    if name == "decimal":
        return ScalarType("decimal", precision=first or 10, scale=int((arguments and arguments[2]) or 0)), rest
    if name in {"varchar", "char"}:
        return ScalarType("string", length=first), rest
    return ScalarType(_ALIASES.get(name, name)), rest


def _parse_fields(text: str, whole: str) -> tuple[DataType, str]:
    fields: list[tuple[str, DataType]] = []
    rest = text
    while True:
        found = re.match(r"\s*([^\s:<>,]+)\s*:", rest)
        if not found:
            raise ContractError(f"'{whole}' is not a type: a field 'name:type' was expected at '{rest}'")
        kind, rest = _parse(rest[found.end() :], whole)
        fields.append((found[1], kind))
        if not rest.startswith(","):
            return StructType(tuple(fields)), _expect(">", rest, whole)
        rest = rest[1:]


def _expect(sign: str, text: str, whole: str) -> str:
    if not text.startswith(sign):
        raise ContractError(f"'{whole}' is not a type: '{sign}' was expected at '{text}'")
    return text[1:].lstrip()
