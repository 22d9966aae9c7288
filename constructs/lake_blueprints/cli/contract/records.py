"""Records of CSV and JSON lines files, read as curation reads them: one record a line, in UTF-8.

Above 200 lines: one check for each kind of file that curation would read otherwise.
"""

from __future__ import annotations

import csv
import gzip
import json
import re
import sys
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from attrs import frozen

from lake_blueprints.cli.contract.kinds import kind_of_texts
from template_checks.command.errors import CommandError

_DELIMITERS = ",;\t|"
# As Spark splits a text file.
_LINE_ENDS = re.compile(r"\r\n|\r|\n")
# JSON that is nested deeper than this is not read.
_DEEPEST = 20_000
_SNIFFED = 1_000


@frozen(kw_only=True)
class Csv:
    """A CSV file: its delimiter, and the texts of each column by its name."""

    delimiter: str
    columns: dict[str, list[str]]


def read_csv(path: Path) -> Csv:
    """Read a CSV file.

    Raises
    ------
    CommandError
        With the line that curation would read otherwise, or not at all.
    """
    lines = list(_lines(path))
    if not lines:
        raise CommandError(f"{path}: holds no records; give a sample with some")
    if lines[0][0] != 1:
        raise CommandError(f"{path}: line 1 is blank, and must be the header; remove it")
    delimiter = _delimiter(path, [line for _, line in lines[:_SNIFFED]])
    rows = [(number, _fields(path, number, line, delimiter)) for number, line in lines]
    names = [name.strip() for name in rows[0][1]]
    _check_width(path, rows)
    if len(rows) == 1:
        raise CommandError(f"{path}: holds no records; give a sample with some")
    columns = [list(column) for column in zip(*(row for _, row in rows[1:]), strict=True)]
    _check_header(path, names, columns)
    return Csv(delimiter=delimiter, columns=dict(zip(names, columns, strict=True)))


def read_json(path: Path) -> list[dict[str, Any]]:
    """Read a file of JSON lines; numbers with a fraction are decimals.

    Raises
    ------
    CommandError
        With the line that is no single object.
    """
    lines = list(_lines(path))
    if not lines:
        raise CommandError(f"{path}: holds no records; give a sample with some")
    if lines[0][1].lstrip().startswith("["):
        raise CommandError(
            f"{path}: cannot be read as json: it holds an array, and the lake reads one object a line; "
            f"make lines of it: jq -c '.[]' {path.name}"
        )
    found = []
    with _deep():
        for number, line in lines:
            try:
                record = json.loads(line, parse_float=Decimal, parse_constant=_refuse_constant)
            except (ValueError, RecursionError) as error:
                reason = str(error) if isinstance(error, ValueError) else "it is nested too deep"
                raise CommandError(
                    f"{path}: cannot be read as json: line {number} is no single object: {reason}; "
                    "a record is one line, as jq -c writes it"
                ) from None
            if not isinstance(record, dict):
                raise CommandError(f"{path}: cannot be read as json: line {number} is no object")
            found.append(record)
    return found


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines that are not blank, with their numbers."""
    for number, line in enumerate(_LINE_ENDS.split(_text(path)), start=1):
        if line.strip():
            yield number, line


def _text(path: Path) -> str:
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise CommandError(f"{path}: cannot be read: {reason}") from None
    if content[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in content[:200]:
        raise CommandError(f"{path}: is UTF-16, and the lake reads UTF-8; convert it: iconv -f UTF-16 -t UTF-8")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise CommandError(
            f"{path}: is not UTF-8: byte 0x{content[error.start]:02x} in line {line}; it looks like Latin-1 "
            "(ISO 8859-1 or Windows-1252), so convert it: iconv -f WINDOWS-1252 -t UTF-8"
        ) from None


def _delimiter(path: Path, lines: Sequence[str]) -> str:
    """Return the character that splits most lines into as many fields as the first, and into most of them."""
    if path.with_suffix("").suffix == ".tsv" or path.suffix == ".tsv":
        return "\t"
    counts = {}
    for delimiter in _DELIMITERS:
        widths = Counter(len(next(csv.reader([line], delimiter=delimiter), [])) for line in lines)
        width, times = max(widths.items(), key=lambda item: (item[1], item[0]))
        counts[delimiter] = (width > 1, times, width)
    best = max(counts.values())
    return next(delimiter for delimiter in _DELIMITERS if counts[delimiter] == best)


def _fields(path: Path, number: int, line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True))
    except csv.Error as error:
        reason = str(error)
        if "unexpected end" in reason:
            reason = "a quote is not closed; a record is one line, and line breaks in quotes are not read"
        raise CommandError(f"{path}: cannot be read as csv: line {number}: {reason}") from None


def _check_width(path: Path, rows: Sequence[tuple[int, list[str]]]) -> None:
    header = len(rows[0][1])
    other = [(number, len(row)) for number, row in rows[1:] if len(row) != header]
    if len(other) > (len(rows) - 1) / 2:
        raise CommandError(
            f"{path}: line 1 has {_counted(header)} and line {other[0][0]} has {other[0][1]}, as most; the first line "
            "must be the header, so remove the lines before it"
        )
    if other:
        number, width = other[0]
        more = f", and so have {len(other) - 1:,} more" if len(other) > 1 else ""
        raise CommandError(
            f"{path}: line {number} has {_counted(width)}, and the header {header}{more}; put a field that holds "
            "the delimiter into quotes"
        )


def _check_header(path: Path, names: Sequence[str], columns: Sequence[Sequence[str]]) -> None:
    if nameless := [str(number) for number, name in enumerate(names, start=1) if not name]:
        what = (
            f"column {nameless[0]} of the header has"
            if len(nameless) == 1
            else (f"columns {', '.join(nameless)} of the header have")
        )
        raise CommandError(f"{path}: {what} no name; give each a name")
    folded: dict[str, str] = {}
    for name in names:
        if name.casefold() in folded:
            raise CommandError(
                f"{path}: the header has '{folded[name.casefold()]}' and '{name}', which no table can tell apart; "
                "rename one"
            )
        folded[name.casefold()] = name
    typed = [
        (name, kind)
        for name, column in zip(names, columns, strict=True)
        if (kind := kind_of_texts([value for value in column if value.strip()] or ["x"])).logical != "string"
    ]
    # A name of a column of numbers is no number.
    if typed and all(kind_of_texts([name]).logical == kind.logical for name, kind in typed):
        raise CommandError(
            f"{path}: the first line looks like a record, '{typed[0][0]}' among numbers and times, and must be the "
            "header with the names of the columns; add one"
        )


def _counted(fields: int) -> str:
    return "1 field" if fields == 1 else f"{fields} fields"


def _refuse_constant(text: str) -> Any:
    raise ValueError(f"{text} is no number of JSON")


@contextmanager
def _deep() -> Iterator[None]:
    """Let nested JSON be read, which takes a level of the interpreter for each of its own."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, _DEEPEST))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)
