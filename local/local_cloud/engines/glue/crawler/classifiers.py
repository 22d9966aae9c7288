"""The formats and columns that a crawler sees in files, by the rules of Glue's built-in classifiers."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from local_cloud.errors import LocalCloudError
from local_cloud.sql.catalog import CSV, JSON, PARQUET, PARQUET_STORAGE, Catalog, text_storage
from local_cloud.sql.duck import Session, identifier, quote
from local_cloud.sql.types import HiveType, from_duckdb

_LAZY = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
_OPENX = "org.openx.data.jsonserde.JsonSerDe"
_DELIMITERS = ",|\t;\x01"
# How many lines of a text file are looked at, and how many rows of it must agree on the number of columns.
_SAMPLE = 1000

# How files begin that Glue has other classifiers for.
_OTHERS = {b"Obj\x01": "Avro", b"ORC": "ORC", b"<": "XML", b"\xe0\x01\x00\xea": "Ion", b"PK": "ZIP", b"BZh": "bzip2"}

Column = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Schema:
    """Columns, storage descriptor and table parameters of the files of one table."""

    columns: list[Column]
    storage: dict[str, Any]
    parameters: dict[str, str] = field(default_factory=dict)


class Classifiers:
    """Glue's built-in classifiers of Parquet, JSON lines and CSV."""

    def __init__(self, catalog: Catalog, session: Session) -> None:
        self._catalog = catalog
        self._session = session

    def format(self, uri: str) -> str:
        """Return a file's format.

        Raises
        ------
        LocalCloudError
            If no classifier knows it.
        """
        content = self._catalog.objects.read(uri)
        if content[:4] == b"PAR1":
            return PARQUET
        other = next((name for mark, name in _OTHERS.items() if content.lstrip().startswith(mark)), None)
        if other or (b"\0" in content[:1000] and not uri.endswith(".gz")):
            raise LocalCloudError(f"{uri} is {other or 'binary'}, which the local crawler does not classify")
        first = next((line for line in self._catalog.head(uri, lines=10) if line.strip()), "").strip()
        if first.startswith("{"):
            return JSON
        if first.startswith("["):
            # Glue makes one column of it, an array that no SerDe of Athena reads.
            raise LocalCloudError(f"{uri} is one JSON array, which no SerDe of Athena reads: write JSON lines")
        if _delimiter([first]):
            return CSV
        raise LocalCloudError(f"{uri} is neither Parquet, JSON lines nor CSV")

    def schema(self, kind: str, uris: list[str]) -> Schema:
        """Return what the files of one table, all of this format, hold."""
        return {PARQUET: self._parquet, JSON: self._json, CSV: self._csv}[kind](uris)

    def _parquet(self, uris: list[str]) -> Schema:
        source = f"read_parquet({_list(uris)}, union_by_name = true, hive_partitioning = false)"
        columns = []
        for name, kind in self._session.schema(f"select * from {source}"):
            zoned = kind.id == "timestamp with time zone"
            columns.append((name.lower(), "timestamp" if zoned else str(from_duckdb(kind))))
        return Schema(columns=columns, storage=PARQUET_STORAGE)

    def _json(self, uris: list[str]) -> Schema:
        source = (
            f"read_json({_list(uris)}, format = 'newline_delimited', union_by_name = true, hive_partitioning = false)"
        )
        columns = []
        for name, kind in self._session.schema(f"select * from {source}"):
            inferred = "string" if str(kind) == "JSON" else str(_undated(from_duckdb(kind)))
            if inferred == "bigint" and self._is_small(name, source):
                inferred = "int"
            columns.append((name.lower(), inferred))
        paths = ",".join(name for name, _ in columns)
        return Schema(columns=columns, storage=text_storage(_OPENX, {"paths": paths}))

    def _is_small(self, name: str, source: str) -> bool:
        row = self._session.execute(f"select max(abs({identifier(name)})) from {source}").fetchone()
        return row is not None and row[0] is not None and abs(int(row[0])) < 2**31

    def _csv(self, uris: list[str]) -> Schema:
        """The built-in classifier: see https://docs.aws.amazon.com/glue/latest/dg/add-classifier.html.

        It chooses LazySimpleSerDe, which knows no quotes; and it sees a header only if some column below it
        is not text, so a file of texts gets the columns col0, col1 and its header as first row.
        """
        lines = [line for line in self._catalog.head(uris[0], lines=_SAMPLE) if line.strip()]
        delimiter = _delimiter(lines)
        if delimiter is None:
            raise LocalCloudError(f"{uris[0]} has rows of different lengths: the local crawler would have to guess")
        rows = list(csv.reader(lines, delimiter=delimiter))
        width = len(rows[0])
        types = [_csv_type([row[position] for row in rows[1:] if len(row) == width]) for position in range(width)]
        header = rows[0]
        named = (
            len(set(header)) == width
            and all(_csv_type([name]) == "string" and 0 < len(name) < 150 for name in header)
            and any(kind != "string" for kind in types)
        )
        if not named:
            types = [_csv_type([row[position] for row in rows if len(row) == width]) for position in range(width)]
            header = [f"col{position}" for position in range(width)]
        columns = [
            (re.sub(r"[^\w]", "_", name.strip().lower()), kind) for name, kind in zip(header, types, strict=True)
        ]
        skip = {"skip.header.line.count": "1"} if named else {}
        parameters = {"columnsOrdered": "true", "areColumnsQuoted": "false", "delimiter": delimiter, **skip}
        storage = text_storage(_LAZY, {"field.delim": delimiter})
        return Schema(columns=columns, storage=storage, parameters=parameters)


def _list(uris: Sequence[str]) -> str:
    return f"[{', '.join(map(quote, uris))}]"


def _undated(kind: HiveType) -> HiveType:
    """A text that looks like a date is text to Glue's JSON classifier."""
    if kind.name in ("date", "timestamp"):
        return HiveType(name="string")
    return HiveType(
        name=kind.name,
        arguments=kind.arguments,
        children=tuple((name, _undated(child)) for name, child in kind.children),
    )


def _delimiter(lines: Sequence[str]) -> str | None:
    """Return the delimiter that gives every line the same number of columns, at least two."""
    for delimiter in _DELIMITERS:
        widths = {len(row) for row in csv.reader(lines, delimiter=delimiter)}
        if len(widths) == 1 and widths.pop() > 1:
            return delimiter
    return None


def _csv_type(values: Sequence[str]) -> str:
    given = [value.strip() for value in values if value.strip()]
    if given and all(re.fullmatch(r"[+-]?\d{1,18}", value) for value in given):
        return "bigint"
    if given and all(re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", value) for value in given):
        return "double"
    return "string"
