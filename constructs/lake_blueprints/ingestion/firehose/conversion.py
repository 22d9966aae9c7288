"""Conversion of JSON records to Parquet by the columns of a table."""

from __future__ import annotations

from aws_cdk import Aws
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesisfirehose as firehose

from lake_blueprints.catalog import Table
from lake_blueprints.catalog.formats import json_keys

_FIREHOSE = firehose.CfnDeliveryStream


def to_parquet(schema: Table, role: iam.IRole) -> firehose.CfnDeliveryStream.DataFormatConversionConfigurationProperty:
    """Return the conversion, with keys of records found in any case.

    Notes
    -----
    https://docs.aws.amazon.com/firehose/latest/dev/record-format-conversion.html
    """
    columns = schema.layout.data_columns(schema.dataset)
    return _FIREHOSE.DataFormatConversionConfigurationProperty(
        enabled=True,
        input_format_configuration=_FIREHOSE.InputFormatConfigurationProperty(
            deserializer=_FIREHOSE.DeserializerProperty(
                open_x_json_ser_de=_FIREHOSE.OpenXJsonSerDeProperty(
                    case_insensitive=True, column_to_json_key_mappings=json_keys(columns) or None
                )
            )
        ),
        output_format_configuration=_FIREHOSE.OutputFormatConfigurationProperty(
            serializer=_FIREHOSE.SerializerProperty(parquet_ser_de=_FIREHOSE.ParquetSerDeProperty(compression="SNAPPY"))
        ),
        schema_configuration=_FIREHOSE.SchemaConfigurationProperty(
            catalog_id=Aws.ACCOUNT_ID,
            database_name=schema.database.database_name,
            # The reference, so that the table comes first.
            table_name=schema.resource.ref,
            region=Aws.REGION,
            role_arn=role.role_arn,
            version_id="LATEST",
        ),
    )
