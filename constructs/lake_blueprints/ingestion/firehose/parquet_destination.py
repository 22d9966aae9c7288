"""Delivery of JSON records to a zone as Parquet, by the columns of a table."""

from __future__ import annotations

from dataclasses import replace

from attrs import evolve
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesisfirehose as firehose

from lake_blueprints.catalog import Table
from lake_blueprints.contracts import DatasetFormat
from lake_blueprints.foundation.alarms import AlarmSpec
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.ingestion.firehose.conversion import to_parquet
from lake_blueprints.ingestion.firehose.delivery_alarms import delivery_alarm
from lake_blueprints.ingestion.firehose.s3_destination import S3Destination

_FIREHOSE = firehose.CfnDeliveryStream


@checked
class ParquetDestination(S3Destination):
    """JSON records that Firehose converts to Parquet for a table, whose zone, prefix and layout they take.

    Parameters
    ----------
    table: Table
        Parquet table of the records' dataset; its layout is `ArrivalTime` or `ByPartitionKeys`.

    Raises
    ------
    ValueError
        If the table is not Parquet, its records are not JSON, or Firehose cannot write its layout.

    Example
    -------
        >>> table = database.add_table(contract["flights"], layout=ArrivalTime())
        >>> DeliveryStream(self, "Flights", destination=ParquetDestination(table=table))
    """

    converted = True

    def __init__(self, *, table: Table) -> None:
        name, dataset = f"table '{table.table_name}'", table.dataset
        if table.format is not DatasetFormat.PARQUET:
            raise ValueError(f"{name} reads {table.format}, but the delivery converts to Parquet; use format=PARQUET")
        if dataset.format is not DatasetFormat.JSON:
            raise ValueError(f"Firehose converts JSON records, but dataset '{dataset.name}' is {dataset.format}")
        super().__init__(zone=table.zone, dataset=dataset, prefix=table.prefix, layout=table.layout)
        # Firehose has named the columns as the table does, whatever the records call them.
        columns = [evolve(column, source=None) for column in dataset.columns]
        self.landing = replace(self.landing, dataset=evolve(dataset, columns=columns, format=table.format))
        self.table = table

    def prepare(self, role: iam.IRole, delivery: firehose.CfnDeliveryStream) -> None:
        self.table.grant_schema(role, before=delivery)

    def alarm_specs(self, delivery_stream_name: str, late_after_seconds: float) -> tuple[AlarmSpec, ...]:
        failed = delivery_alarm(
            delivery_stream_name,
            "ConversionFailed",
            "FailedConversion.Records",
            "Records could not be converted to Parquet and lie below the error prefix",
        )
        return (*super().alarm_specs(delivery_stream_name, late_after_seconds), failed)

    def _conversion(self, role: iam.IRole) -> _FIREHOSE.DataFormatConversionConfigurationProperty:
        return to_parquet(self.table, role)
