"""Delivery of JSON records into an Iceberg table, as new rows or in place of those with their key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesisfirehose as firehose
from constructs import Construct

from lake_blueprints.catalog.iceberg import IcebergTable
from lake_blueprints.contracts import DatasetFormat
from lake_blueprints.foundation.access import Permission
from lake_blueprints.foundation.alarms import AlarmSpec
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.ingestion.firehose import permissions
from lake_blueprints.ingestion.firehose.buffering import Buffer, BufferingHints
from lake_blueprints.ingestion.firehose.delivery_alarms import delivery_alarm
from lake_blueprints.ingestion.firehose.destination import Destination, DestinationBindOptions
from lake_blueprints.ingestion.firehose.processors import table_processor, transform_processor
from lake_blueprints.ingestion.firehose.s3_destination import BUFFER
from lake_blueprints.storage.s3 import Zone
from template_checks.limits import firehose as limits

_FIREHOSE = firehose.CfnDeliveryStream


@checked
class IcebergDestination(Destination):
    """Rows of an Iceberg table, from JSON records whose members are its columns.

    Parameters
    ----------
    table: IcebergTable
        Table of the records' dataset.
    upsert: bool
        Whether a record takes the place of the row with its primary key. By default each record is a new row. Of a
        partitioned table, the primary key holds the columns of the partitions: Firehose finds no row in another one.
    zone: Zone, optional
        Zone of the records that cannot be delivered, below `errors/<dataset>/`. By default the table's.

    Raises
    ------
    ValueError
        If the records are not JSON, or an upsert has no primary key, or one without a column of the partitions.

    Notes
    -----
    A record has every column of the table, null where it has no value, and may have more. Timestamps are microseconds
    or ISO 8601 text: https://docs.aws.amazon.com/firehose/latest/dev/apache-iceberg-destination-supp.html. A
    `transform` may choose the operation of each record, a delete for instance, by `metadata.otfMetadata`.

    Example
    -------
        >>> table = database.add_iceberg_table(contract["flights"])
        >>> DeliveryStream(self, "Flights", destination=IcebergDestination(table=table, upsert=True))
    """

    receiver = "an Iceberg table"

    def __init__(self, *, table: IcebergTable, upsert: bool = False, zone: Zone | None = None) -> None:
        dataset, name = table.dataset, f"table '{table.table_name}'"
        if dataset.format is not DatasetFormat.JSON:
            raise ValueError(f"Firehose makes rows of JSON records, but dataset '{dataset.name}' is {dataset.format}")
        if upsert:
            if not dataset.primary_key:
                raise ValueError(f"an upsert into {name} needs a primary key, and dataset '{dataset.name}' has none")
            outside = sorted({one.column for one in table.partitioning}.difference(dataset.primary_key))
            if outside:
                raise ValueError(
                    f"Firehose looks for the row of an update in one partition of {name}, which is chosen by "
                    f"{', '.join(outside)}; add it to the primary key, or do not partition by it"
                )
        super().__init__(zone=zone or table.zone, dataset=dataset)
        self.table = table
        self.upsert = upsert

    def buffering(self, buffer: Buffer) -> BufferingHints:
        return buffer.within(limits.BUFFER_SIZE, limits.BUFFER_INTERVAL, default=BUFFER)

    @property
    def permissions(self) -> tuple[Permission, ...]:
        return (
            *permissions.write_to_zone(self.zone, [self.error_prefix]),
            *permissions.write_table(self.table.zone, self.table.prefix),
        )

    def bind(self, scope: Construct, options: DestinationBindOptions) -> Mapping[str, Any]:
        table, zone, role_arn = self.table, self.zone, options.role.role_arn
        # What cannot be delivered lies there as it came.
        zone.restrict(self.error_prefix, columns=[column.name for column in self.dataset.restricted_columns])
        self._check_names(options)
        configuration = _FIREHOSE.IcebergDestinationConfigurationProperty(
            role_arn=role_arn,
            # Without updates and deletes, Firehose scales by itself.
            append_only=not self.upsert and options.transform is None,
            catalog_configuration=_FIREHOSE.CatalogConfigurationProperty(
                catalog_arn=Stack.of(scope).format_arn(service="glue", resource="catalog")
            ),
            destination_table_configuration_list=[
                _FIREHOSE.DestinationTableConfigurationProperty(
                    destination_database_name=table.database.database_name,
                    # The reference, so that the table comes first.
                    destination_table_name=table.resource.ref,
                    unique_keys=list(self.dataset.primary_key) or None,
                )
            ],
            buffering_hints=_FIREHOSE.BufferingHintsProperty(
                size_in_m_bs=options.buffering.megabytes, interval_in_seconds=options.buffering.seconds
            ),
            cloud_watch_logging_options=options.logging,
            processing_configuration=self._processing(options),
            s3_backup_mode="FailedDataOnly",
            s3_configuration=_FIREHOSE.S3DestinationConfigurationProperty(
                bucket_arn=zone.bucket.bucket_arn,
                role_arn=role_arn,
                error_output_prefix=self.error_output_prefix,
                compression_format="GZIP",
                encryption_configuration=_FIREHOSE.EncryptionConfigurationProperty(
                    kms_encryption_config=_FIREHOSE.KMSEncryptionConfigProperty(awskms_key_arn=zone.key.key_arn)
                ),
                cloud_watch_logging_options=options.logging,
            ),
        )
        return {"iceberg_destination_configuration": configuration}

    def prepare(self, role: iam.IRole, delivery: firehose.CfnDeliveryStream) -> None:
        self.table.allow_commits(role, before=delivery)

    def alarm_specs(self, delivery_stream_name: str, late_after_seconds: float) -> tuple[AlarmSpec, ...]:
        late = delivery_alarm(
            delivery_stream_name,
            "Late",
            "DeliveryToIceberg.DataFreshness",
            "Records wait longer than the buffer explains",
            statistic="Maximum",
            threshold=late_after_seconds,
        )
        failed = delivery_alarm(
            delivery_stream_name,
            "RowsFailed",
            "DeliveryToIceberg.FailedRowCount",
            "Records could not become rows and lie below the error prefix",
        )
        return (late, failed)

    def _check_names(self, options: DestinationBindOptions) -> None:
        renamed = [f"'{one.source}'" for one in self.dataset.columns if one.source and one.source != one.name]
        if renamed and options.transform is None:
            raise ValueError(
                f"Firehose finds columns by their exact names, but records of '{self.dataset.name}' have "
                f"{', '.join(renamed)}; rename them by a 'transform'"
            )

    def _processing(self, options: DestinationBindOptions) -> _FIREHOSE.ProcessingConfigurationProperty | None:
        table = self.table
        processors = [
            *([transform_processor(options.transform)] if options.transform else []),
            *([table_processor(table.database.database_name, table.table_name, "update")] if self.upsert else []),
        ]
        return _FIREHOSE.ProcessingConfigurationProperty(enabled=True, processors=processors) if processors else None
