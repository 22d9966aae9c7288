"""Schema of an Iceberg table, as CloudFormation takes it."""

from __future__ import annotations

import json
from typing import Any

from aws_cdk import aws_glue as glue

from lake_blueprints.catalog.iceberg.field_ids import FieldIds
from lake_blueprints.catalog.table_metadata import comment
from lake_blueprints.contracts import ArrayType, Dataset, DataType, MapType, StructType

_TABLE = glue.CfnTable


def schema_of(dataset: Dataset, ids: FieldIds) -> glue.CfnTable.IcebergSchemaProperty:
    """Return the columns of a dataset with their ids.

    All are optional: Iceberg reads no older file without a column that is required today, and a contract's `required`
    is judged record by record before a row is written.
    """
    return _TABLE.IcebergSchemaProperty(
        type="struct",
        fields=[
            _TABLE.IcebergStructFieldProperty(
                id=ids.of_column(column),
                name=column.name,
                type=_text(column.type, column.name, ids),
                required=False,
                doc=comment(column),
            )
            for column in dataset.columns
        ],
    )


def _text(kind: DataType, path: str, ids: FieldIds) -> str:
    """Return a type as CloudFormation takes it, which has a text only: of a nested type, Iceberg's JSON."""
    rendered = iceberg_type(kind, path, ids)
    return rendered if isinstance(rendered, str) else json.dumps(rendered, separators=(",", ":"))


def iceberg_type(kind: DataType, path: str, ids: FieldIds) -> str | dict[str, Any]:
    """Return a type as Iceberg's specification writes it: https://iceberg.apache.org/spec/#schemas."""
    match kind:
        case ArrayType():
            element = f"{path}.element"
            return {
                "type": kind.iceberg,
                "element-id": ids.of_part(element),
                "element": iceberg_type(kind.item, element, ids),
                "element-required": False,
            }
        case MapType():
            key, value = f"{path}.key", f"{path}.value"
            return {
                "type": kind.iceberg,
                "key-id": ids.of_part(key),
                "key": iceberg_type(kind.key, key, ids),
                "value-id": ids.of_part(value),
                "value": iceberg_type(kind.value, value, ids),
                "value-required": False,
            }
        case StructType():
            return {
                "type": kind.iceberg,
                "fields": [
                    {
                        "id": ids.of_part(f"{path}.{name}"),
                        "name": name,
                        "required": False,
                        "type": iceberg_type(part, f"{path}.{name}", ids),
                    }
                    for name, part in kind.fields
                ],
            }
    return kind.iceberg
