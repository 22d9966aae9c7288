"""Destinations in a zone: records as they came, or as Parquet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aws_cdk import Token
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesisfirehose as firehose
from constructs import Construct

from lake_blueprints.catalog import ArrivalTime, ByPartitionKeys, DeliveryLayout, Landing, Layout
from lake_blueprints.catalog.names import check_prefix
from lake_blueprints.contracts import Dataset, DatasetFormat
from lake_blueprints.contracts.lake_checks import DELIVERY_BUFFER
from lake_blueprints.foundation.access import Permission
from lake_blueprints.foundation.alarms import BELOW, AlarmSpec
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.ingestion.firehose import permissions
from lake_blueprints.ingestion.firehose.buffering import Buffer, BufferingHints
from lake_blueprints.ingestion.firehose.delivery_alarms import delivery_alarm
from lake_blueprints.ingestion.firehose.destination import ERRORS, Destination, DestinationBindOptions
from lake_blueprints.ingestion.firehose.processors import newline_processor, partition_processor, transform_processor
from lake_blueprints.storage.s3 import Zone
from template_checks.limits import firehose as limits

_FIREHOSE = firehose.CfnDeliveryStream
_PREFIX_MAX = 512  # https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html
BUFFER = BufferingHints(megabytes=128, seconds=int(DELIVERY_BUFFER.total_seconds()))


@checked
class S3Destination(Destination):
    """Records below a prefix of a zone as they came, as lines of text under GZIP.

    Parameters
    ----------
    zone: Zone
        Zone that receives the records.
    dataset: Dataset
        Contract of the records.
    prefix: str, optional
        Prefix of the records, ending in a slash. By default the dataset's name.
    layout: Layout, optional
        Folders below the prefix: the day of arrival, or the dataset's partition keys, which Firehose reads from each
        JSON record. By default `ArrivalTime()`.

    Raises
    ------
    ValueError
        If the prefix is invalid, or the layout needs what the records do not have.

    Example
    -------
        >>> S3Destination(zone=raw, dataset=contract["flights"], prefix="streamed/flights/")
    """

    landing: Landing
    converted = False

    def __init__(
        self, *, zone: Zone, dataset: Dataset, prefix: str | None = None, layout: Layout | None = None
    ) -> None:
        super().__init__(zone=zone, dataset=dataset)
        self.landing = Landing(
            zone=zone,
            prefix=check_prefix(f"{dataset.name}/" if prefix is None else prefix),
            dataset=dataset,
            layout=layout or ArrivalTime(),
        )
        _check(self.landing)

    def buffering(self, buffer: Buffer) -> BufferingHints:
        converted, dynamic = self.converted, self._dynamic
        by_keys = "with layout by partition keys" if dynamic else ""
        return buffer.within(
            # Rearranged records are held back until they fill a file of their partition, or of Parquet.
            limits.BUFFER_SIZE_REARRANGED if converted or dynamic else limits.BUFFER_SIZE,
            limits.BUFFER_INTERVAL_PARTITIONED if dynamic else limits.BUFFER_INTERVAL,
            default=BUFFER,
            size_why="with conversion to Parquet" if converted else by_keys,
            interval_why=by_keys,
        )

    @property
    def permissions(self) -> tuple[Permission, ...]:
        return permissions.write_to_zone(self.zone, [self.landing.prefix, self.error_prefix])

    def bind(self, scope: Construct, options: DestinationBindOptions) -> Mapping[str, Any]:
        landing, zone = self.landing, self.zone
        # What cannot be delivered lies there as it came.
        for prefix in (landing.prefix, self.error_prefix):
            zone.restrict(prefix, columns=[column.name for column in self.dataset.restricted_columns])
        configuration = _FIREHOSE.ExtendedS3DestinationConfigurationProperty(
            bucket_arn=zone.bucket.bucket_arn,
            role_arn=options.role.role_arn,
            prefix=_expression(landing),
            error_output_prefix=self.error_output_prefix,
            buffering_hints=_FIREHOSE.BufferingHintsProperty(
                size_in_m_bs=options.buffering.megabytes, interval_in_seconds=options.buffering.seconds
            ),
            # Conversion compresses by itself.
            compression_format="UNCOMPRESSED" if self.converted else "GZIP",
            encryption_configuration=_FIREHOSE.EncryptionConfigurationProperty(
                kms_encryption_config=_FIREHOSE.KMSEncryptionConfigProperty(awskms_key_arn=zone.key.key_arn)
            ),
            cloud_watch_logging_options=options.logging,
            processing_configuration=self._processing(options),
            dynamic_partitioning_configuration=_FIREHOSE.DynamicPartitioningConfigurationProperty(enabled=True)
            if self._dynamic
            else None,
            data_format_conversion_configuration=self._conversion(options.role),
        )
        return {"extended_s3_destination_configuration": configuration}

    def alarm_specs(self, delivery_stream_name: str, late_after_seconds: float) -> tuple[AlarmSpec, ...]:
        late = delivery_alarm(
            delivery_stream_name,
            "Late",
            "DeliveryToS3.DataFreshness",
            "Records wait longer than the buffer explains",
            statistic="Maximum",
            threshold=late_after_seconds,
        )
        failed = delivery_alarm(
            delivery_stream_name,
            "WriteFailed",
            "DeliveryToS3.Success",
            "Objects could not be written to the zone",
            statistic="Minimum",
            threshold=1,
            comparison=BELOW,
        )
        partitions = delivery_alarm(
            delivery_stream_name,
            "TooManyPartitions",
            "PartitionCountExceeded",
            "Records have more partition keys than Firehose takes; some lie below the error prefix",
            statistic="Maximum",
        )
        return (late, failed, *([partitions] if self._dynamic else []))

    @property
    def _dynamic(self) -> bool:
        """Whether Firehose finds the folder of a record in the record."""
        return isinstance(self.landing.layout, ByPartitionKeys)

    def _processing(self, options: DestinationBindOptions) -> _FIREHOSE.ProcessingConfigurationProperty | None:
        processors = [
            *([transform_processor(options.transform)] if options.transform else []),
            *([partition_processor(self.dataset)] if self._dynamic else []),
            # Without it the records of an object would be one line.
            *([] if self.converted else [newline_processor()]),
        ]
        return _FIREHOSE.ProcessingConfigurationProperty(enabled=True, processors=processors) if processors else None

    def _conversion(self, role: iam.IRole) -> _FIREHOSE.DataFormatConversionConfigurationProperty | None:
        return None


def _expression(landing: Landing) -> str:
    """Return the prefix as Firehose evaluates it."""
    layout = landing.layout
    if not isinstance(layout, DeliveryLayout):
        raise ValueError(
            f"Firehose cannot write the layout {type(layout).__name__}; use ArrivalTime() or ByPartitionKeys()"
        )
    return f"{landing.prefix}{layout.delivery_prefix(landing.dataset)}"


def _check(landing: Landing) -> None:
    expression = _expression(landing)
    if isinstance(landing.layout, ByPartitionKeys):
        _check_keys(landing.dataset)
    if Token.is_unresolved(landing.prefix):
        return
    if "!{" in landing.prefix:
        raise ValueError(f"a prefix holds no expressions, got '{landing.prefix}'; say how data lies below by 'layout'")
    if landing.prefix.startswith(ERRORS):
        raise ValueError(f"'{ERRORS}' is where failures go, got prefix '{landing.prefix}'; use another prefix")
    if len(expression) > _PREFIX_MAX:
        raise ValueError(
            f"prefix and layout have at most {_PREFIX_MAX} characters, got {len(expression)}; "
            "shorten the prefix or lay the data out by fewer keys"
        )


def _check_keys(dataset: Dataset) -> None:
    if dataset.format is not DatasetFormat.JSON:
        raise ValueError(
            f"Firehose finds partition keys in JSON records, but dataset '{dataset.name}' is {dataset.format}; "
            "use ArrivalTime()"
        )
    for key in dataset.partition_columns:
        if key.format:
            raise ValueError(
                f"partition key '{key.name}' comes as '{key.format}', which would become the folder's name; "
                "use ArrivalTime(), or send the date as ISO 8601"
            )
