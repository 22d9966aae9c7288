"""Destinations of delivery streams: what each of them gives to the delivery stream."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesisfirehose as firehose
from constructs import Construct

from lake_blueprints.catalog import Landing
from lake_blueprints.contracts import Dataset
from lake_blueprints.foundation.access import Permission
from lake_blueprints.foundation.alarms import AlarmSpec
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.ingestion.firehose.buffering import Buffer, BufferingHints
from lake_blueprints.ingestion.firehose.transform import Transform
from lake_blueprints.storage.s3 import Zone

ERRORS = "errors/"


@checked
@dataclass(frozen=True, kw_only=True)
class DestinationBindOptions:
    """Options that a delivery stream gives to its destination.

    Parameters
    ----------
    role: iam.IRole
        Role of the delivery stream.
    logging: firehose.CfnDeliveryStream.CloudWatchLoggingOptionsProperty
        Log of what fails.
    buffering: BufferingHints
        Size and interval of the buffer.
    transform: Transform, optional
        Function that changes records. By default none.
    """

    role: iam.IRole
    logging: firehose.CfnDeliveryStream.CloudWatchLoggingOptionsProperty
    buffering: BufferingHints
    transform: Transform | None = None


class Destination(ABC):
    """A destination of a delivery stream.

    Parameters
    ----------
    zone: Zone
        Zone that receives the records, or those that cannot be delivered.
    dataset: Dataset
        Contract of the records.
    """

    receiver = "a zone"
    """The receiver of the records, as the description of the role has it."""

    landing: Landing | None = None
    """The records in a zone; none if they are delivered elsewhere."""

    def __init__(self, *, zone: Zone, dataset: Dataset) -> None:
        self.zone = zone
        self.dataset = dataset

    @property
    def error_prefix(self) -> str:
        """The prefix of records that cannot be delivered, as they came."""
        return f"{ERRORS}{self.dataset.name}/"

    @property
    def error_output_prefix(self) -> str:
        """The error prefix as Firehose evaluates it."""
        return f"{self.error_prefix}!{{firehose:error-output-type}}/!{{timestamp:yyyy-MM-dd}}/"

    @abstractmethod
    def buffering(self, buffer: Buffer) -> BufferingHints:
        """Return a buffer with the destination's defaults, or refuse what Firehose refuses for this destination."""

    @property
    @abstractmethod
    def permissions(self) -> tuple[Permission, ...]:
        """Permissions of the delivery stream's role on the destination."""

    @abstractmethod
    def bind(self, scope: Construct, options: DestinationBindOptions) -> Mapping[str, Any]:
        """Return the destination's properties of the delivery stream, by the names of `CfnDeliveryStream`.

        Parameters
        ----------
        scope: Construct
            The delivery stream, for resources that each delivery has of its own: a security group.
        options: DestinationBindOptions
            What the delivery stream gives to it.
        """

    def prepare(self, role: iam.IRole, delivery: firehose.CfnDeliveryStream) -> None:  # noqa: B027
        """Grant what Firehose uses as soon as the delivery stream is created; by default nothing."""

    @abstractmethod
    def alarm_specs(self, delivery_stream_name: str, late_after_seconds: float) -> tuple[AlarmSpec, ...]:
        """Return the alarms on records that are late or cannot be delivered."""
