"""Delivery of records to an HTTP endpoint."""

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
from lake_blueprints.ingestion.firehose.destination import DestinationBindOptions
from lake_blueprints.ingestion.firehose.secrets import secret_configuration
from lake_blueprints.storage.s3 import Zone
from template_checks.limits import firehose as limits

_FIREHOSE = firehose.CfnDeliveryStream
_URL = re.compile(r"https://[^/:?#\s]+(:443)?([/?#]\S*)?")
_MOST_ATTRIBUTES = 50


@checked
class HttpDestination(BackedUpDestination):
    """Requests to an HTTP endpoint, each with a buffer's records in Base64.

    Parameters
    ----------
    url: str
        Address of the endpoint: https, at port 443, of at most 1000 characters. It is reached over the internet;
        Firehose reaches none in a VPC.
    secret: secretsmanager.ISecret, optional
        Secret `{"api_key": "..."}`, whose value comes as `X-Amz-Firehose-Access-Key`; without it anybody may post
        to the endpoint. By default there is none.
    attributes: mapping of str to str
        What each request says of itself in `X-Amz-Firehose-Common-Attributes`, at most 50. By default nothing.
    zone: Zone
        Zone of the records that cannot be delivered, below `errors/<dataset>/`.
    dataset: Dataset
        Contract of the records.
    retry: Duration, optional
        Time in which Firehose tries again before it gives records up, 0 to 7200 seconds. By default 300 seconds.
    backup_all: bool
        Whether the zone also receives every record as it came, below `backup/<dataset>/`. By default only what fails.
    restricted: bool
        Whether records with restricted columns leave the lake. By default a dataset that has some is refused.

    Raises
    ------
    ValueError
        If Firehose refuses the address, the attributes or the retry, or restricted columns would leave the lake.

    Notes
    -----
    A request is sent again with the same `requestId`: the endpoint answers with it, and takes no request twice. A
    batch that the endpoint answers with 413 is lost: keep the buffer as small as it says.
    https://docs.aws.amazon.com/firehose/latest/dev/httpdeliveryrequestresponse.html

    Example
    -------
        >>> url = "https://collector.example.com/flights"
        >>> HttpDestination(url=url, zone=raw, dataset=contract["flights"])
    """

    receiver = "an HTTP endpoint"
    metric = "DeliveryToHttpEndpoint"
    buffer_size = limits.BUFFER_SIZE_HTTP

    def __init__(
        self,
        *,
        url: str,
        zone: Zone,
        dataset: Dataset,
        secret: secretsmanager.ISecret | None = None,
        attributes: Mapping[str, str] | None = None,
        retry: DurationInSeconds | None = None,
        backup_all: bool = False,
        restricted: bool = False,
    ) -> None:
        super().__init__(
            zone=zone,
            dataset=dataset,
            retry=retry or Duration.seconds(300),
            backup_all=backup_all,
            restricted=restricted,
        )
        if not Token.is_unresolved(url) and (not _URL.fullmatch(url) or len(url) > 1000):
            raise ValueError(
                f"an endpoint's 'url' must be https, at port 443 and of at most 1000 characters, got '{url}'"
            )
        self.attributes = attributes or {}
        if len(self.attributes) > _MOST_ATTRIBUTES:
            raise ValueError(f"requests have at most {_MOST_ATTRIBUTES} attributes, got {len(self.attributes)}")
        self.url, self.secret = url, secret

    @property
    def permissions(self) -> tuple[Permission, ...]:
        return (*super().permissions, *(permissions.read_secret(self.secret) if self.secret else ()))

    def bind(self, scope: Construct, options: DestinationBindOptions) -> Mapping[str, Any]:
        configuration = _FIREHOSE.HttpEndpointDestinationConfigurationProperty(
            **self.common(options),
            role_arn=options.role.role_arn,
            endpoint_configuration=_FIREHOSE.HttpEndpointConfigurationProperty(url=self.url, name=self.dataset.name),
            request_configuration=_FIREHOSE.HttpEndpointRequestConfigurationProperty(
                content_encoding="GZIP",
                common_attributes=[
                    _FIREHOSE.HttpEndpointCommonAttributeProperty(attribute_name=name, attribute_value=value)
                    for name, value in self.attributes.items()
                ]
                or None,
            ),
            secrets_manager_configuration=secret_configuration(self.secret, options.role) if self.secret else None,
        )
        return {"http_endpoint_destination_configuration": configuration}
