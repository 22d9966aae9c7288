"""Delivery of events to Splunk."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from aws_cdk import Duration, Token
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from lake_blueprints.contracts import Dataset
from lake_blueprints.foundation.access import Permission
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.units import DurationInSeconds
from lake_blueprints.ingestion.firehose import permissions
from lake_blueprints.ingestion.firehose.backed_up_destination import BackedUpDestination
from lake_blueprints.ingestion.firehose.buffering import BufferingHints
from lake_blueprints.ingestion.firehose.destination import DestinationBindOptions
from lake_blueprints.ingestion.firehose.secrets import secret_configuration
from lake_blueprints.storage.s3 import Zone
from template_checks.limits import firehose as limits

_FIREHOSE = firehose.CfnDeliveryStream
_ENDPOINT = re.compile(r"https://[^/?#\s]+/?")


@checked
class SplunkDestination(BackedUpDestination):
    """Events of Splunk, each acknowledged by its HTTP Event Collector.

    Parameters
    ----------
    endpoint: str
        Address of the collector with its port, by https: "https://splunk.example.com:8088". It is reached over the
        internet, from the addresses that AWS lists for Firehose and the Region.
    secret: secretsmanager.ISecret
        Secret `{"hec_token": "..."}` with the token of the collector, for which acknowledgment is on.
    raw: bool
        Whether Splunk makes the events out of the records. By default each record is an event in the collector's JSON.
    acknowledgment: Duration, optional
        Longest wait for an acknowledgment, 180 to 600 seconds. By default 180 seconds.
    zone: Zone
        Zone of the records that cannot be delivered, below `errors/<dataset>/`.
    dataset: Dataset
        Contract of the records.
    retry: Duration, optional
        Time in which Firehose tries again before it gives records up, 0 to 7200 seconds. By default 3600 seconds.
    backup_all: bool
        Whether the zone also receives every record as it came, below `backup/<dataset>/`. By default only what fails.
    restricted: bool
        Whether records with restricted columns leave the lake. By default a dataset that has some is refused.

    Raises
    ------
    ValueError
        If Firehose refuses the address or a time, or restricted columns would leave the lake.

    Notes
    -----
    Events whose acknowledgment is late are sent again: Splunk may have them twice.
    https://docs.aws.amazon.com/firehose/latest/dev/retry.html

    Example
    -------
        >>> token = secretsmanager.Secret(self, "Token", encryption_key=raw.key)
        >>> endpoint = "https://splunk.example.com:8088"
        >>> SplunkDestination(endpoint=endpoint, secret=token, zone=raw, dataset=contract["flights"])
    """

    receiver = "Splunk"
    metric = "DeliveryToSplunk"
    backup_modes = ("FailedEventsOnly", "AllEvents")
    buffer_size = limits.BUFFER_SIZE_SPLUNK
    buffer_interval = limits.BUFFER_INTERVAL_SPLUNK
    default_buffer = BufferingHints(megabytes=5, seconds=60)

    def __init__(
        self,
        *,
        endpoint: str,
        secret: secretsmanager.ISecret,
        zone: Zone,
        dataset: Dataset,
        raw: bool = False,
        acknowledgment: DurationInSeconds | None = None,
        retry: DurationInSeconds | None = None,
        backup_all: bool = False,
        restricted: bool = False,
    ) -> None:
        super().__init__(
            zone=zone,
            dataset=dataset,
            retry=retry or Duration.seconds(3600),
            backup_all=backup_all,
            restricted=restricted,
        )
        if not Token.is_unresolved(endpoint) and not _ENDPOINT.fullmatch(endpoint):
            raise ValueError(f"a collector's 'endpoint' must be https://<host>:<port> without a path, got '{endpoint}'")
        self.acknowledgment = acknowledgment or Duration.seconds(180)
        if not self.acknowledgment.is_unresolved():
            limits.ACKNOWLEDGMENT.check("acknowledgment", self.acknowledgment.to_seconds())
        self.endpoint, self.secret, self.raw = endpoint, secret, raw

    @property
    def permissions(self) -> tuple[Permission, ...]:
        return (*super().permissions, *permissions.read_secret(self.secret))

    def bind(self, scope: Construct, options: DestinationBindOptions) -> Mapping[str, Any]:
        configuration = _FIREHOSE.SplunkDestinationConfigurationProperty(
            **self.common(options),
            hec_endpoint=self.endpoint,
            hec_endpoint_type="Raw" if self.raw else "Event",
            hec_acknowledgment_timeout_in_seconds=self.acknowledgment.to_seconds(),
            secrets_manager_configuration=secret_configuration(self.secret, options.role),
        )
        return {"splunk_destination_configuration": configuration}
