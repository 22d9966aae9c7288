"""A first contract for a file of records, with a comment wherever a human must decide."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from lake_blueprints.cli.contract.sample import Sample, SampleColumn

# By DuckDB's type: the standard's logical type, and the physical one where that says more.
_TYPES: dict[str, tuple[str, str | None]] = {
    "boolean": ("boolean", None),
    "tinyint": ("integer", "TINYINT"),
    "smallint": ("integer", "SMALLINT"),
    "integer": ("integer", "INT"),
    "bigint": ("integer", "BIGINT"),
    "utinyint": ("integer", "SMALLINT"),
    "usmallint": ("integer", "INT"),
    "uinteger": ("integer", "BIGINT"),
    "ubigint": ("number", "DECIMAL(20,0)"),
    "hugeint": ("number", "DECIMAL(38,0)"),
    "float": ("number", "REAL"),
    "double": ("number", "DOUBLE"),
    "varchar": ("string", None),
    "uuid": ("string", None),
    "enum": ("string", None),
    "blob": ("string", "BINARY"),
    "date": ("date", None),
    "time": ("time", None),
    "timestamp": ("timestamp", None),
    "timestamp_s": ("timestamp", None),
    "timestamp_ms": ("timestamp", None),
    "timestamp_ns": ("timestamp", None),
    "timestamp with time zone": ("timestamp", None),
}
# From strptime, which DuckDB speaks, to the DateTimeFormatter of Java, which the standard does.
_DATE_PARTS = {
    "%Y": "yyyy",
    "%y": "yy",
    "%m": "MM",
    "%-m": "M",
    "%d": "dd",
    "%-d": "d",
    "%H": "HH",
    "%-H": "H",
    "%I": "hh",
    "%M": "mm",
    "%S": "ss",
    "%f": "SSSSSS",
    "%g": "SSS",
    "%p": "a",
    "%z": "XX",
}
_ISO = frozenset({None, "%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S.%f"})
_PERSONAL = re.compile(
    r"e_?mail|phone|mobile|first_?name|last_?name|surname|full_?name|birth|\bdob\b|ssn|passport|iban|address|\bip\b",
    re.IGNORECASE,
)
# Deeper objects are kept as text: the contract's text would be deeper than it may be, and a table's columns too.
_DEEPEST = 20
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_ ./()-]*")
_WORDS_OF_YAML = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n"})


def draft(sample: Sample, name: str) -> str:
    """Return a contract for a sample as YAML; the same sample gives the same text."""
    return "\n".join([*_head(sample, name), *_properties(sample)]) + "\n"


def _head(sample: Sample, name: str) -> Iterator[str]:
    yield f"# Drawn from {sample.rows:,} records of {json.dumps(sample.path.name)}. Whatever says 'decide' needs you."
    yield "apiVersion: v3.2.0"
    yield "kind: DataContract"
    yield f"id: {_text(name)}  # decide: an id that never changes"
    yield "version: 1.0.0"
    yield "status: draft  # decide: active, as soon as others may rely on it"
    yield "description:"
    yield "  purpose: ''  # decide: what the data is for"
    yield "servers:"
    if sample.format == "json":
        yield "  - server: stream  # decide: records are sent to a stream; JSON files need no other contract"
        yield "    type: kinesis"
    else:
        yield "  - server: files"
        yield "    type: s3"
        yield f"    location: s3://bucket/{_folder(name)}/  # decide: where the files are delivered"
    yield f"    format: {sample.format}"
    if sample.format == "csv" and sample.delimiter != ",":
        yield f"    delimiter: {json.dumps(sample.delimiter)}"
    yield "schema:"
    yield f"  - name: {_text(name)}"
    yield "    logicalType: object"
    yield "    physicalType: table"
    yield "    description: ''  # decide: what one record is"
    if not sample.keys:
        yield "    # decide: no column, and no pair of columns, tells all records apart: is there a key?"
    yield "    properties:"


def _properties(sample: Sample) -> Iterator[str]:
    key = min(sample.keys, key=lambda names: (not all(map(_sounds_like_a_key, names)),), default=())
    others = [" and ".join(names) for names in sample.keys if names != key]
    for column in sample.columns:
        yield f"      - name: {_text(column.name)}"
        for line in _type(column.type, _format(sample, column)):
            yield f"        {line}"
        if column.name in key:
            other = f"; so would {', '.join(others[:3])}" if others else ""
            yield f"        primaryKey: true  # decide: tells all records of the sample apart{other}"
            if len(key) > 1:
                yield f"        primaryKeyPosition: {key.index(column.name) + 1}"
        elif not column.missing:
            yield "        required: true  # decide: no value is missing in the sample"
        if column.missing == sample.rows:
            yield "        # decide: the sample has no value, so the type is a guess"
        if column.type.id == "date":
            yield "        # decide: 'partitioned: true' lays the data out in a folder for each day"
        if _PERSONAL.search(column.name) or column.format == "email":
            yield "        # decide: 'classification: restricted' masks it, if this is about a person"


def _type(kind: Any, pattern: str | None = None, depth: int = 0) -> Iterator[str]:
    """Return the lines that say what a value is, indented from zero."""
    match kind.id:
        case "struct" | "list" | "array" | "map" if depth == _DEEPEST:
            yield f"logicalType: string  # decide: it is nested more than {_DEEPEST} levels deep, so it is kept as text"
        case "struct":
            yield "logicalType: object"
            yield "properties:"
            for name, child in kind.children:
                yield f"  - name: {_text(name)}"
                yield from (f"    {line}" for line in _type(child, depth=depth + 1))
        case "list" | "array":
            yield "logicalType: array"
            yield "items:"
            yield from (f"  {line}" for line in _type(kind.children[0][1], depth=depth + 1))
        case "map":
            yield "logicalType: map"
            yield "map:"
            for side, (_, child) in zip(("key", "value"), kind.children, strict=True):
                yield f"  {side}:"
                yield from (f"    {line}" for line in _type(child, depth=depth + 1))
        case "decimal":
            yield "logicalType: number"
            yield f"physicalType: {kind!s}"
        case _ if kind.id in _TYPES and str(kind) != "JSON":
            logical, physical = _TYPES[kind.id]
            yield f"logicalType: {logical}"
            yield from [f"physicalType: {physical}"] if physical else []
        case _:
            yield f"logicalType: string  # decide: DuckDB calls it {kind}; values of several types are kept as text"
    if pattern:
        yield "logicalTypeOptions:"
        yield f"  format: {_text(pattern)}"


def _format(sample: Sample, column: SampleColumn) -> str | None:
    if column.type.id == "uuid":
        return "uuid"
    given = {"date": sample.date_format, "timestamp": sample.timestamp_format}.get(column.type.id)
    if given in _ISO:
        return column.format
    return re.sub(r"%-?[A-Za-z]", lambda part: _DATE_PARTS.get(part[0], part[0]), str(given))


def _sounds_like_a_key(name: str) -> bool:
    return re.search(r"(^|_)(id|key|code|no|number|uuid)$|Id$|ID$", name) is not None


def _folder(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]+", "-", name)


def _text(text: str) -> str:
    """Return text as YAML reads it back."""
    plain = _PLAIN.fullmatch(text) and text == text.strip() and text.lower() not in _WORDS_OF_YAML
    return text if plain else json.dumps(text, ensure_ascii=False)
