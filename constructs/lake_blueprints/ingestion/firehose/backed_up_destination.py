"""Destinations outside the lake, behind which a zone keeps what they do not take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from aws_cdk import Duration
from aws_cdk import aws_kinesisfirehose as firehose

from lake_blueprints.contracts import Dataset
from lake_blueprints.foundation.access import Permission
from lake_blueprints.foundation.alarms import BELOW, AlarmSpec
from lake_blueprints.ingestion.firehose import permissions
from lake_blueprints.ingestion.firehose.buffering import Buffer, BufferingHints
from lake_blueprints.ingestion.firehose.delivery_alarms import delivery_alarm
from lake_blueprints.ingestion.firehose.destination import Destination, DestinationBindOptions
from lake_blueprints.ingestion.firehose.processors import transform_processor
from lake_blueprints.storage.s3 import Zone
from template_checks.core.limit import Limit
from template_checks.limits import firehose as limits

_FIREHOSE = firehose.CfnDeliveryStream
BACKUP = "backup/"


class BackedUpDestination(Destination):
    """A destination outside the lake, with a zone for what it does not take within the time of the retries.

    Parameters
    ----------
    zone: Zone
        Zone of the records that cannot be delivered, below `errors/<dataset>/`.
    dataset: Dataset
        Contract of the records.
    retry: Duration
        Time in which Firehose tries again before it gives records up, 0 to 7200 seconds.
    backup_all: bool
        Whether the zone also receives every record as it came, below `backup/<dataset>/`.
    restricted: bool
        Whether records with restricted columns leave the lake.
    """

    metric: ClassVar[str]
    """The first part of the names of the destination's metrics."""

    backup_modes: ClassVar[tuple[str, str]] = ("FailedDataOnly", "AllData")
    """S3BackupMode for what fails and for everything."""

    buffer_size: ClassVar[Limit] = limits.BUFFER_SIZE
    buffer_interval: ClassVar[Limit] = limits.BUFFER_INTERVAL
    default_buffer: ClassVar[BufferingHints] = BufferingHints(megabytes=5, seconds=300)

    def __init__(self, *, zone: Zone, dataset: Dataset, retry: Duration, backup_all: bool, restricted: bool) -> None:
        super().__init__(zone=zone, dataset=dataset)
        hidden = [f"'{column.name}'" for column in dataset.restricted_columns]
        if hidden and not restricted:
            raise ValueError(
                f"records of dataset '{dataset.name}' would leave the lake with the restricted columns "
                f"{', '.join(hidden)}; remove them by a 'transform' and say restricted=True"
            )
        if not retry.is_unresolved():
            limits.RETRY.check("retry", retry.to_seconds())
        self.retry = retry
        self.backup_all = backup_all

    @property
    def backup_prefix(self) -> str | None:
        """The prefix of all records, as they came; none if only what fails is kept."""
        return f"{BACKUP}{self.dataset.name}/" if self.backup_all else None

    def buffering(self, buffer: Buffer) -> BufferingHints:
        return buffer.within(
            self.buffer_size, self.buffer_interval, default=self.default_buffer, size_why=f"to {self.receiver}"
        )

    @property
    def permissions(self) -> tuple[Permission, ...]:
        return permissions.write_to_zone(self.zone, self._prefixes)

    def alarm_specs(self, delivery_stream_name: str, late_after_seconds: float) -> tuple[AlarmSpec, ...]:
        late = delivery_alarm(
            delivery_stream_name,
            "Late",
            f"{self.metric}.DataFreshness",
            "Records wait longer than the buffer explains",
            statistic="Maximum",
            threshold=late_after_seconds,
        )
        failed = delivery_alarm(
            delivery_stream_name,
            "DeliveryFailed",
            f"{self.metric}.Success",
            f"Deliveries to {self.receiver} fail; what is given up after the retries lies below the error prefix",
            statistic="Minimum",
            threshold=1,
            comparison=BELOW,
        )
        return (late, failed)

    def common(self, options: DestinationBindOptions) -> Mapping[str, Any]:
        """Return the properties that every such destination has, and keep restricted columns of the zone apart."""
        for prefix in self._prefixes:
            self.zone.restrict(prefix, columns=[column.name for column in self.dataset.restricted_columns])
        processors = [transform_processor(options.transform)] if options.transform else []
        return {
            "buffering_hints": {
                "sizeInMBs": options.buffering.megabytes,
                "intervalInSeconds": options.buffering.seconds,
            },
            "cloud_watch_logging_options": options.logging,
            "processing_configuration": _FIREHOSE.ProcessingConfigurationProperty(enabled=True, processors=processors)
            if processors
            else None,
            "retry_options": {"durationInSeconds": self.retry.to_seconds()},
            "s3_backup_mode": self.backup_modes[self.backup_all],
            "s3_configuration": _FIREHOSE.S3DestinationConfigurationProperty(
                **self.zone_properties(options, self.backup_prefix, self.error_output_prefix)
            ),
        }

    def zone_properties(
        self, options: DestinationBindOptions, prefix: str | None, error_output_prefix: str | None
    ) -> Mapping[str, Any]:
        """Return the zone as Firehose writes it."""
        return {
            "bucket_arn": self.zone.bucket.bucket_arn,
            "role_arn": options.role.role_arn,
            "prefix": prefix,
            "error_output_prefix": error_output_prefix,
            "compression_format": "GZIP",
            "encryption_configuration": _FIREHOSE.EncryptionConfigurationProperty(
                kms_encryption_config=_FIREHOSE.KMSEncryptionConfigProperty(awskms_key_arn=self.zone.key.key_arn)
            ),
            "cloud_watch_logging_options": options.logging,
        }

    @property
    def _prefixes(self) -> list[str]:
        return [self.error_prefix, *([self.backup_prefix] if self.backup_prefix else [])]
