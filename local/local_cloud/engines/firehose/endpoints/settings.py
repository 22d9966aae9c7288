"""The HTTP endpoint, or Splunk, of a delivery stream, as it was deployed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local_cloud.engines.firehose.remote import RemoteDestination

HTTP, SPLUNK = "HttpEndpoint", "Splunk"
# What AWS takes where nothing is given: size of the buffer, its interval, and the time of retries.
_DEFAULTS = {HTTP: (5, 300, 300), SPLUNK: (5, 60, 3600)}


@dataclass(frozen=True, kw_only=True)
class EndpointDestination(RemoteDestination):
    """An endpoint.

    Parameters
    ----------
    kind: str
        `HttpEndpoint` or `Splunk`.
    url: str
        Address of the endpoint.
    key: str | None
        Access key or token, if it is part of the configuration.
    secret: str | None
        ARN of the secret that holds it.
    secret_role: str | None
        Role under which the secret is read.
    compresses: bool
        Whether the bodies of requests are compressed.
    attributes: Mapping[str, str]
        Attributes of each request.
    raw: bool
        Whether Splunk makes the events.
    acknowledgment_seconds: int
        How long Splunk has for an acknowledgment.
    """

    kind: str
    url: str
    key: str | None
    secret: str | None
    secret_role: str | None
    compresses: bool
    attributes: Mapping[str, str]
    raw: bool
    acknowledgment_seconds: int

    @classmethod
    def of_endpoint(cls, kind: str, configuration: Mapping[str, Any]) -> EndpointDestination:
        """Read the configuration of one of the kinds, or the description that moto makes of it.

        Raises
        ------
        LocalCloudError
            For what the local cloud cannot do.
        """
        size, interval, retry = _DEFAULTS[kind]
        size, interval, retry = _DEFAULTS[kind]
        backup = configuration.get("S3DestinationDescription") or configuration["S3Configuration"]
        endpoint, request = (configuration.get(f"{part}Configuration") or {} for part in ("Endpoint", "Request"))
        secret = configuration.get("SecretsManagerConfiguration") or {}
        from_secret = bool(secret.get("Enabled"))
        key = configuration.get("HECToken") if kind == SPLUNK else endpoint.get("AccessKey")
        return cls.backed_up(
            configuration,
            size=size,
            interval=interval,
            retry=retry,
            kind=kind,
            url=configuration["HECEndpoint"] if kind == SPLUNK else endpoint["Url"],
            key=None if from_secret else key,
            secret=secret["SecretARN"] if from_secret else None,
            secret_role=secret.get("RoleARN") or configuration.get("RoleARN") or backup.get("RoleARN"),
            compresses=request.get("ContentEncoding") == "GZIP",
            attributes={one["AttributeName"]: one["AttributeValue"] for one in request.get("CommonAttributes") or ()},
            raw=configuration.get("HECEndpointType") == "Raw",
            acknowledgment_seconds=int(configuration.get("HECAcknowledgmentTimeoutInSeconds") or 180),
        )
