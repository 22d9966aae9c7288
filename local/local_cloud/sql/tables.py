"""Tables of the Glue catalog as DuckDB relations, read as Athena reads them.

Above 200 lines: each kind of file and of partition.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from local_cloud.errors import LocalCloudError
from local_cloud.sql import parquet_types
from local_cloud.sql.catalog import CSV, HIDDEN_PARTITION, JSON, PARQUET, Catalog
from local_cloud.sql.duck import Session, identifier, quote
from local_cloud.sql.iceberg import is_iceberg
from local_cloud.sql.projection import is_projected, projected
from local_cloud.sql.text_files import lines_relation
from local_cloud.sql.types import HiveType, parse

# Which partitions a query needs: gets their columns and values, returns those to read.
Prune = Callable[[Sequence[tuple[str, HiveType]], Sequence[tuple[str, ...]]], Iterable[tuple[str, ...]]]


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
    library = table["StorageDescriptor"].get("SerdeInfo", {}).get("SerializationLibrary", "")
    for mark, found in (("Parquet", PARQUET), ("Json", JSON), ("OpenCSVSerde", CSV), ("LazySimpleSerDe", CSV)):
        if mark in library:
            return found
    raise LocalCloudError(
        f"table {table['Name']!r} uses the SerDe {library or 'none'!r}; the local cloud reads Parquet, JSON "
        "(OpenX, Hive) and CSV (OpenCSVSerde, LazySimpleSerDe)"
    )


def relation(
    session: Session,
    catalog: Catalog,
    table: dict[str, Any],
    where: Filter = EVERYTHING,
    *,
    path: bool = False,
    named: Collection[str] | None = None,
) -> str:
    """Return a select over a table's data: its columns in order, partition columns last.

    Parameters
    ----------
    session: Session
        Where the select is run.
    catalog: Catalog
        Knows the partitions and the objects.
    table: dict
        The table, as Glue's GetTable returns it.
    where: Filter
        What the query needs of the partitions.
    path: bool
        Whether to add Athena's pseudo-column `$path`.
    named: collection of str, optional
        Names among which are those of the columns that the query reads. A text that is no value of a column fails a
        query that reads the column, and no other. By default it reads all.
    """
    if is_iceberg(table):
        from local_cloud.sql.iceberg import tables as iceberg  # noqa: PLC0415

        session.need_iceberg()
        return iceberg.relation(session, iceberg.load(catalog, table), pseudo=("$path",) if path else ())
    columns = _columns(table["StorageDescriptor"]["Columns"])
    keys = _columns(table.get("PartitionKeys", []))
    files = [
        (uri, values)
        for values, location in _partitions(catalog, table, keys, where).items()
        for uri in _files(catalog, table, location)
    ]
    if not files:
        return without_rows(catalog, table, path=path)
    uris = [uri for uri, _ in files]
    if format_of(table) == PARQUET:
        source, selected = _parquet(session, columns, uris)
    else:
        source, selected = lines_relation(session, table, columns, uris, named)
    selected += _path(path, '"$path"')
    if not keys:
        return f"select {', '.join(selected)} from {source}"
    selected[len(columns) : len(columns)] = [
        f"cast(p.{identifier(name)} as {kind.duckdb}) as {identifier(name)}" for name, kind in keys
    ]
    rows = ", ".join(f"({', '.join([quote(uri), *map(_partition_value, values)])})" for uri, values in files)
    names = ", ".join(['"$file"', *(identifier(name) for name, _ in keys)])
    return f'select {", ".join(selected)} from {source} join (values {rows}) p({names}) on "$path" = p."$file"'


def without_rows(catalog: Catalog, table: dict[str, Any], *, path: bool) -> str:
    """Return a select of a table's columns, and of no rows."""
    if is_iceberg(table):
        from local_cloud.sql.iceberg import tables as iceberg  # noqa: PLC0415

        return iceberg.without_rows(iceberg.load(catalog, table), pseudo=("$path",) if path else ())
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
        described = catalog.described_partitions(table["DatabaseName"], table["Name"])
        wanted = list(where.prune(keys, list(described)))
        for values in wanted:
            _check_partition(table, keys, values, described[values])
        return {values: described[values]["Location"] for values in wanted}
    return {values: found[values] for values in where.prune(keys, list(found))}


def _files(catalog: Catalog, table: dict[str, Any], location: str) -> list[str]:
    """Return the files of a location: those that lie there, or those that lists there name."""
    found = [item.uri for item in catalog.files(location)]
    if not table["StorageDescriptor"].get("InputFormat", "").endswith("SymlinkTextInputFormat"):
        return found
    return [line for uri in found for line in catalog.objects.read(uri).decode().splitlines() if line]


def _check_partition(
    table: dict[str, Any], keys: Sequence[tuple[str, HiveType]], values: Sequence[str], storage: dict[str, Any]
) -> None:
    """A partition is read by the columns that it was registered with; here those must be the table's."""
    name = "/".join(f"{key}={value}" for (key, _), value in zip(keys, values, strict=True))
    declared = {column["Name"].lower(): column["Type"].lower() for column in table["StorageDescriptor"]["Columns"]}
    for column in storage.get("Columns") or []:
        expected = declared.get(column["Name"].lower())
        if expected is not None and parse(expected) != parse(column["Type"].lower()):
            raise LocalCloudError(
                "HIVE_PARTITION_SCHEMA_MISMATCH: There is a mismatch between the table and partition schemas. The "
                f"types are incompatible and cannot be coerced. The column '{column['Name']}' in table "
                f"'{table['DatabaseName']}.{table['Name']}' is declared as type '{expected}', but partition '{name}' "
                f"declared column '{column['Name']}' as type '{column['Type']}'."
            )
    library = (storage.get("SerdeInfo") or {}).get("SerializationLibrary")
    if library and library != table["StorageDescriptor"]["SerdeInfo"]["SerializationLibrary"]:
        raise LocalCloudError(f"NOT_SUPPORTED: partition {name!r} has another SerDe than its table")


def _list(uris: Sequence[str]) -> str:
    return f"[{', '.join(map(quote, uris))}]"


def _parquet(session: Session, columns: Sequence[tuple[str, HiveType]], uris: Sequence[str]) -> tuple[str, list[str]]:
    unmarked = parquet_types.check(session, columns, uris)
    # The empty select declares columns that are missing from some or all files; it costs no read.
    declared = ", ".join(
        f"cast(null as {'blob' if name.lower() in unmarked else kind.duckdb}) as {identifier(name)}"
        for name, kind in columns
    )
    source = f"""(
        select {declared} where false
        union all by name
        from read_parquet({_list(uris)}, union_by_name = true, hive_partitioning = false, filename = '$path')
    )"""
    return source, [
        f"decode({identifier(name)}) as {identifier(name)}"
        if name.lower() in unmarked
        else f"cast({identifier(name)} as {kind.duckdb}) as {identifier(name)}"
        for name, kind in columns
    ]
