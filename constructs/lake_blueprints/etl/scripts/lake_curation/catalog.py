"""New partitions in the Data Catalog."""

from __future__ import annotations

from urllib.parse import unquote

import boto3

from lake_curation.errors import CurateError

# What the API takes in one request.
_PER_REQUEST = 100


def register_partitions(database: str, table: str, target: str, partitions: list[str]) -> None:
    """Tell the Data Catalog about partitions; not needed if it calculates them."""
    if not partitions:
        return
    glue = boto3.client("glue")
    found = glue.get_table(DatabaseName=database, Name=table)["Table"]
    if not found.get("PartitionKeys") or found.get("Parameters", {}).get("projection.enabled") == "true":
        return
    inputs = [
        {
            "Values": [unquote(part.partition("=")[2]) for part in partition.split("/")],
            "StorageDescriptor": {**found["StorageDescriptor"], "Location": f"{target}{partition}/"},
        }
        for partition in partitions
    ]
    for start in range(0, len(inputs), _PER_REQUEST):
        reply = glue.batch_create_partition(
            DatabaseName=database, TableName=table, PartitionInputList=inputs[start : start + _PER_REQUEST]
        )
        for error in reply.get("Errors", []):
            if error["ErrorDetail"]["ErrorCode"] != "AlreadyExistsException":
                raise CurateError(f"partition {error['PartitionValues']} of {database}.{table}: {error['ErrorDetail']}")
