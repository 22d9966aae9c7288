"""DDL of Iceberg tables: CREATE, ALTER, DROP, DESCRIBE and SHOW.

https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg-managing-tables.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pyiceberg.table import Table

from local_cloud.errors import LocalCloudError
from local_cloud.sql.catalog import Catalog
from local_cloud.sql.iceberg import definitions, tables
from local_cloud.sql.iceberg.reachable import reachable
from local_cloud.sql.iceberg.types import athena_type
from local_cloud.sql.types import HiveType

Lines = list[str]
Columns = Sequence[tuple[str, HiveType, str | None]]


def create(
    catalog: Catalog,
    database: str,
    name: str,
    *,
    columns: Columns,
    partitions: Sequence[str],
    location: str,
    properties: Mapping[str, str],
) -> Table:
    """Create a table without rows."""
    if not location.startswith("s3://"):
        raise LocalCloudError(f"INVALID_TABLE_PROPERTY: {location!r} is not a location in Amazon S3")
    schema = definitions.schema(columns)
    table: Table = catalog.iceberg.create_table(
        (database, name),
        schema,
        location=location.rstrip("/"),
        partition_spec=definitions.spec(schema, partitions),
        properties={"format-version": "2", **definitions.stored(properties)},
    )
    return table


def drop(catalog: Catalog, described: dict[str, Any]) -> None:
    """Drop a table and delete its files, since Iceberg tables are managed tables in Athena."""
    table = tables.load(catalog, described)
    files = reachable(table) | {item.uri for item in catalog.objects.list(table.location().rstrip("/") + "/")}
    catalog.iceberg.drop_table(table.name())
    for uri in sorted(files):
        catalog.objects.delete(uri)


def column_names(catalog: Catalog, described: dict[str, Any]) -> Lines:
    return [field.name.lower() for field in tables.load(catalog, described).schema().fields]


def describe(catalog: Catalog, described: dict[str, Any]) -> Lines:
    """Return what DESCRIBE prints."""
    table = tables.load(catalog, described)
    schema = table.schema()
    columns = [f"{field.name.lower()}\t{athena_type(field.field_type)}\t{field.doc or ''}" for field in schema.fields]
    partitions = [
        f"{field.name.lower()}\t{field.transform}\t{schema.find_column_name(field.source_id)}"
        for field in table.spec().fields
    ]
    return [
        "# Table schema:\t\t",
        "# col_name\tdata_type\tcomment",
        *columns,
        "\t\t",
        "# Partition spec:\t\t",
        "# field_name\tfield_transform\tcolumn_name",
        *partitions,
    ]


def show_create(catalog: Catalog, described: dict[str, Any]) -> Lines:
    """Return the statement that makes the table."""
    table = tables.load(catalog, described)
    schema = table.schema()
    columns = [
        f"  {field.name.lower()} {athena_type(field.field_type)}" + (f" COMMENT '{field.doc}'" if field.doc else "")
        for field in schema.fields
    ]
    keys = [
        definitions.transform_text(field, str(schema.find_column_name(field.source_id)).lower())
        for field in table.spec().fields
    ]
    properties = [f"  '{key}'='{value}'" for key, value in definitions.shown(table.properties).items()]
    text = f"CREATE TABLE {'.'.join(table.name())} (\n{f',{chr(10)}'.join(columns)})\n"
    if keys:
        text += f"PARTITIONED BY ({', '.join(keys)})\n"
    text += f"LOCATION '{table.location()}'\nTBLPROPERTIES (\n{f',{chr(10)}'.join(properties)}\n);"
    return text.split("\n")
