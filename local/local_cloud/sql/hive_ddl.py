"""Athena's Hive statements, which change or show only the Glue catalog.

Above 200 lines: a grammar in one piece.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from typing import Any

from sqlglot import exp

from local_cloud.errors import LocalCloudError
from local_cloud.sql import trino
from local_cloud.sql.binding import VIEW_PREFIX
from local_cloud.sql.catalog import PARQUET_STORAGE, Catalog, text_storage
from local_cloud.sql.catalogs import only_glue
from local_cloud.sql.iceberg import is_iceberg
from local_cloud.sql.projection import is_projected
from local_cloud.sql.types import HiveType, parse

Lines = list[str]
Handler = Callable[["HiveDdl", "re.Match[str]"], Lines]

_NAME = r"([`\"\w.$/-]+)"
_HANDLERS: list[tuple[re.Pattern[str], Handler]] = []
_DELIMITED = {
    "field.delim": "fields",
    "escape.delim": "escaped",
    "colelction.delim": "collection_items",
    "mapkey.delim": "map_keys",
    "line.delim": "lines",
    "serialization.null.format": "null",
}
_LAZY = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"


def _statement(pattern: str) -> Callable[[Handler], Handler]:
    def register(handler: Handler) -> Handler:
        _HANDLERS.append((re.compile(pattern.replace(" ", r"\s+"), re.IGNORECASE | re.DOTALL), handler))
        return handler

    return register


class HiveDdl:
    """Runs the statements of one query against the catalog."""

    def __init__(self, catalog: Catalog, database: str) -> None:
        self.catalog = catalog
        self.database = database

    def run(self, sql: str) -> Lines | None:
        """Run a statement and return the lines it prints; None if it is not of this kind.

        Raises
        ------
        LocalCloudError
            If the catalog refuses it.
        """
        for pattern, handler in _HANDLERS:
            matched = pattern.fullmatch(sql)
            if matched:
                self.catalog.find_default_database()
                return handler(self, matched)
        return None

    def names(self, text: str) -> tuple[str, str]:
        *before, name = re.sub(r"[`\"]", "", text).lower().split(".")
        if len(before) > 1:
            only_glue(f"{before[-2]}/{before[-1]}", "a statement of Hive's")
        return (before[-1] if before else self.database), name

    def table(self, text: str) -> dict[str, Any]:
        return self.catalog.need_table(*self.names(text))


@_statement(rf"CREATE (?:DATABASE|SCHEMA)( IF NOT EXISTS)? {_NAME}(?: COMMENT '[^']*')?(?: LOCATION '([^']*)')?")
def _create_database(ddl: HiveDdl, matched: re.Match[str]) -> Lines:
    name = ddl.names(matched[2])[1]
    if ddl.catalog.has_database(name):
        if matched[1]:
            return []
        raise LocalCloudError(f"FAILED: Execution Error: Database {name} already exists")
    location = {"LocationUri": matched[3]} if matched[3] else {}
    ddl.catalog.glue.create_database(DatabaseInput={"Name": name, **location})
    return []


@_statement(rf"DROP (?:DATABASE|SCHEMA)( IF EXISTS)? {_NAME}( CASCADE)?(?: RESTRICT)?")
def _drop_database(ddl: HiveDdl, matched: re.Match[str]) -> Lines:
    name = ddl.names(matched[2])[1]
    if not ddl.catalog.has_database(name):
        if matched[1]:
            return []
        raise LocalCloudError(f"FAILED: SemanticException: Database does not exist: {name}")
    tables = ddl.catalog.tables(name)
    if tables and not matched[3]:
        raise LocalCloudError(f"FAILED: Execution Error: Database {name} is not empty. One or more tables exist")
    ddl.catalog.glue.delete_database(Name=name)
    return []


@_statement(rf"DROP (TABLE|VIEW)( IF EXISTS)? {_NAME}(?: PURGE)?")
def _drop_table(ddl: HiveDdl, matched: re.Match[str]) -> Lines:
    database, name = ddl.names(matched[3])
    table = ddl.catalog.table(database, name)
    if table is None:
        if matched[2]:
            return []
        raise LocalCloudError(f"FAILED: SemanticException Table not found {database}.{name}")
    is_view = table.get("TableType") == "VIRTUAL_VIEW"
    if is_view != (matched[1].upper() == "VIEW"):
        raise LocalCloudError(f"FAILED: {name} is {'a view' if is_view else 'a table'}: use DROP {_kind(table)}")
    if is_iceberg(table):
        _of_iceberg().drop(ddl.catalog, table)
    else:
        ddl.catalog.glue.delete_table(DatabaseName=database, Name=name)
    return []


def _of_iceberg() -> Any:
    from local_cloud.sql.iceberg import ddl  # noqa: PLC0415

    return ddl


def _hive_table(ddl: HiveDdl, name: str, statement: str) -> dict[str, Any]:
    """Return a table whose partitions the catalog knows: those of an Iceberg table are in its metadata."""
    table = ddl.table(name)
    if is_iceberg(table):
        raise LocalCloudError(f"NOT_SUPPORTED: {statement} of the Iceberg table {table['Name']!r}")
    return table


@_statement(
    rf"ALTER TABLE {_NAME} ((?:ADD COLUMNS|DROP(?! (?:IF EXISTS )?PARTITION)|CHANGE|REPLACE|RENAME|SET|UNSET).*)"
)
def _alter_table(ddl: HiveDdl, matched: re.Match[str]) -> Lines:
    table = ddl.table(matched[1])
    if not is_iceberg(table):
        raise LocalCloudError(f"NOT_SUPPORTED: ALTER TABLE … {matched[2].split()[0].upper()} of a Hive table")
    from local_cloud.sql.iceberg import alterations  # noqa: PLC0415

    return alterations.alter(ddl.catalog, table, matched[2])


@_statement(rf"SHOW CREATE TABLE {_NAME}")
def _show_create_table(ddl: HiveDdl, matched: re.Match[str]) -> Lines:
    table = ddl.table(matched[1])
    if not is_iceberg(table):
        raise LocalCloudError("NOT_SUPPORTED: SHOW CREATE TABLE is run locally only for Iceberg tables")
    shown: Lines = _of_iceberg().show_create(ddl.catalog, table)
    return shown


@_statement(rf"CREATE TABLE(?: IF NOT EXISTS)? {_NAME}\s*\(.*")
def _create_iceberg_table(ddl: HiveDdl, matched: re.Match[str]) -> Lines:
    from local_cloud.sql.iceberg import creation  # noqa: PLC0415

    creation.create(ddl.catalog, ddl.database, matched[0])
    return []


def _kind(table: dict[str, Any]) -> str:
    return "VIEW" if table.get("TableType") == "VIRTUAL_VIEW" else "TABLE"


@_statement(rf"MSCK REPAIR TABLE {_NAME}")
def _repair(ddl: HiveDdl, matched: re.Match[str]) -> Lines:
    table = _hive_table(ddl, matched[1], "MSCK REPAIR TABLE")
    if is_projected(table.get("Parameters", {})):
        return []
    found = ddl.catalog.hive_partitions(table)
    known = ddl.catalog.partitions(table["DatabaseName"], table["Name"])
    keys = [key["Name"] for key in table.get("PartitionKeys", [])]
    ddl.catalog.add_partitions(table, found)
    new = ["/".join(map("=".join, zip(keys, values, strict=True))) for values in found if values not in known]
    if not new:
        return []
    missing = " ".join(f"{table['Name']}:{name}" for name in new)
    added = [f"Repair: Added partition to metastore {table['Name']}:{name}" for name in new]
    return [f"Partitions not in metastore:\t{missing}", *added]


_SPEC = re.compile(r"PARTITION\s*\(([^)]*)\)(?:\s*LOCATION\s*'([^']*)')?", re.IGNORECASE)


def _values(table: dict[str, Any], spec: str) -> tuple[str, ...]:
    given = dict(re.findall(r"[`\"]?(\w+)[`\"]?\s*=\s*'?([^',]*)'?", spec.lower().strip() and spec))
    given = {key.lower(): value.strip() for key, value in given.items()}
    keys = [key["Name"] for key in table.get("PartitionKeys", [])]
    if sorted(given) != sorted(keys):
        raise LocalCloudError(
            f"FAILED: partition ({spec.strip()}) does not name the partition columns {', '.join(keys)}"
        )
    return tuple(given[key] for key in keys)


@_statement(rf"ALTER TABLE {_NAME} ADD( IF NOT EXISTS)? (PARTITION.*)")
def _add_partitions(ddl: HiveDdl, matched: re.Match[str]) -> Lines:
    table = _hive_table(ddl, matched[1], "ALTER TABLE ADD PARTITION")
    root = table["StorageDescriptor"]["Location"].rstrip("/")
    keys = [key["Name"] for key in table.get("PartitionKeys", [])]
    wanted = {}
    for spec, location in _SPEC.findall(matched[3]):
        values = _values(table, spec)
        folders = "/".join(map("=".join, zip(keys, values, strict=True)))
        wanted[values] = location or f"{root}/{folders}/"
    known = ddl.catalog.partitions(table["DatabaseName"], table["Name"])
    if not matched[2] and any(values in known for values in wanted):
        raise LocalCloudError("FAILED: Execution Error: AlreadyExistsException: Partition already exists.")
    ddl.catalog.add_partitions(table, wanted)
    return []


@_statement(rf"ALTER TABLE {_NAME} DROP( IF EXISTS)? (PARTITION.*)")
def _drop_partitions(ddl: HiveDdl, matched: re.Match[str]) -> Lines:
    table = ddl.table(matched[1])
    known = ddl.catalog.partitions(table["DatabaseName"], table["Name"])
    for spec, _ in _SPEC.findall(matched[3]):
        values = _values(table, spec)
        if values in known:
            ddl.catalog.glue.delete_partition(
                DatabaseName=table["DatabaseName"], TableName=table["Name"], PartitionValues=list(values)
            )
        elif not matched[2]:
            raise LocalCloudError(f"FAILED: SemanticException Partition not found ({spec.strip()})")
    return []


@_statement(r"SHOW (?:DATABASES|SCHEMAS)(?: LIKE '([^']*)')?")
def _show_databases(ddl: HiveDdl, matched: re.Match[str]) -> Lines:
    return _like(ddl.catalog.databases(), matched[1])


@_statement(rf"SHOW (TABLES|VIEWS)(?: (?:IN|FROM) {_NAME})?(?: (?:LIKE )?'([^']*)')?")
def _show_tables(ddl: HiveDdl, matched: re.Match[str]) -> Lines:
    database = ddl.names(matched[2])[1] if matched[2] else ddl.database
    tables = ddl.catalog.tables(database)
    if matched[1].upper() == "VIEWS":
        tables = [table for table in tables if _kind(table) == "VIEW"]
    return _like([table["Name"] for table in tables], matched[3])


@_statement(rf"SHOW PARTITIONS {_NAME}")
def _show_partitions(ddl: HiveDdl, matched: re.Match[str]) -> Lines:
    table = _hive_table(ddl, matched[1], "SHOW PARTITIONS")
    keys = [key["Name"] for key in table.get("PartitionKeys", [])]
    if not keys:
        raise LocalCloudError(f"FAILED: SemanticException Table {table['Name']} is not a partitioned table")
    found = ddl.catalog.partitions(table["DatabaseName"], table["Name"])
    return sorted("/".join(map("=".join, zip(keys, values, strict=True))) for values in found)


@_statement(rf"SHOW COLUMNS (?:IN|FROM) {_NAME}(?: (?:IN|FROM) {_NAME})?")
def _show_columns(ddl: HiveDdl, matched: re.Match[str]) -> Lines:
    name = matched[1] if matched[2] is None else f"{matched[2]}.{matched[1]}"
    table = ddl.table(name)
    if is_iceberg(table):
        names: Lines = _of_iceberg().column_names(ddl.catalog, table)
        return names
    return [column["Name"] for column in _all_columns(table)]


@_statement(rf"(?:DESCRIBE|DESC)(?: EXTENDED| FORMATTED)? {_NAME}")
def _describe(ddl: HiveDdl, matched: re.Match[str]) -> Lines:
    table = ddl.table(matched[1])
    if is_iceberg(table):
        described: Lines = _of_iceberg().describe(ddl.catalog, table)
        return described

    def line(column: dict[str, str]) -> str:
        return f"{column['Name']:<20}\t{column['Type']:<20}\t{column.get('Comment', ''):<20}"

    keys = table.get("PartitionKeys", [])
    header = ["", "# Partition Information", f"# {'col_name':<18}\t{'data_type':<20}\t{'comment':<20}", ""]
    return [*map(line, _all_columns(table)), *([*header, *map(line, keys)] if keys else [])]


def _all_columns(table: dict[str, Any]) -> list[dict[str, str]]:
    return [*table["StorageDescriptor"]["Columns"], *table.get("PartitionKeys", [])]


def _like(names: Lines, pattern: str | None) -> Lines:
    """Filter by a Hive pattern: `*` is any text, `|` is or."""
    if pattern is None:
        return names
    wanted = re.compile(pattern.replace("*", ".*"), re.IGNORECASE)
    return [name for name in names if wanted.fullmatch(name)]


@_statement(r"CREATE EXTERNAL TABLE .*")
def _create_table(ddl: HiveDdl, matched: re.Match[str]) -> Lines:
    if re.search(r"'table_type'\s*=\s*'iceberg'", matched[0], re.IGNORECASE):
        raise LocalCloudError("FAILED: External keyword not supported for table type ICEBERG")
    tree = trino.parse_hive(matched[0])
    if not isinstance(tree, exp.Create) or not isinstance(tree.this, exp.Schema):
        raise LocalCloudError("SYNTAX_ERROR: this CREATE EXTERNAL TABLE is not understood by the local Athena")
    target = tree.this.this
    database, name = (target.db.lower() or ddl.database), target.name.lower()
    if ddl.catalog.table(database, name):
        if tree.args.get("exists"):
            return []
        raise LocalCloudError(f"FAILED: Execution Error: AlreadyExistsException: Table {name} already exists")
    if not ddl.catalog.has_database(database):
        raise LocalCloudError(f"FAILED: SemanticException: Database does not exist: {database}")
    properties = tree.args["properties"].expressions if tree.args.get("properties") else []
    location = next((item.this.name for item in properties if isinstance(item, exp.LocationProperty)), None)
    if location is None:
        raise LocalCloudError("FAILED: CREATE EXTERNAL TABLE needs a LOCATION")
    keys = [item.this.expressions for item in properties if isinstance(item, exp.PartitionedByProperty)]
    # sqlglot lists the partition columns among the columns too.
    partition_keys = [_column(item) for item in (keys[0] if keys else [])]
    columns = [_column(item) for item in tree.this.expressions if isinstance(item, exp.ColumnDef)]
    ddl.catalog.create_table(
        database,
        name,
        columns=[column for column in columns if column not in partition_keys],
        partition_keys=partition_keys,
        location=location,
        storage=_storage(properties),
        parameters={item.name: item.args["value"].name for item in properties if type(item) is exp.Property},
    )
    return []


def _column(definition: Any) -> tuple[str, str]:
    return definition.name.lower(), str(hive_type(definition.args["kind"]))


def hive_type(kind: exp.DataType) -> HiveType:
    return parse(kind.sql(dialect="hive"))


def _storage(properties: list[Any]) -> dict[str, Any]:
    for item in properties:
        if isinstance(item, exp.RowFormatSerdeProperty):
            given = item.args.get("serde_properties")
            options = {option.name: option.args["value"].name for option in given.expressions} if given else {}
            storage = text_storage(item.this.name, options)
            return PARQUET_STORAGE if "Parquet" in item.this.name else storage
    for item in properties:
        if isinstance(item, exp.FileFormatProperty):
            name = item.this.name.upper()
            if name == "PARQUET":
                return PARQUET_STORAGE
            if name != "TEXTFILE":
                raise LocalCloudError(f"NOT_SUPPORTED: tables stored as {name} are not read locally")
    for item in properties:
        if isinstance(item, exp.RowFormatDelimitedProperty):
            given = {option: item.args.get(clause) for option, clause in _DELIMITED.items()}
            return text_storage(_LAZY, {option: value.name for option, value in given.items() if value is not None})
    return text_storage(_LAZY)


def create_view(catalog: Catalog, database: str, name: str, *, sql: str, columns: list[tuple[str, str]]) -> None:
    """Store a view as Athena does: in the table's original text, for Trino only."""
    stored = {
        "originalSql": sql,
        "catalog": "awsdatacatalog",
        "schema": database,
        "columns": [{"name": column, "type": kind} for column, kind in columns],
    }
    encoded = base64.b64encode(json.dumps(stored).encode()).decode()
    table_input = {
        "Name": name,
        "TableType": "VIRTUAL_VIEW",
        "Parameters": {"presto_view": "true", "comment": "Presto View"},
        "PartitionKeys": [],
        "ViewOriginalText": f"{VIEW_PREFIX}{encoded} */",
        "ViewExpandedText": "/* Presto View */",
        "StorageDescriptor": {"Columns": [{"Name": column, "Type": kind} for column, kind in columns], "Location": ""},
    }
    write = catalog.glue.update_table if catalog.table(database, name) else catalog.glue.create_table
    write(DatabaseName=database, TableInput=table_input)
