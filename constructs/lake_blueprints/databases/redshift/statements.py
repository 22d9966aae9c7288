"""The SQL that makes a dataset a table of Redshift, and loads it.

Pure text: it knows nothing of CDK, and names may be tokens. Every statement may run again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from lake_blueprints.contracts import Column, Dataset

# Redshift's longest identifier in bytes, and the most columns of a table:
# https://docs.aws.amazon.com/redshift/latest/dg/r_names.html, .../r_CREATE_TABLE_usage.html
_LONGEST_NAME = 127
_MOST_COLUMNS = 1_600
_SCHEMA = "public"
# Redshift tells neither whether a table is what CREATE TABLE IF NOT EXISTS would have made it, nor can it add a column
# only if there is none. So each table has a twin without rows in here, whose one column is named after its shape.
_SHAPES = "lake_shapes"
SHAPE_PREFIX = "lake_shape_"


def check_dataset(dataset: Dataset) -> None:
    """Refuse a dataset that Redshift cannot hold.

    Raises
    ------
    ValueError
        If it has too many columns, or a column's name is too long.
    """
    if len(dataset.columns) > _MOST_COLUMNS:
        raise ValueError(
            f"dataset '{dataset.name}' has {len(dataset.columns)} columns; a table of Redshift has at most "
            f"{_MOST_COLUMNS}"
        )
    for column in dataset.columns:
        check_name(column.name)


def check_name(name: str) -> None:
    """Refuse a name that is too long for Redshift.

    Raises
    ------
    ValueError
        With the name's length and the longest allowed.
    """
    if len(name) > _LONGEST_NAME:
        raise ValueError(f"'{name}' is too long for Redshift: {len(name)} characters, at most {_LONGEST_NAME}")


def role_clause(arn: str | None) -> str:
    """Return the clause that names a role, by default the one that the warehouse has as its default."""
    return f"IAM_ROLE {literal(arn) if arn else 'default'}"


def create_external_schema(database: str, *, role_arn: str | None = None) -> str:
    """Return the statement that makes a catalog database readable as a schema of the same name.

    https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_EXTERNAL_SCHEMA.html
    """
    return (
        f"CREATE EXTERNAL SCHEMA IF NOT EXISTS {quoted(database)} "
        f"FROM DATA CATALOG DATABASE {literal(database)} {role_clause(role_arn)}"
    )


def create_table(dataset: Dataset, table: str) -> str:
    """Return the statement that defines the table of a dataset.

    Rows are sorted by the partition keys, by which most queries filter. Redshift chooses distribution and
    compression. It does not enforce the primary key, but plans with it, and enforces NOT NULL.

    https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_TABLE_NEW.html
    """
    lines = [definition(column, column.name in dataset.primary_key) for column in dataset.columns]
    if dataset.primary_key:
        lines.append(f"PRIMARY KEY ({names(dataset.primary_key)})")
    body = ",\n  ".join(lines)
    sort = f"\nCOMPOUND SORTKEY ({names(dataset.partition_keys)})" if dataset.partition_keys else ""
    return f"CREATE TABLE IF NOT EXISTS {qualified(table)} (\n  {body}\n)\nDISTSTYLE AUTO{sort}"


def prepare_shapes(tables: Iterable[str]) -> list[str]:
    """Return the statements that define the twins of tables, as long as there are none."""
    twins = [f'CREATE TABLE IF NOT EXISTS {_twin(table)} ("unknown" boolean)' for table in tables]
    return [f"CREATE SCHEMA IF NOT EXISTS {quoted(_SHAPES)}", *twins] if twins else []


def check_shape(dataset: Dataset, table: str) -> str:
    """Return a statement that fails, naming the shape, unless the table has the columns and keys of the dataset."""
    return f"SELECT {_shape(dataset)} FROM {_twin(table)} WHERE false"


def recreate(dataset: Dataset, table: str) -> list[str]:
    """Return the statements that define the table in place of a former one; loading belongs in their transaction.

    Redshift widens no type but VARCHAR, and what is loaded is a copy of the lake.
    https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_TABLE.html
    """
    return [
        f"DROP TABLE IF EXISTS {qualified(table)}",
        create_table(dataset, table),
        f"DROP TABLE IF EXISTS {_twin(table)}",
        f"CREATE TABLE {_twin(table)} ({_shape(dataset)} boolean)",
    ]


def load(
    dataset: Dataset, table: str, *, database: str, uri: str, in_folders: bool, role_arn: str | None = None
) -> list[str]:
    """Return the statements that bring the table up to date; they belong in one transaction.

    - Files that hold every column replace the table by a COPY of the whole prefix. DELETE and not TRUNCATE, which
      would commit at once, so that readers never see an empty table.
    - If partition keys are in the names of folders, COPY would lose them: it reads only what is in the files. So
      rows come through the external schema. With a primary key only the rows come whose key is not there yet:
      curated rows are added and never changed, so this is all there is to do, and it writes nothing twice.
      Without one, the table is replaced.

    https://docs.aws.amazon.com/redshift/latest/dg/copy-usage_notes-copy-from-columnar.html,
    https://docs.aws.amazon.com/redshift/latest/dg/r_TRUNCATE.html
    """
    nested = any(column.type.nested for column in dataset.columns)
    empty = f"DELETE FROM {qualified(table)}"
    if not in_folders:
        # Nested Parquet columns become SUPER only with this option:
        # https://docs.aws.amazon.com/redshift/latest/dg/ingest-super.html
        option = " SERIALIZETOJSON" if nested else ""
        return [
            empty,
            f"COPY {qualified(table)}\nFROM {literal(uri)}\n{role_clause(role_arn)}\nFORMAT AS PARQUET{option}",
        ]
    insert = _insert(dataset, table, database)
    # Without this setting, a nested column of an external table cannot be selected as a whole:
    # https://docs.aws.amazon.com/redshift/latest/dg/serializing-complex-JSON.html
    prepare = ["SET json_serialization_enable TO true"] if nested else []
    return [*prepare, insert] if dataset.primary_key else [*prepare, empty, insert]


def _insert(dataset: Dataset, table: str, database: str) -> str:
    values = ", ".join(_selected(column) for column in dataset.columns)
    statement = (
        f"INSERT INTO {qualified(table)} ({names(column.name for column in dataset.columns)})\n"
        f"SELECT {values}\nFROM {quoted(database)}.{quoted(table)} AS lake"
    )
    if not dataset.primary_key:
        return statement
    same_key = " AND ".join(f"loaded.{quoted(key)} = lake.{quoted(key)}" for key in dataset.primary_key)
    return f"{statement}\nWHERE NOT EXISTS (SELECT 1 FROM {qualified(table)} AS loaded WHERE {same_key})"


def _selected(column: Column) -> str:
    value = f"lake.{quoted(column.name)}"
    return f"JSON_PARSE({value})" if column.type.nested else value


def definition(column: Column, in_primary_key: bool) -> str:
    """Return the definition of a column."""
    not_null = " NOT NULL" if column.required or in_primary_key else ""
    return f"{quoted(column.name)} {column.type.redshift}{not_null}"


def names(columns: Iterable[str]) -> str:
    """Return quoted names, in a list."""
    return ", ".join(map(quoted, columns))


def qualified(table: str) -> str:
    """Return the name of a table of the warehouse with its schema."""
    return f"{quoted(_SCHEMA)}.{quoted(table)}"


def _twin(table: str) -> str:
    return f"{quoted(_SHAPES)}.{quoted(table)}"


def _shape(dataset: Dataset) -> str:
    digest = hashlib.sha256(create_table(dataset, "").encode()).hexdigest()[:12]
    return quoted(f"{SHAPE_PREFIX}{digest}")


def quoted(name: str) -> str:
    """Return a name as an identifier of SQL."""
    escaped = name.replace('"', '""')
    return f'"{escaped}"'


def literal(text: str) -> str:
    """Return a text as a literal of SQL."""
    escaped = text.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"
