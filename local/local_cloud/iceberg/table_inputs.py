"""Iceberg tables as Glue's API describes them: what CreateTable and UpdateTable ask of a table's metadata.

https://docs.aws.amazon.com/glue/latest/webapi/API_CreateIcebergTableInput.html
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from pyiceberg.partitioning import PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.sorting import SortOrder

from local_cloud.errors import LocalCloudError

Update = dict[str, Any]
"""An update of a table, as Iceberg's REST specification writes it."""

_LAST_ADDED = -1
_VERSIONS = ("1", "2")


def created(table: dict[str, Any], version: str) -> list[Update]:
    """Return the updates that make a table of `CreateIcebergTableInput`, with the field ids that it gives.

    Raises
    ------
    LocalCloudError
        If the version is one that the local cloud does not write.
    """
    if version not in _VERSIONS:
        raise LocalCloudError(
            f"Iceberg tables of format version {version} are not supported, only {' and '.join(_VERSIONS)}"
        )
    return made(
        _schema(table["Schema"]),
        _spec(table.get("PartitionSpec") or {}),
        _order(table.get("WriteOrder") or {}),
        location=table["Location"].rstrip("/"),
        properties=table.get("Properties") or {},
        version=int(version),
    )


def made(
    schema: Schema,
    spec: PartitionSpec,
    order: SortOrder,
    *,
    location: str,
    properties: Mapping[str, str],
    version: int = 2,
) -> list[Update]:
    """Return the updates that make a table of its parts, with the field ids that these have."""
    return [
        {"action": "assign-uuid", "uuid": str(uuid.uuid4())},
        {"action": "upgrade-format-version", "format-version": version},
        *_schema_added(schema),
        *_spec_added(spec),
        *_order_added(order),
        {"action": "set-location", "location": location},
        {"action": "set-properties", "updates": properties},
    ]


def changed(metadata: TableMetadata, updates: list[dict[str, Any]]) -> list[Update]:
    """Return the updates by which a table becomes what `UpdateIcebergTableInput` says; none for what it is already."""
    return [found for update in updates for found in _changes(metadata, update)]


def _changes(metadata: TableMetadata, update: dict[str, Any]) -> Iterator[Update]:
    schema = _schema(update["Schema"])
    known = next((one for one in metadata.schemas if one.fields == schema.fields), None)
    if known is None:
        # Ids of schemas are the table's own.
        yield from _schema_added(
            schema.model_copy(update={"schema_id": max(one.schema_id for one in metadata.schemas) + 1})
        )
    elif known.schema_id != metadata.current_schema_id:
        yield {"action": "set-current-schema", "schema-id": known.schema_id}
    if "PartitionSpec" in update:
        yield from _spec_changed(metadata, _spec(update["PartitionSpec"]))
    if "SortOrder" in update:
        yield from _order_changed(metadata, _order(update["SortOrder"]))
    location = update["Location"].rstrip("/")
    if location != metadata.location.rstrip("/"):
        yield {"action": "set-location", "location": location}
    properties = update.get("Properties") or {}
    if any(metadata.properties.get(name) != value for name, value in properties.items()):
        yield {"action": "set-properties", "updates": properties}


def _spec_changed(metadata: TableMetadata, spec: PartitionSpec) -> Iterator[Update]:
    known = next((one for one in metadata.partition_specs if one.fields == spec.fields), None)
    if known is None:
        number = max(one.spec_id for one in metadata.partition_specs) + 1
        yield from _spec_added(PartitionSpec(*spec.fields, spec_id=number))
    elif known.spec_id != metadata.default_spec_id:
        yield {"action": "set-default-spec", "spec-id": known.spec_id}


def _order_changed(metadata: TableMetadata, order: SortOrder) -> Iterator[Update]:
    known = next((one for one in metadata.sort_orders if one.fields == order.fields), None)
    if known is None:
        number = max(one.order_id for one in metadata.sort_orders) + 1
        yield from _order_added(SortOrder(*order.fields, order_id=number))
    elif known.order_id != metadata.default_sort_order_id:
        yield {"action": "set-default-sort-order", "sort-order-id": known.order_id}


def _schema_added(schema: Schema) -> Iterator[Update]:
    yield {"action": "add-schema", "schema": schema}
    yield {"action": "set-current-schema", "schema-id": _LAST_ADDED}


def _spec_added(spec: PartitionSpec) -> Iterator[Update]:
    yield {"action": "add-spec", "spec": spec}
    yield {"action": "set-default-spec", "spec-id": _LAST_ADDED}


def _order_added(order: SortOrder) -> Iterator[Update]:
    yield {"action": "add-sort-order", "sort-order": order}
    yield {"action": "set-default-sort-order", "sort-order-id": _LAST_ADDED}


def _schema(given: dict[str, Any]) -> Schema:
    fields = [
        {
            "id": field["Id"],
            "name": field["Name"],
            "type": _type(field["Type"]),
            "required": field["Required"],
            **({"doc": field["Doc"]} if field.get("Doc") else {}),
        }
        for field in given["Fields"]
    ]
    return Schema.model_validate(
        {
            "type": "struct",
            "schema-id": given.get("SchemaId") or 0,
            "identifier-field-ids": given.get("IdentifierFieldIds") or [],
            "fields": fields,
        }
    )


def _type(given: Any) -> Any:
    """Return a type as Iceberg's metadata writes it; CloudFormation gives a nested one as JSON text."""
    return json.loads(given) if isinstance(given, str) and given.lstrip().startswith("{") else given


def _spec(given: dict[str, Any]) -> PartitionSpec:
    fields = [
        {
            "source-id": field["SourceId"],
            "field-id": field.get("FieldId") or 1000 + number,
            "name": field["Name"],
            "transform": field["Transform"],
        }
        for number, field in enumerate(given.get("Fields") or [])
    ]
    return PartitionSpec.model_validate({"spec-id": given.get("SpecId") or 0, "fields": fields})


def _order(given: dict[str, Any]) -> SortOrder:
    fields = [
        {
            "source-id": field["SourceId"],
            "transform": field["Transform"],
            "direction": field["Direction"],
            "null-order": field["NullOrder"],
        }
        for field in given.get("Fields") or []
    ]
    # The order without fields has the id 0, and no other may.
    order_id = (given.get("OrderId") or 1) if fields else 0
    return SortOrder.model_validate({"order-id": order_id, "fields": fields})
