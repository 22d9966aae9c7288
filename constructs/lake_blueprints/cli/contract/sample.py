"""A sample of records: its columns, their types as curation reads them, and what tells its records apart."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import Any

from attrs import frozen

from lake_blueprints.cli.contract.kinds import STRING, Kind, kind_of_json, kind_of_texts
from lake_blueprints.cli.contract.parquet_columns import kind_of_column
from lake_blueprints.cli.contract.records import read_csv, read_json
from template_checks.command.errors import CommandError

# What a file may end in, after `.gz` is taken off.
_FORMATS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
    ".parquet": "parquet",
}
# Types whose values tell records apart.
_KEYS = frozenset({"string", "integer", "date", "timestamp"})
# Pairs of columns are tried as a key only among the first ones, so that wide files take no longer.
_TRIED_AS_PAIRS = 12


@frozen(kw_only=True)
class SampleColumn:
    """A column of the file, and how many of its values are missing."""

    name: str
    kind: Kind
    missing: int


@frozen(kw_only=True)
class Sample:
    """A file of records."""

    path: Path
    format: str
    rows: int
    columns: tuple[SampleColumn, ...]
    keys: tuple[tuple[str, ...], ...]
    delimiter: str = ","

    @classmethod
    def of(cls, path: Path) -> Sample:
        """Read a file of CSV, JSON lines or Parquet.

        Raises
        ------
        CommandError
            If curation would read it otherwise, or not at all; if it is Parquet and DuckDB is not installed.
        """
        kind = _FORMATS.get(path.with_suffix("").suffix if path.suffix == ".gz" else path.suffix)
        if kind == "parquet":
            return _parquet(path)
        if not path.is_file():
            raise CommandError(f"there is no file '{path}'")
        if kind == "csv":
            return _csv(path)
        if kind == "json":
            return _json(path)
        raise CommandError(f"'{path.name}' must end in one of {', '.join(_FORMATS)}, to which .gz may be added")


def _csv(path: Path) -> Sample:
    found = read_csv(path)
    columns, values = [], {}
    for name, texts in found.columns.items():
        given = [text for text in texts if text.strip()]
        kind = kind_of_texts(given, name=name) if given else STRING
        columns.append(SampleColumn(name=name, kind=kind, missing=len(texts) - len(given)))
        values[name] = texts
    rows = len(next(iter(values.values())))
    keys = _tell_apart(columns, values, rows)
    return Sample(path=path, format="csv", rows=rows, columns=tuple(columns), keys=keys, delimiter=found.delimiter)


def _json(path: Path) -> Sample:
    records = read_json(path)
    names = dict.fromkeys(name for record in records for name in record)
    columns, values = [], {}
    for name in names:
        values[name] = [record.get(name) for record in records]
        missing = sum(value is None for value in values[name])
        columns.append(SampleColumn(name=name, kind=kind_of_json(values[name]), missing=missing))
    keys = _tell_apart(columns, values, len(records))
    return Sample(path=path, format="json", rows=len(records), columns=tuple(columns), keys=keys)


def _parquet(path: Path) -> Sample:
    try:
        import duckdb  # noqa: PLC0415  an extra, which only Parquet needs
    except ImportError:
        raise CommandError(
            "'lake contract infer' needs DuckDB to read Parquet; install it with: pip install 'lake-blueprints[infer]'"
        ) from None
    if not path.is_file():
        raise CommandError(f"there is no file '{path}'")
    connection = duckdb.connect()
    name = str(path).replace("'", "''")
    try:
        table = connection.execute(f"select * from read_parquet('{name}')")
        types = {column[0]: column[1] for column in table.description or []}
        rows = table.fetchall()
        leaves = connection.execute(f"select * from parquet_schema('{name}')").fetchall()
        described = [column[0] for column in connection.description or []]
    except duckdb.Error as error:
        raise CommandError(f"{path}: cannot be read as parquet: {str(error).splitlines()[0]}") from None
    if not rows:
        raise CommandError(f"{path}: holds no records; give a sample with some")
    below = _leaves([dict(zip(described, leaf, strict=True)) for leaf in leaves])
    columns, values = [], {}
    for number, (column, kind) in enumerate(types.items()):
        values[column] = [row[number] for row in rows]
        missing = sum(value is None for value in values[column])
        found = kind_of_column(path, column, kind, below[column])
        columns.append(SampleColumn(name=column, kind=found, missing=missing))
    keys = _tell_apart(columns, values, len(rows))
    return Sample(path=path, format="parquet", rows=len(rows), columns=tuple(columns), keys=keys)


def _leaves(elements: Sequence[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Return the elements of a Parquet schema, which are listed depth first, by the column that they belong to."""
    found: dict[str, list[dict[str, Any]]] = {}
    at = 1

    def take(into: list[dict[str, Any]]) -> None:
        nonlocal at
        element = elements[at]
        at += 1
        into.append(element)
        for _ in range(element["num_children"] or 0):
            take(into)

    while at < len(elements):
        take(found.setdefault(elements[at]["name"], []))
    return found


def _tell_apart(
    columns: Sequence[SampleColumn], values: dict[str, list[Any]], rows: int
) -> tuple[tuple[str, ...], ...]:
    """Return the columns, or else the pairs of columns, that tell all records apart."""
    able = [
        column.name
        for column in columns
        if not column.missing and (column.kind.logical in _KEYS or "DECIMAL" in (column.kind.physical or ""))
    ]
    # As the lake keeps them: text and number of one spelling are the same text.
    texts = {column.name for column in columns if column.kind.logical == "string"}
    values = {name: list(map(str if name in texts else _hashable, values[name])) for name in able}
    different = {name: len(set(values[name])) for name in able}
    alone = tuple((name,) for name in able if different[name] == rows)
    if alone or rows < 2:
        return alone
    some = [name for name in able if different[name] > 1][:_TRIED_AS_PAIRS]
    pairs = [(first, second) for number, first in enumerate(some) for second in some[number + 1 :]]
    return tuple(pair for pair in pairs if len(set(zip(*(values[name] for name in pair), strict=True))) == rows)


def _hashable(value: Any) -> Hashable:
    return str(value) if isinstance(value, list | dict) else value
