"""The SerDes of delimited text: OpenCSVSerde and LazySimpleSerDe.

https://docs.aws.amazon.com/athena/latest/ug/csv-serde.html
https://docs.aws.amazon.com/athena/latest/ug/lazy-simple-serde.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from local_cloud.errors import LocalCloudError
from local_cloud.sql.serdes import values
from local_cloud.sql.serdes.values import BadValue
from local_cloud.sql.types import HiveType

Converter = Callable[[str], Any]


def open_csv(columns: Sequence[tuple[str, HiveType]], properties: Mapping[str, str]) -> Callable[[str], list[Any]]:
    """Return how OpenCSVSerde reads a line: every field is a text, which Athena then converts to the column's type.

    A date is a number of days since 1970, a timestamp one of milliseconds. There is no NULL but of missing fields.
    """
    separator = _character(properties, "separatorChar", ",")
    mark = _character(properties, "quoteChar", '"')
    escape = _character(properties, "escapeChar", "\\")
    # The SerDe reads the quote as an escape character for its library's own one.
    escape = "\\" if escape == '"' else escape
    converters = [_open_csv_converter(name, kind) for name, kind in columns]

    def read(line: str) -> list[Any]:
        plain = mark not in line and escape not in line
        fields = line.split(separator) if plain else _open_csv_fields(line, separator, mark, escape)
        row: list[Any] = []
        for position, convert in enumerate(converters):
            if position >= len(fields):
                row.append(None)
                continue
            try:
                row.append(convert(fields[position]))
            except BadValue as error:
                raise values.bad_data(position, fields[position], error) from None
        return row

    return read


def _open_csv_converter(name: str, kind: HiveType) -> Converter:
    if kind.name == "date":
        return lambda text: date(1970, 1, 1) + timedelta(days=values.integer(text, HiveType(name="int")))
    if kind.name == "timestamp":
        return lambda text: datetime(1970, 1, 1) + timedelta(milliseconds=values.integer(text, HiveType(name="bigint")))
    if kind.children or kind.name not in values.FROM_TEXT:
        raise LocalCloudError(f"NOT_SUPPORTED: column {name!r} has type {kind}, which OpenCSVSerde cannot read")
    convert = values.FROM_TEXT[kind.name]
    return lambda text: convert(text, kind)


def _open_csv_fields(line: str, separator: str, mark: str, escape: str) -> list[str]:
    """Split a line with quotes: a quote is doubled or escaped inside of quotes, where the separator is text."""
    fields: list[str] = []
    field: list[str] = []
    quoted = False
    position, end = 0, len(line)
    while position < end:
        character = line[position]
        following = line[position + 1 : position + 2]
        if character == escape and quoted and following and following in (mark, escape):
            field.append(following)
            position += 1
        elif character == mark and quoted and following == mark:
            field.append(mark)
            position += 1
        elif character == mark:
            if quoted and following not in ("", separator):
                raise LocalCloudError(f"NOT_SUPPORTED: text after a closing quote is not read locally: {line!r}")
            if not quoted and "".join(field).strip():
                raise LocalCloudError(f"NOT_SUPPORTED: a quote within a field is not read locally: {line!r}")
            if not quoted:
                # Spaces before an opening quote are passed over.
                field = []
            quoted = not quoted
        elif character == escape:
            # Before anything else the escape character is dropped.
            pass
        elif character == separator and not quoted:
            fields.append("".join(field))
            field = []
        else:
            field.append(character)
        position += 1
    if quoted:
        raise LocalCloudError(f"NOT_SUPPORTED: OpenCSVSerde does not read quoted line breaks: {line!r}")
    return [*fields, "".join(field)]


def lazy_simple(columns: Sequence[tuple[str, HiveType]], properties: Mapping[str, str]) -> Callable[[str], list[Any]]:
    """Return how LazySimpleSerDe reads a line: it knows no quotes, and what it cannot convert is NULL."""
    separator = _character(properties, "field.delim", "\x01")
    escape = _character(properties, "escape.delim", "")
    null = properties.get("serialization.null.format", "\\N")
    converters = [_lazy_converter(name, kind) for name, kind in columns]

    def read(line: str) -> list[Any]:
        fields = _escaped_fields(line, separator, escape) if escape and escape in line else line.split(separator)
        row: list[Any] = []
        for position, convert in enumerate(converters):
            text = fields[position] if position < len(fields) else null
            row.append(None if text == null else convert(_unescaped(text, escape)))
        return row

    return read


def _escaped_fields(line: str, separator: str, escape: str) -> list[str]:
    """Split a line where the separator has no escape character before it; those of the fields stay."""
    fields, field, position = [], "", 0
    while position < len(line):
        character = line[position]
        if character == escape and position + 1 < len(line):
            field += line[position : position + 2]
            position += 2
            continue
        if character == separator:
            fields.append(field)
            field = ""
        else:
            field += character
        position += 1
    return [*fields, field]


def _unescaped(text: str, escape: str) -> str:
    return re.sub(rf"{re.escape(escape)}(.)", r"\1", text) if escape and escape in text else text


def _lazy_converter(name: str, kind: HiveType) -> Converter:
    if kind.children or kind.name not in values.FROM_TEXT:
        raise LocalCloudError(
            f"NOT_SUPPORTED: column {name!r} has type {kind}, which the local cloud does not read from delimited text"
        )
    convert = values.FROM_TEXT[kind.name]

    def read(text: str) -> Any:
        if kind.name == "boolean":
            return {"true": True, "false": False}.get(text.lower())
        if kind.name in values.INTEGERS and re.fullmatch(r"[+-]?\d*\.\d*", text) and text.strip("+-."):
            raise LocalCloudError(f"NOT_SUPPORTED: {text} in the {kind} column {name!r} is not reproduced locally")
        try:
            return convert(text, kind)
        except BadValue:
            return None

    return read


def _character(properties: Mapping[str, str], name: str, default: str) -> str:
    """Return a delimiter: a character, its escape sequence or its number, as Hive takes them."""
    given = properties.get(name, default)
    if re.fullmatch(r"\\u[0-9a-fA-F]{4}|\\[0-7]{3}", given):
        return chr(int(given[2:], 16) if given[1] == "u" else int(given[1:], 8))
    given = {"\\t": "\t", "\\\\": "\\", "\\n": "\n"}.get(given, given)
    if re.fullmatch(r"\d{1,3}", given) and len(given) > 1:
        return chr(int(given))
    if len(given) > 1:
        raise LocalCloudError(f"NOT_SUPPORTED: {name} is one character, got {given!r}")
    return given
