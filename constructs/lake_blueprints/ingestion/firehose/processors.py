"""Record processors of a delivery stream."""

from __future__ import annotations

import json

from aws_cdk import aws_kinesisfirehose as firehose

from lake_blueprints.contracts import Column, Dataset
from lake_blueprints.ingestion.firehose.transform import Transform

_WHOLE_NUMBERS = frozenset({"tinyint", "smallint", "int", "bigint"})


def transform_processor(transform: Transform) -> firehose.CfnDeliveryStream.ProcessorProperty:
    """Return the processor that calls a function."""
    return _processor(
        "Lambda",
        LambdaArn=transform.function.function_arn,
        BufferSizeInMBs=f"{transform.megabytes:g}",
        BufferIntervalInSeconds=f"{transform.buffer_interval.to_seconds():g}",
        NumberOfRetries=str(transform.retries),
    )


def partition_processor(dataset: Dataset) -> firehose.CfnDeliveryStream.ProcessorProperty:
    """Return the processor that finds the partition keys in each record."""
    return _processor(
        "MetadataExtraction", MetadataExtractionQuery=partition_query(dataset), JsonParsingEngine="JQ-1.6"
    )


def table_processor(
    database_name: str, table_name: str, operation: str
) -> firehose.CfnDeliveryStream.ProcessorProperty:
    """Return the processor that gives each record an operation on a table, as far as a function has not."""
    # Names of tables and databases have no character that jq would read otherwise; tokens stay what they are.
    query = f'{{destinationDatabaseName:"{database_name}",destinationTableName:"{table_name}",operation:"{operation}"}}'
    return _processor("MetadataExtraction", MetadataExtractionQuery=query, JsonParsingEngine="JQ-1.6")


def newline_processor() -> firehose.CfnDeliveryStream.ProcessorProperty:
    """Return the processor that ends each record's line."""
    # Firehose reads the two characters as a line feed.
    return _processor("AppendDelimiterToRecord", Delimiter="\\n")


def partition_query(dataset: Dataset) -> str:
    """Return the jq query that makes folder names of a record's partition keys.

    A record whose key is missing or of another type fails the query, and goes below the error prefix instead of
    into a folder that no table could read.
    """
    keys = ",".join(f"{json.dumps(column.name)}:{_key(column)}" for column in dataset.partition_columns)
    return f"{{{keys}}}"


def _key(column: Column) -> str:
    field = f".[{json.dumps(column.source or column.name)}]"
    if column.type.glue in _WHOLE_NUMBERS:
        # 1, 1.0 and "1" are one folder.
        return f'({field}|tonumber|if .==floor then floor else error("not a whole number") end)'
    return field


def _processor(kind: str, **parameters: str) -> firehose.CfnDeliveryStream.ProcessorProperty:
    return firehose.CfnDeliveryStream.ProcessorProperty(
        type=kind,
        parameters=[
            firehose.CfnDeliveryStream.ProcessorParameterProperty(parameter_name=name, parameter_value=value)
            for name, value in parameters.items()
        ],
    )
