"""Tables of the Glue catalog as DuckDB relations, read as Athena reads them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from local_cloud.errors import LocalCloudError
from local_cloud.sql.catalog import CSV, HIDDEN_PARTITION, JSON, PARQUET, Catalog
from local_cloud.sql.duck import identifier, quote
from local_cloud.sql.projection import is_projected, projected
from local_cloud.sql.types import HiveType, parse

# Which partitions a query needs: gets their columns and values, returns those to read.
Prune = Callable[[Sequence[tuple[str, HiveType]], Sequence[tuple[str, ...]]], Iterable[tuple[str, ...]]]

# What is looked at to learn how JSON keys are spelled.
_SAMPLED_FILES, _SAMPLED_LINES = 10, 100
# Text that stands for NULL in no file: OpenCSVSerde knows no NULL.
_NO_NULL = "\x02NULL\x02"


@dataclass(frozen=True, kw_only=True)
class Filter:
    """Conditions of a query's WHERE clause on a table's partition columns.

    Parameters
    ----------
    prune: Prune
        Keeps the partitions that the query can see.
    equals: dict[str, list[str]]
        Values to which the clause ties a column: injected columns need them.
    """

    prune: Prune
    equals: dict[str, list[str]]


EVERYTHING = Filter(prune=lambda keys, values: values, equals={})


def format_of(table: dict[str, Any]) -> str:
    """Return in which format a table's files are: parquet, json or csv.

    Raises
    ------
    LocalCloudError
        If the table is of a kind that is not read here.
    """
    if table.get("Parameters", {}).get("table_type", "").upper() == "ICEBERG":
        raise LocalCloudError(f"table {table['Name']!r} is an Iceberg table, which the local cloud does not read")
    library = table["StorageDescriptor"].get("SerdeInfo", {}).get("SerializationLibrary", "")
    for mark, found in (("Parquet", PARQUET), ("Json", JSON), ("OpenCSVSerde", CSV), ("LazySimpleSerDe", CSV)):
        if mark in library:
            return found
    raise LocalCloudError(
        f"table {table['Name']!r} uses the SerDe {library or 'none'!r}; the local cloud reads Parquet, JSON "
        "(OpenX, Hive) and CSV (OpenCSVSerde, LazySimpleSerDe)"
    )


def relation(catalog: Catalog, table: dict[str, Any], where: Filter = EVERYTHING, *, path: bool = False) -> str:
    """Return a select over a table's data: its columns in order, partition columns last.

    Parameters
    ----------
    catalog: Catalog
        Knows the partitions and the objects.
    table: dict
        The table, as Glue's GetTable returns it.
    where: Filter
        What the query needs of the partitions.
    path: bool
        Whether to add Athena's pseudo-column `$path`.
    """
    columns = _columns(table["StorageDescriptor"]["Columns"])
    keys = _columns(table.get("PartitionKeys", []))
    files = [
        (item.uri, values)
        for values, location in _partitions(catalog, table, keys, where).items()
        for item in catalog.files(location)
    ]
    if not files:
        return without_rows(table, path=path)
    reader = {PARQUET: _parquet, JSON: _json, CSV: _csv}[format_of(table)]
    source, selected = reader(catalog, table, columns, [uri for uri, _ in files])
    selected += _path(path, '"$path"')
    if not keys:
        return f"select {', '.join(selected)} from {source}"
    selected[len(columns) : len(columns)] = [
        f"cast(p.{identifier(name)} as {kind.duckdb}) as {identifier(name)}" for name, kind in keys
    ]
    rows = ", ".join(f"({', '.join([quote(uri), *map(_partition_value, values)])})" for uri, values in files)
    names = ", ".join(['"$file"', *(identifier(name) for name, _ in keys)])
    return f'select {", ".join(selected)} from {source} join (values {rows}) p({names}) on "$path" = p."$file"'


def without_rows(table: dict[str, Any], *, path: bool) -> str:
    """Return a select of a table's columns, and of no rows."""
    columns = _columns([*table["StorageDescriptor"]["Columns"], *table.get("PartitionKeys", [])])
    nulls = [f"cast(null as {kind.duckdb}) as {identifier(name)}" for name, kind in columns]
    return f"select {', '.join([*nulls, *_path(path, 'null')])} where false"


def _columns(described: Iterable[dict[str, str]]) -> list[tuple[str, HiveType]]:
    return [(column["Name"], parse(column["Type"])) for column in described]


def _path(wanted: bool, expression: str) -> list[str]:
    return [f'cast({expression} as varchar) as "$path"'] if wanted else []


def _partition_value(value: str) -> str:
    return "null" if value == HIDDEN_PARTITION else quote(value)


def _partitions(
    catalog: Catalog, table: dict[str, Any], keys: Sequence[tuple[str, HiveType]], where: Filter
) -> dict[tuple[str, ...], str]:
    location = table["StorageDescriptor"]["Location"]
    if not keys:
        return {(): location}
    parameters = table.get("Parameters", {})
    if is_projected(parameters):
        template = parameters.get("storage.location.template", location)
        found = projected(
            location=location,
            columns=[name for name, _ in keys],
            parameters=parameters,
            folders=catalog.folders(template.split("${", 1)[0].rpartition("/")[0]),
            injected=where.equals,
        )
    else:
        found = catalog.partitions(table["DatabaseName"], table["Name"])
    return {values: found[values] for values in where.prune(keys, list(found))}


def _list(uris: Sequence[str]) -> str:
    return f"[{', '.join(map(quote, uris))}]"


def _parquet(
    catalog: Catalog, table: dict[str, Any], columns: Sequence[tuple[str, HiveType]], uris: Sequence[str]
) -> tuple[str, list[str]]:
    # The empty select declares columns that are missing from some or all files; it costs no read.
    declared = ", ".join(f"cast(null as {kind.duckdb}) as {identifier(name)}" for name, kind in columns)
    source = f"""(
        select {declared} where false
        union all by name
        from read_parquet({_list(uris)}, union_by_name = true, hive_partitioning = false, filename = '$path')
    )"""
    return source, [f"cast({identifier(name)} as {kind.duckdb}) as {identifier(name)}" for name, kind in columns]


def _json(
    catalog: Catalog, table: dict[str, Any], columns: Sequence[tuple[str, HiveType]], uris: Sequence[str]
) -> tuple[str, list[str]]:
    serde = table["StorageDescriptor"]["SerdeInfo"].get("Parameters") or {}
    keys = _json_keys(catalog, uris)
    described = []
    selected = []
    for name, kind in columns:
        key = serde.get(f"mapping.{name}") or keys.get(name.lower(), name)
        # DuckDB would drop the offset of a time that has one.
        read = re.sub(r"(?<!\")\bTIMESTAMP\b", "TIMESTAMPTZ", _spelled(kind, keys).duckdb)
        described.append(f"{quote(key)}: {quote(read)}")
        selected.append(f"cast({identifier(key)} as {kind.duckdb}) as {identifier(name)}")
    malformed = serde.get("ignore.malformed.json", "false").lower()
    source = f"""read_json(
        {_list(uris)}, format = 'newline_delimited', columns = {{{", ".join(described)}}}, filename = '$path',
        ignore_errors = {malformed}, maximum_object_size = 67108864, hive_partitioning = false
    )"""
    return source, selected


def _json_keys(catalog: Catalog, uris: Sequence[str]) -> dict[str, str]:
    """Return how the first objects of files spell their keys: the SerDes match them without regard to case."""
    spelled: dict[str, str] = {}
    for uri in uris[:_SAMPLED_FILES]:
        for line in catalog.head(uri, lines=_SAMPLED_LINES):
            with suppress(ValueError):
                spelled |= {key.lower(): key for key in _all_keys(json.loads(line))}
    return spelled


def _all_keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _all_keys(inner)


def _spelled(kind: HiveType, keys: Mapping[str, str]) -> HiveType:
    """Return a type whose fields are called as the files call them."""
    fields = kind.name == "struct"
    children = (
        (keys.get(name.lower(), name) if fields else name, _spelled(child, keys)) for name, child in kind.children
    )
    return replace(kind, children=tuple(children))


def _csv(
    catalog: Catalog, table: dict[str, Any], columns: Sequence[tuple[str, HiveType]], uris: Sequence[str]
) -> tuple[str, list[str]]:
    info = table["StorageDescriptor"]["SerdeInfo"]
    serde = info.get("Parameters") or {}
    skip = int(table.get("Parameters", {}).get("skip.header.line.count", serde.get("skip.header.line.count", "0")))
    if "OpenCSVSerde" in info["SerializationLibrary"]:
        convert = _open_csv
        mark = serde.get("quoteChar", '"')
        options = {
            "delim": serde.get("separatorChar", ","),
            "quote": mark,
            # OpenCSV reads a doubled quote as one, whatever its escape character.
            "escape": mark,
            "nullstr": _NO_NULL,
        }
    else:
        convert = _lazy_simple
        options = {
            "delim": serde.get("field.delim", "\x01"),
            "quote": "",
            "escape": serde.get("escape.delim", ""),
            "nullstr": serde.get("serialization.null.format", "\\N"),
        }
    described = ", ".join(f"{quote(name)}: 'VARCHAR'" for name, _ in columns)
    given = ", ".join(f"{option} = {quote(value)}" for option, value in options.items())
    source = f"""read_csv(
        {_list(uris)}, columns = {{{described}}}, auto_detect = false, header = false, skip = {skip}, {given},
        null_padding = true, strict_mode = false, filename = '$path', hive_partitioning = false
    )"""
    return source, [f"{convert(identifier(name), kind)} as {identifier(name)}" for name, kind in columns]


def _lazy_simple(column: str, kind: HiveType) -> str:
    """A value that is not of the declared type is NULL, as LazySimpleSerDe has it."""
    if kind.children:
        raise LocalCloudError(f"column {column} has type {kind}, which the local cloud does not read from CSV")
    return f"try_cast({column} as {kind.duckdb})"


def _open_csv(column: str, kind: HiveType) -> str:
    """OpenCSVSerde wants dates as days and timestamps as milliseconds since 1970.

    See https://docs.aws.amazon.com/athena/latest/ug/csv-serde.html.
    """
    if kind.name == "date":
        return f"date '1970-01-01' + cast({column} as integer)"
    if kind.name == "timestamp":
        return f"make_timestamp(1000 * cast({column} as bigint))"
    if kind.children:
        raise LocalCloudError(f"column {column} has type {kind}, which OpenCSVSerde cannot read")
    return f"cast({column} as {kind.duckdb})"
