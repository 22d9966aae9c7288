"""The index of a delivery stream, as it was deployed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from local_cloud.engines.firehose.remote import RemoteDestination
from local_cloud.errors import LocalCloudError
from local_cloud.server.runtime import Runtime

DOMAIN, COLLECTION = "Amazonopensearchservice", "AmazonOpenSearchServerless"
KINDS = (DOMAIN, COLLECTION)
# What Firehose appends to the name of an index, by the time at which a record arrived, in UTC.
# https://docs.aws.amazon.com/firehose/latest/dev/es-index-rotation.html
_ENDINGS = {
    "NoRotation": "",
    "OneHour": "-%Y-%m-%d-%H",
    "OneDay": "-%Y-%m-%d",
    "OneWeek": "-%G-w%V",
    "OneMonth": "-%Y-%m",
}


@dataclass(frozen=True, kw_only=True)
class IndexDestination(RemoteDestination):
    """An index of a domain or collection.

    Parameters
    ----------
    kind: str
        `Amazonopensearchservice` or `AmazonOpenSearchServerless`.
    domain: str | None
        ARN of the domain, if that is given.
    url: str | None
        Address of the domain or collection, if that is given.
    index: str
        Name of the index, before rotation.
    rotation: str
        When a further index begins.
    has_ids: bool
        Whether Firehose draws the ids of documents, which stay over attempts.
    """

    kind: str
    domain: str | None
    url: str | None
    index: str
    rotation: str
    has_ids: bool

    @classmethod
    def of_index(cls, kind: str, configuration: Mapping[str, Any]) -> IndexDestination:
        """Read the configuration of one of the kinds, or the description that moto makes of it.

        Raises
        ------
        LocalCloudError
            For what the local cloud cannot do.
        """
        if configuration.get("TypeName"):
            raise LocalCloudError("TypeName is of Elasticsearch before version 7, which the local cloud does not run")
        ids = (configuration.get("DocumentIdOptions") or {}).get("DefaultDocumentIdFormat", "FIREHOSE_DEFAULT")
        return cls.backed_up(
            configuration,
            size=5,
            interval=300,
            retry=300,
            kind=kind,
            domain=configuration.get("DomainARN"),
            url=configuration.get("ClusterEndpoint") or configuration.get("CollectionEndpoint"),
            index=configuration["IndexName"],
            rotation=configuration.get("IndexRotationPeriod", "OneDay") if kind == DOMAIN else "NoRotation",
            # Collections of time series take no ids.
            has_ids=kind == DOMAIN and ids == "FIREHOSE_DEFAULT",
        )

    def index_at(self, arrived: int) -> str:
        """Return the index of a record that arrived at a time in milliseconds."""
        return f"{self.index}{datetime.fromtimestamp(arrived / 1000, tz=UTC).strftime(_ENDINGS[self.rotation])}"

    def address(self, runtime: Runtime, region: str) -> str:
        """Return host and port of the domain or collection, which the role of the stream finds.

        Raises
        ------
        LocalCloudError
            If it is none of this cloud.
        """
        host = (self.url or "").removeprefix("https://").rstrip("/")
        if self.domain:
            client = runtime.client("opensearch", region, role=self.role)
            try:
                status = client.describe_domain(DomainName=self.domain.rpartition("/")[2])["DomainStatus"]
            except client.exceptions.ResourceNotFoundException:
                raise LocalCloudError(f"there is no domain {self.domain} in the local cloud") from None
            host = status.get("Endpoint") or status["Endpoints"]["vpc"]
        if not host.startswith("localhost:"):
            raise LocalCloudError(f"the local cloud reaches no other machine, and {host} is none of its own")
        return host
