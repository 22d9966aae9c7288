"""Rows of a reference as constants of Flink's SQL, which a record looks its own up in.

A join would not do: an outer one takes back what it has said, an inner one keeps records for as long as a row could
come, and neither has the rows of a new version after a snapshot. So the rows are texts, in pages by a hash of the key.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Any

from lake_stream.plan import Reference

# What ends a cell and a row, and what stands for no value; rows are refused that have one of them.
_CELL, _ROW, _NULL = "\t", "\n", "\x1a"
# Characters of a page, if they are not too many for as many pages as two hexadecimal digits can tell apart.
_PAGE, _PAGES = 500, 256
_DIGITS = "'123456789abcdef'"


def row_of(reference: Reference, keys: Sequence[str], literal: Callable[[str], str]) -> str:
    """Return the expression of the values for a record as one text; `keys` are those of the record's keys, as texts."""
    pages = [_ROW] * min(_PAGES, 1 + sum(len(_cells(row)) for row in reference.rows) // _PAGE)
    for row in reference.rows:
        hashed = hashlib.sha256(_CELL.join(map(_text, row[: len(keys)])).encode()).hexdigest()
        pages[int(hashed[:2], 16) % len(pages)] += _cells(row) + _ROW
    # A key that has what ends a cell is that of no row.
    key = f" || '{_CELL}' || ".join(f"REPLACE({key}, '{_CELL}', '{_ROW}')" for key in keys)
    digits = (f"LOCATE(SUBSTRING(SHA256({key}) FROM {at} FOR 1), {_DIGITS})" for at in (1, 2))
    page = f"MOD({' * 16 + '.join(digits)}, {len(pages)})"
    # Of texts of one length, which SQL's are not: it would fill them up.
    texts = ", ".join(f"CAST({literal(text)} AS STRING)" for text in pages)
    found = f"SPLIT_INDEX(ARRAY[{texts}][{page} + 1], '{_ROW}' || {key} || '{_CELL}', 1)"
    return f"COALESCE(SPLIT_INDEX({found}, '{_ROW}', 0), {literal(_cells(reference.otherwise))})"


def value_of(row: str, place: int, sql_type: str) -> str:
    """Return the expression of a value of such a text."""
    text = f"NULLIF(SPLIT_INDEX({row}, '{_CELL}', {place}), '{_NULL}')"
    return text if sql_type == "STRING" else f"CAST({text} AS {sql_type})"


def _cells(row: Sequence[Any]) -> str:
    return "".join(f"{_text(value)}{_CELL}" for value in row)


def _text(value: Any) -> str:
    if value is None:
        return _NULL
    return value if isinstance(value, str) else json.dumps(value)
