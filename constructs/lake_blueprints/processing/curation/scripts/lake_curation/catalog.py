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


def renew_partitions(database: str, table: str) -> None:
    """Give registered partitions the table's columns: one keeps those that the table had when it was registered.

    Athena reads each partition by its own columns: https://docs.aws.amazon.com/athena/latest/ug/updates-and-partitions.html
    """
    glue = boto3.client("glue")
    found = glue.get_table(DatabaseName=database, Name=table)["Table"]
    if not found.get("PartitionKeys"):
        return
    columns = found["StorageDescriptor"]["Columns"]
    for page in glue.get_paginator("get_partitions").paginate(DatabaseName=database, TableName=table):
        for partition in page["Partitions"]:
            storage = partition["StorageDescriptor"]
            if storage["Columns"] != columns:
                glue.update_partition(
                    DatabaseName=database,
                    TableName=table,
                    PartitionValueList=partition["Values"],
                    PartitionInput={
                        "Values": partition["Values"],
                        "StorageDescriptor": {**storage, "Columns": columns},
                    },
                )
