"""Rows of the package's files as the records that a contract promises."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from examples.flights import source
from lake_blueprints.contracts import Column, Contract, Dataset

Record = dict[str, Any]

CONTRACTS = Path(__file__).parent / "contracts"
WHOLE_NUMBERS = frozenset({"tinyint", "smallint", "int", "bigint"})
_READERS: dict[str, Callable[[str], Any]] = {**dict.fromkeys(WHOLE_NUMBERS, int), "float": float, "double": float}


def dataset(name: str) -> Dataset:
    """Return the dataset that a contract of the demo promises."""
    return Contract.from_file(CONTRACTS / f"{name}.odcs.yaml")[name]


def key_of(column: Column) -> str:
    """Return what the column is called in the records."""
    return column.source or column.name


def records(dataset: Dataset, months: int) -> Iterator[Record]:
    """Yield the records of the first months, each value in the type that the contract promises."""
    moment = key_of(_time_column(dataset))
    end = source.end_of(months)
    columns = [(key_of(column), _READERS.get(column.type.glue, str)) for column in dataset.columns]
    for row in source.rows(dataset.name):
        # ISO 8601 in one zone sorts as text.
        if (row[moment] or "") < end:
            yield {key: None if (value := row[key]) is None else read(value) for key, read in columns}


def as_json(record: Record) -> bytes:
    return json.dumps(record, separators=(",", ":")).encode()


def as_csv(rows: Iterable[Record]) -> tuple[bytes, int]:
    """Return a CSV file with a header, empty where nothing is known, and how many rows it has."""
    text, count = io.StringIO(), 0
    writer: csv.DictWriter[str] | None = None
    for count, row in enumerate(rows, start=1):  # noqa: B007  the count is the result
        if writer is None:
            writer = csv.DictWriter(text, fieldnames=list(row), lineterminator="\n")
            writer.writeheader()
        writer.writerow(row)
    return text.getvalue().encode(), count


def _time_column(dataset: Dataset) -> Column:
    return next(c for key in dataset.primary_key if (c := dataset.column(key)).type.glue == "timestamp")
