"""Schema inference from a file of records by DuckDB."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from attrs import field, frozen

from template_checks.command.errors import CommandError

# What a file may end in, after `.gz` or `.zst` is taken off.
_FORMATS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
    ".parquet": "parquet",
}
_NESTED = frozenset({"struct", "list", "map"})
# Pairs of columns are tried as a key only among the first ones, so that wide files take no longer.
_TRIED_AS_PAIRS = 12
_STRING_FORMATS = {
    "uuid": "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
    "email": "[^@[:space:]]+@[^@[:space:]]+[.][^@[:space:]]+",
    "uri": "[a-z][a-z0-9+.-]*://[^[:space:]]+",
}


@frozen(kw_only=True)
class SampleColumn:
    """A column of the file: DuckDB's type, and how many values are missing and different."""

    name: str
    type: Any
    missing: int
    different: int | None
    format: str | None = None


@frozen(kw_only=True)
class Sample:
    """A file of records."""

    path: Path
    format: str
    rows: int
    columns: tuple[SampleColumn, ...]
    keys: tuple[tuple[str, ...], ...]
    delimiter: str = ","
    date_format: str | None = field(default=None)
    timestamp_format: str | None = field(default=None)

    @classmethod
    def of(cls, path: Path) -> Sample:
        """Read a file of CSV, JSON lines or Parquet.

        Raises
        ------
        CommandError
            If DuckDB is not installed, or cannot read the file.
        """
        try:
            import duckdb  # noqa: PLC0415  an extra, which only this command needs
        except ImportError:
            raise CommandError(
                "'lake contract infer' needs DuckDB; install it with: pip install 'lake-blueprints[infer]'"
            ) from None
        if not path.is_file():
            raise CommandError(f"there is no file '{path}'")
        kind = _FORMATS.get(path.with_suffix("").suffix if path.suffix in {".gz", ".zst"} else path.suffix)
        if kind is None:
            raise CommandError(f"'{path.name}' must end in one of {', '.join(_FORMATS)}, to which .gz may be added")
        try:
            return _read(duckdb.connect(), path, kind)
        except duckdb.Error as error:
            raise CommandError(f"{path}: cannot be read as {kind}: {str(error).splitlines()[0]}") from None


def _read(connection: Any, path: Path, kind: str) -> Sample:
    name = _literal(str(path))
    # The whole file is looked at, so that the outcome does not depend on which rows are.
    reader = {
        "csv": f"read_csv({name}, sample_size = -1)",
        "json": f"read_json({name}, sample_size = -1, map_inference_threshold = -1)",
        "parquet": f"read_parquet({name})",
    }[kind]
    connection.execute("set preserve_insertion_order = true")
    connection.execute(f"create table sample as select * from {reader}")
    table = connection.table("sample")
    types = dict(zip(table.columns, table.types, strict=True))
    plain = [column for column, kind in types.items() if kind.id not in _NESTED]
    counts = connection.execute(
        "select count(*), "
        + ", ".join(f"count({_quoted(column)})" for column in types)
        + "".join(f", count(distinct {_quoted(column)})" for column in plain)
        + " from sample"
    ).fetchone()
    rows, present = counts[0], dict(zip(types, counts[1:], strict=False))
    different = dict(zip(plain, counts[1 + len(types) :], strict=True))
    columns = tuple(
        SampleColumn(
            name=column,
            type=kind,
            missing=rows - present[column],
            different=different.get(column),
            format=_string_format(connection, column) if kind.id == "varchar" and present[column] else None,
        )
        for column, kind in types.items()
    )
    if not rows:
        raise CommandError(f"{path}: holds no records; give a sample with some")
    sniffed = _sniff(connection, name) if kind == "csv" else {}
    return Sample(path=path, format=kind, rows=rows, columns=columns, keys=_keys(connection, columns, rows), **sniffed)


def _keys(connection: Any, columns: tuple[SampleColumn, ...], rows: int) -> tuple[tuple[str, ...], ...]:
    """Return the columns, or else the pairs of columns, that tell all rows apart."""
    able = [
        column
        for column in columns
        if not column.missing and column.type.id not in {*_NESTED, "float", "double", "boolean"}
    ]
    alone = tuple((column.name,) for column in able if column.different == rows)
    if alone or rows < 2:
        return alone
    some = [column.name for column in able if column.different and column.different > 1][:_TRIED_AS_PAIRS]
    pairs = [(first, second) for number, first in enumerate(some) for second in some[number + 1 :]]
    if not pairs:
        return ()
    counted = ", ".join(f"count(distinct ({_quoted(first)}, {_quoted(second)}))" for first, second in pairs)
    counts = connection.execute(f"select {counted} from sample").fetchone()
    return tuple(pair for pair, count in zip(pairs, counts, strict=True) if count == rows)


def _string_format(connection: Any, column: str) -> str | None:
    """Return the format that every value of a column of text has."""
    for name, pattern in _STRING_FORMATS.items():
        query = f"select bool_and(regexp_full_match({_quoted(column)}, {_literal(pattern)})) from sample"
        if connection.execute(query).fetchone()[0]:
            return name
    return None


def _sniff(connection: Any, name: str) -> dict[str, Any]:
    delimiter, dates, timestamps = connection.execute(
        f"select Delimiter, DateFormat, TimestampFormat from sniff_csv({name}, sample_size = -1)"
    ).fetchone()
    return {"delimiter": delimiter, "date_format": dates, "timestamp_format": timestamps}


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
