"""Athena's UNLOAD: its options, and how DuckDB writes each format.

https://docs.aws.amazon.com/athena/latest/ug/unload.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from local_cloud.errors import LocalCloudError
from local_cloud.sql.duck import identifier, quote
from local_cloud.sql.types import HiveType

STATEMENT = re.compile(r"UNLOAD\s*\((.*)\)\s*TO\s*'([^']+)'\s*WITH\s*\((.*)\)", re.IGNORECASE | re.DOTALL)

_OPTION = re.compile(r"\s*(\w+)\s*=\s*('(?:[^']|'')*'|\d+|ARRAY\s*\[[^\]]*\])\s*(?:,|$)", re.IGNORECASE)
_NAMES = ("format", "compression", "compression_level", "field_delimiter", "partitioned_by")
_FORMATS = ("PARQUET", "JSON", "TEXTFILE")
_OTHERS = ("ORC", "AVRO")
_COMPRESSIONS = ("GZIP", "SNAPPY", "ZSTD")
_LEVELS = range(1, 23)
_FRACTIONS = ("double", "float")
# Of these every writer of Hive's has the same text.
_WRITTEN = ("boolean", "tinyint", "smallint", "int", "bigint", "float", "double", "decimal", "string", "date")
_NESTED = ("array", "map", "struct")


@dataclass(frozen=True, kw_only=True)
class Output:
    """Files as DuckDB writes them.

    Parameters
    ----------
    options: str
        Options of COPY.
    suffix: str
        What the name of a file ends with.
    partitioned_by: tuple of str
        Columns that are folders.
    format: str
        PARQUET, JSON or TEXTFILE.
    """

    options: str
    suffix: str
    partitioned_by: tuple[str, ...] = ()
    format: str = "PARQUET"

    def select(self, columns: Sequence[tuple[str, HiveType]]) -> str:
        """Return what is selected of columns to be written.

        Raises
        ------
        LocalCloudError
            If it is not known how Athena writes values of a type.
        """
        if self.format != "PARQUET":
            for name, kind in columns:
                _check(self.format, name, kind)
        if self.format != "JSON":
            return ", ".join(f"{self._value(name, kind)} as {identifier(name)}" for name, kind in columns)
        # By DuckDB's writer of CSV, since that of JSON makes no folders.
        written = [(name, kind) for name, kind in columns if name not in self.partitioned_by]
        fields = ", ".join(f"{identifier(name)} := {_number(name, kind)}" for name, kind in written)
        return ", ".join([f'to_json(struct_pack({fields})) as "$line"', *map(identifier, self.partitioned_by)])

    def _value(self, name: str, kind: HiveType) -> str:
        cast = f"cast({identifier(name)} as {kind.duckdb})"
        return f"trino_text({cast})" if self.format == "TEXTFILE" else cast


PARQUET = Output(options="format parquet, compression snappy", suffix=".parquet")


def output_of(text: str) -> Output:
    """Return what the options of an UNLOAD ask for.

    Raises
    ------
    LocalCloudError
        If Athena or DuckDB does not know one of them.
    """
    given = _parse(text)
    name = _text(given, "format").upper()
    if name not in _FORMATS:
        raise LocalCloudError(
            f"NOT_SUPPORTED: UNLOAD writes format = 'PARQUET', 'JSON' and 'TEXTFILE' locally, not {name!r}"
            if name in _OTHERS
            else f"NOT_SUPPORTED: UNLOAD needs a format of {', '.join((*_FORMATS, *_OTHERS))}, got {name!r}"
        )
    keys = tuple(key.lower() for key in re.findall("'([^']*)'", given.get("partitioned_by", "")))
    if "field_delimiter" in given and name != "TEXTFILE":
        raise LocalCloudError(f"NOT_SUPPORTED: 'field_delimiter' of {name} is not reproduced locally")
    if name == "PARQUET":
        return Output(options=_parquet(given), suffix=".parquet", partitioned_by=keys)
    for option in ("compression", "compression_level"):
        if option in given:
            raise LocalCloudError(f"NOT_SUPPORTED: '{option}' of {name}, which Athena compresses by GZIP, is unknown")
    delimiter = _text(given, "field_delimiter") or "\x01"
    if len(delimiter) != 1:
        raise LocalCloudError(f"NOT_SUPPORTED: 'field_delimiter' must be one character, got {delimiter!r}")
    text = f"header false, delimiter {quote(delimiter)}, quote '', escape '', nullstr '\\N'"
    options = f"format csv, {text}, compression gzip"
    return Output(options=options, suffix=".gz", partitioned_by=keys, format=name)


def check_precision(columns: Sequence[str], precise: Sequence[bool]) -> None:
    """Refuse timestamps with more digits than Hive's writers have.

    Raises
    ------
    LocalCloudError
        In Athena's words.
    """
    for name, six in zip(columns, precise, strict=True):
        if six:
            raise LocalCloudError(
                "NOT_SUPPORTED: Incorrect timestamp precision for timestamp(6); the configured precision is "
                f"MILLISECONDS; column name: {name}"
            )


def _parse(text: str) -> dict[str, str]:
    options: dict[str, str] = {}
    at = 0
    while matched := _OPTION.match(text, at):
        name = matched[1].lower()
        if name not in _NAMES or name in options:
            raise LocalCloudError(f"NOT_SUPPORTED: UNLOAD property {matched[1]!r} is not reproduced locally")
        options[name], at = matched[2], matched.end()
    if text[at:].strip():
        raise LocalCloudError(
            f"SYNTAX_ERROR: line 1:1: mismatched input {text[at:].strip()!r} in the options of UNLOAD"
        )
    return options


def _text(given: Mapping[str, str], name: str) -> str:
    value = given.get(name, "''")
    if not value.startswith("'"):
        raise LocalCloudError(f"SYNTAX_ERROR: '{name}' of UNLOAD must be a text, got {value}")
    return value[1:-1].replace("''", "'")


def _parquet(given: Mapping[str, str]) -> str:
    compression = _text(given, "compression").upper() or "GZIP"
    if compression not in _COMPRESSIONS:
        raise LocalCloudError(
            f"NOT_SUPPORTED: UNLOAD compresses Parquet by {', '.join(_COMPRESSIONS)} locally, not {compression!r}"
        )
    level = given.get("compression_level")
    if level is None:
        return f"format parquet, compression {compression.lower()}"
    if compression != "ZSTD" or not level.isdigit() or int(level) not in _LEVELS:
        raise LocalCloudError(f"NOT_SUPPORTED: 'compression_level' is a number from 1 to 22, of ZSTD, got {level}")
    return f"format parquet, compression zstd, compression_level {level}"


def _number(name: str, kind: HiveType) -> str:
    """Return the value of a column in a JSON document, which has no NaN."""
    column = identifier(name)
    if kind.name not in _FRACTIONS:
        return f"cast({column} as {kind.duckdb})"
    reason = quote(f"NOT_SUPPORTED: NaN and Infinity in JSON are not reproduced locally; column name: {name}")
    # By its text a number of four bytes has the fewest digits.
    finite = f"cast(cast(cast({column} as {kind.duckdb}) as varchar) as double)"
    return f"case when isfinite({column}) or {column} is null then {finite} else error({reason}) end"


def _check(name: str, column: str, kind: HiveType, *, inside: bool = False) -> None:
    if name == "JSON" and kind.name in _NESTED:
        for _, part in kind.children:
            _check(name, column, part, inside=True)
        return
    if kind.name not in _WRITTEN or (inside and kind.name in _FRACTIONS):
        raise LocalCloudError(
            f"NOT_SUPPORTED: how UNLOAD writes {kind.name} into {name} is not reproduced locally; cast it to varchar; "
            f"column name: {column}"
        )
