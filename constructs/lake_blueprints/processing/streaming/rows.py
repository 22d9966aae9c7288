"""Rows of a reference, as its plan has them."""

from __future__ import annotations

import csv
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from lake_blueprints.contracts import Column, Dataset, DatasetFormat, ScalarType
from lake_blueprints.contracts.argument_types import shown
from lake_blueprints.processing.streaming.columns import kind_of

_BITS = {"tinyint": 7, "smallint": 15, "int": 31, "bigint": 63}
_MOST = {"float": 3.4028234663852886e38, "double": sys.float_info.max}
KEYS = ("string", *_BITS)
TYPES = (*KEYS, *_MOST, "decimal", "boolean")
# The plan's SQL separates values by them.
_CONTROL = re.compile(r"[\x00-\x1f]")


def rows_of(dataset: Dataset, rows: Path | Sequence[Mapping[str, Any]], columns: Sequence[Column]) -> list[list[Any]]:
    """Return the values of columns, row by row.

    Raises
    ------
    ValueError
        With the first row that has not the contract's types.
    """
    found = []
    for number, row in enumerate(_read(rows, dataset) if isinstance(rows, Path) else rows, 1):
        where = f"row {number} of '{dataset.name}'"
        if not isinstance(row, Mapping):
            raise ValueError(f"{where} must be an object, got {shown(row)}")
        found.append([value_of(column, row.get(column.source or column.name), where) for column in columns])
    return found


def value_of(column: Column, found: Any, where: str) -> Any:
    """Return a column's value as a plan has it: decimals as texts.

    Raises
    ------
    ValueError
        If it is not of the type, or is missing and required.
    """
    value = None if found is None else _typed(found, column.type)
    if value is None and (column.required or found is not None):
        raise ValueError(f"{where} must have a {column.type} as '{column.name}', got {shown(found)}")
    return value


def _read(file: Path, dataset: Dataset) -> Iterator[Any]:
    with file.open(encoding="utf-8", newline="") as lines:
        if dataset.format is DatasetFormat.JSON:
            yield from (_json(line) for line in lines if line.strip())
        elif dataset.format is DatasetFormat.CSV:
            texts = {column.source or column.name for column in dataset.columns if kind_of(column) == "string"}
            for row in csv.DictReader(lines, delimiter=dataset.delimiter):
                yield {name: text if name in texts else _json(text) for name, text in row.items() if text}
        else:
            raise ValueError(f"'rows' must be JSON lines or CSV; dataset '{dataset.name}' is {dataset.format}")


def _json(text: str) -> Any:
    try:
        return json.loads(text, parse_float=Decimal)
    except ValueError:
        # Which is of no type but a string, and refused as such.
        return text


def _typed(found: Any, kind: Any) -> Any:
    is_number = type(found) in (int, float, Decimal)
    if kind.name == "string":
        return found if isinstance(found, str) and not _CONTROL.search(found) else None
    if kind.name == "boolean":
        return found if type(found) is bool else None
    if kind.name in _BITS:
        return found if type(found) is int and -(2 ** _BITS[kind.name]) <= found < 2 ** _BITS[kind.name] else None
    if kind.name == "decimal":
        return _decimal(str(found), kind) if is_number or isinstance(found, str) else None
    return float(found) if is_number and abs(found) <= _MOST[kind.name] else None


def _decimal(text: str, kind: ScalarType) -> str | None:
    precision, scale = kind.precision or 0, kind.scale or 0
    try:
        # Beyond the context's digits it is an error, as is what is no number.
        rounded = Decimal(text).quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP, Context(prec=precision))
    except InvalidOperation:
        return None
    return f"{rounded:f}" if rounded.is_finite() else None
