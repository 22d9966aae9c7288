"""Metadata of a new table, as the API of S3 Tables takes it: on the wire in the words of Iceberg's specification.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_s3Buckets_IcebergMetadata.html
"""

from __future__ import annotations

from typing import Any

from pyiceberg.partitioning import PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table.sorting import SortOrder

from local_cloud.iceberg.table_inputs import Update, made

_FIRST_PARTITION_ID = 1000


def created(metadata: dict[str, Any], location: str) -> list[Update]:
    """Return the updates that make a table at a location, with the field ids that the metadata gives.

    Raises
    ------
    ValueError
        If there is not exactly one schema.
    """
    schemas = [metadata[name] for name in ("schema", "schemaV2") if metadata.get(name)]
    if len(schemas) != 1:
        raise ValueError("there must be one of schema and schemaV2")
    fields = [{"id": number, "required": False, **field} for number, field in enumerate(schemas[0]["fields"], start=1)]
    schema = {"schema-id": 0, "identifier-field-ids": [], **schemas[0], "type": "struct", "fields": fields}
    spec = metadata.get("partitionSpec") or {"fields": []}
    parts = [{"field-id": number, **field} for number, field in enumerate(spec["fields"], start=_FIRST_PARTITION_ID)]
    order = metadata.get("writeOrder") or {"fields": []}
    # The order without fields has the id 0, and no other may.
    order_id = (order.get("order-id") or 1) if order["fields"] else 0
    return made(
        Schema.model_validate(schema),
        PartitionSpec.model_validate({"spec-id": spec.get("spec-id") or 0, "fields": parts}),
        SortOrder.model_validate({"order-id": order_id, "fields": order["fields"]}),
        location=location,
        properties=metadata.get("properties") or {},
    )
