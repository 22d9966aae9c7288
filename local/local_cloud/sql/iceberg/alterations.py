"""ALTER TABLE of Iceberg tables.

https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg-evolving-table-schema.html
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from typing import Any

from pyiceberg import types as iceberg
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.table import Table

from local_cloud.errors import LocalCloudError
from local_cloud.sql.catalog import Catalog
from local_cloud.sql.iceberg import definitions, tables
from local_cloud.sql.iceberg.types import athena_type
from local_cloud.sql.types import parse

Lines = list[str]

_NAME = r"[`\"]?([\w.]+)[`\"]?"
_TYPE = r"(\w+(?:\s*\([^)]*\)|\s*<.*>)?)"
_COMMENT = r"(?: COMMENT '([^']*)')?"


def alter(catalog: Catalog, described: dict[str, Any], change: str) -> Lines:
    """Run what follows ALTER TABLE and the table's name.

    Raises
    ------
    LocalCloudError
        If it is not one of Athena's changes of Iceberg tables.
    """
    table = tables.load(catalog, described)
    for pattern, handler in _CHANGES:
        matched = re.fullmatch(pattern.replace(" ", r"\s+"), change.strip(), re.IGNORECASE | re.DOTALL)
        if matched:
            try:
                handler(catalog, table, matched)
            except CommitFailedException:
                raise LocalCloudError("ICEBERG_COMMIT_ERROR: another change of the table came first") from None
            return []
    raise LocalCloudError(f"NOT_SUPPORTED: ALTER TABLE … {' '.join(change.split()[:2]).upper()} of an Iceberg table")


def _add_columns(catalog: Catalog, table: Table, matched: re.Match[str]) -> None:
    with table.update_schema() as update:
        for text in definitions.split(matched[1]):
            column = re.fullmatch(rf"{_NAME}\s+{_TYPE}{_COMMENT}".replace(" ", r"\s+"), text.strip(), re.I | re.S)
            if column is None:
                raise LocalCloudError(f"SYNTAX_ERROR: {text.strip()!r} is no column with a type")
            path = tuple(column[1].lower().split("."))
            _need_absent(table, ".".join(path))
            kind = definitions.iceberg_type(parse(column[2].strip().lower()), itertools.count(1))
            update.add_column(path, kind, doc=column[3])


def _drop_column(catalog: Catalog, table: Table, matched: re.Match[str]) -> None:
    name = _need(table, matched[1]).name
    used = {field.source_id for field in table.spec().fields}
    if table.schema().find_field(name).field_id in used:
        raise LocalCloudError(f"NOT_SUPPORTED: Cannot drop partition field: {name}")
    with table.update_schema() as update:
        update.delete_column(name)


def _change_column(catalog: Catalog, table: Table, matched: re.Match[str]) -> None:
    old, new, kind, comment, first, after = matched.groups()
    field = _need(table, old)
    wanted = definitions.iceberg_type(parse(kind.strip().lower()), itertools.count(1))
    _check_wider(field, wanted)
    if new.lower() != field.name.lower():
        _need_absent(table, new.lower())
    with table.update_schema() as update:
        if isinstance(wanted, iceberg.PrimitiveType):
            update.update_column(field.name, field_type=wanted, doc=comment)
        if new.lower() != field.name.lower():
            update.rename_column(field.name, new.lower())
        if first:
            update.move_first(field.name)
        if after:
            update.move_after(field.name, _need(table, after).name)


def _check_wider(field: iceberg.NestedField, wanted: iceberg.IcebergType) -> None:
    known = field.field_type
    match known, wanted:
        case (iceberg.IntegerType(), iceberg.LongType()) | (iceberg.FloatType(), iceberg.DoubleType()):
            return
        case (iceberg.DecimalType(), iceberg.DecimalType()):
            if wanted.scale == known.scale and wanted.precision >= known.precision:
                return
    if athena_type(known) != athena_type(wanted):
        raise LocalCloudError(
            f"NOT_SUPPORTED: Cannot change column type: {field.name}: {athena_type(known)} -> {athena_type(wanted)}"
        )


def _need(table: Table, name: str) -> iceberg.NestedField:
    try:
        return table.schema().find_field(name.lower(), case_sensitive=False)
    except ValueError:
        raise LocalCloudError(f"COLUMN_NOT_FOUND: Column '{name.lower()}' does not exist") from None


def _need_absent(table: Table, name: str) -> None:
    if name in {known.lower() for known in table.schema().column_names}:
        raise LocalCloudError(f"COLUMN_ALREADY_EXISTS: Column '{name}' already exists")


def _replace_columns(catalog: Catalog, table: Table, matched: re.Match[str]) -> None:
    raise LocalCloudError("NOT_SUPPORTED: ALTER TABLE REPLACE COLUMNS is not supported for Iceberg tables")


def _rename(catalog: Catalog, table: Table, matched: re.Match[str]) -> None:
    database, name = table.name()
    *before, new = matched[1].lower().split(".")
    target = (before[-1] if before else database, new)
    if catalog.table(*target):
        raise LocalCloudError(f"TABLE_ALREADY_EXISTS: Table 'awsdatacatalog.{'.'.join(target)}' already exists")
    catalog.iceberg.rename_table((database, name), target)


def _set_properties(catalog: Catalog, table: Table, matched: re.Match[str]) -> None:
    given = dict(re.findall(r"'([^']+)'\s*=\s*'([^']*)'", matched[1]))
    with table.transaction() as transaction:
        transaction.set_properties(definitions.stored({key.lower(): value for key, value in given.items()}))


def _unset_properties(catalog: Catalog, table: Table, matched: re.Match[str]) -> None:
    names = [name.lower() for name in re.findall(r"'([^']+)'", matched[1])]
    own = [next(iter(definitions.stored({name: _sample(name)})), name) for name in names]
    with table.transaction() as transaction:
        transaction.remove_properties(*(name for name in own if name in table.properties))


def _sample(name: str) -> str:
    return {"format": "parquet", "write_compression": "zstd"}.get(name, "1")


_CHANGES: tuple[tuple[str, Callable[[Catalog, Table, re.Match[str]], None]], ...] = (
    (r"ADD COLUMNS\s*\((.*)\)", _add_columns),
    (rf"DROP (?:COLUMN )?(?!PARTITION){_NAME}", _drop_column),
    (
        rf"CHANGE (?:COLUMN )?{_NAME} {_NAME} {_TYPE}{_COMMENT}(?: (FIRST)| AFTER {_NAME})?",
        _change_column,
    ),
    (r"REPLACE COLUMNS.*", _replace_columns),
    (rf"RENAME TO {_NAME}", _rename),
    (r"SET TBLPROPERTIES\s*\((.*)\)", _set_properties),
    (r"UNSET TBLPROPERTIES\s*\((.*)\)", _unset_properties),
)
