"""Sources of delivery streams: direct puts and Kinesis streams."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aws_cdk import Acknowledgment, Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_kms as kms
from constructs import Construct, IDependable

from lake_blueprints.foundation.access import Permission
from lake_blueprints.foundation.alarms import AlarmSpec
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.ingestion.firehose import permissions
from lake_blueprints.ingestion.firehose.delivery_alarms import delivery_alarm
from lake_blueprints.ingestion.kinesis.stream import Stream

_FIREHOSE = firehose.CfnDeliveryStream


@checked
@dataclass(frozen=True, kw_only=True)
class SourceConfig:
    """A source as a delivery stream needs it.

    Parameters
    ----------
    properties: mapping
        Properties of the delivery stream, by the names of `CfnDeliveryStream`.
    permissions: tuple of Permission
        What the role of the delivery stream may do with the source. By default nothing.
    acknowledgment: Acknowledgment, optional
        What audits find in a delivery stream with this source, and why it is so. By default nothing.
    depends_on: tuple of IDependable
        What must be there before the delivery stream. By default what its properties refer to.
    """

    properties: Mapping[str, Any]
    permissions: tuple[Permission, ...] = ()
    acknowledgment: Acknowledgment | None = None
    depends_on: tuple[IDependable, ...] = ()


class Source(ABC):
    """A source of a delivery stream."""

    retention: Duration | None = None
    """Retention of the source's records; none if that is not known."""

    @abstractmethod
    def bind(self, scope: Construct, role: iam.IRole, encryption_key: kms.IKey) -> SourceConfig:
        """Return what a delivery stream needs to read the source under a role.

        Parameters
        ----------
        scope: Construct
            The delivery stream, for resources that each delivery has of its own.
        role: iam.IRole
            Role of the delivery stream.
        encryption_key: kms.IKey
            Key of records that wait in the delivery stream.
        """

    @abstractmethod
    def alarm_specs(self, delivery_stream_name: str) -> tuple[AlarmSpec, ...]:
        """Return the alarms on records that do not get through."""


class DirectPut(Source):
    """Producers, which put records into the delivery stream themselves."""

    def bind(self, scope: Construct, role: iam.IRole, encryption_key: kms.IKey) -> SourceConfig:
        encryption = _FIREHOSE.DeliveryStreamEncryptionConfigurationInputProperty(
            key_type="CUSTOMER_MANAGED_CMK", key_arn=encryption_key.key_arn
        )
        return SourceConfig(
            properties={
                "delivery_stream_type": "DirectPut",
                "delivery_stream_encryption_configuration_input": encryption,
            }
        )

    def alarm_specs(self, delivery_stream_name: str) -> tuple[AlarmSpec, ...]:
        description = "Producers send faster than the delivery takes records"
        return (delivery_alarm(delivery_stream_name, "Throttled", "ThrottledRecords", description),)


@checked
class KinesisStreamSource(Source):
    """A Kinesis data stream.

    Parameters
    ----------
    stream: Stream or kinesis.IStream
        The stream.
    """

    def __init__(self, stream: Stream | kinesis.IStream) -> None:
        self.stream = stream.stream if isinstance(stream, Stream) else stream
        self.retention = stream.retention if isinstance(stream, Stream) else None

    def bind(self, scope: Construct, role: iam.IRole, encryption_key: kms.IKey) -> SourceConfig:
        configuration = _FIREHOSE.KinesisStreamSourceConfigurationProperty(
            kinesis_stream_arn=self.stream.stream_arn, role_arn=role.role_arn
        )
        return SourceConfig(
            properties={
                "delivery_stream_type": "KinesisStreamAsSource",
                "kinesis_stream_source_configuration": configuration,
            },
            permissions=permissions.take_records(self.stream),
            acknowledgment=Acknowledgment(
                id="AwsSolutions-KDF1", reason="its source, the stream, is encrypted; Firehose refuses both"
            ),
        )

    def alarm_specs(self, delivery_stream_name: str) -> tuple[AlarmSpec, ...]:
        description = "The stream throttles the delivery"
        return (delivery_alarm(delivery_stream_name, "Throttled", "ThrottledGetRecords", description),)
