"""One delivery to an endpoint: from a buffer's records to requests, and to the objects of those that fail."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from local_cloud.engines.firehose.endpoints import http_endpoint, splunk
from local_cloud.engines.firehose.endpoints.exchange import AttemptError
from local_cloud.engines.firehose.endpoints.settings import HTTP, SPLUNK, EndpointDestination
from local_cloud.engines.firehose.endpoints.shipment import Shipment, shipments
from local_cloud.engines.firehose.records import Failure, Record
from local_cloud.engines.firehose.remote import RemoteDelivery

# By kind: the error type, the name of a record's id in the document of a failure, and the member of the secret.
_WORDS = {
    HTTP: (http_endpoint.FAILED, "dataId", "api_key"),
    SPLUNK: (splunk.FAILED, "EventId", "hec_token"),
}


@dataclass(frozen=True, kw_only=True)
class EndpointDelivery(RemoteDelivery):
    """Delivery of one stream to an endpoint.

    Parameters
    ----------
    destination: EndpointDestination
        What is deployed.
    """

    destination: EndpointDestination

    def requests(self, records: Sequence[Record]) -> Iterable[Shipment]:
        return shipments(records, self.destination.buffer_bytes)

    def attempt(self, shipment: Shipment) -> None:
        to, key, receivers = self.destination, self._key(), self.runtime.receivers
        if to.kind == HTTP:
            http_endpoint.send(shipment, to, key, receivers, self.context["deliveryStreamArn"])
        else:
            splunk.send(shipment, to, key, receivers, self.runtime.pausing)

    def failures(self, shipment: Shipment, error: AttemptError | None) -> list[Failure]:
        return [self._failure(record, shipment, error) for record in shipment.records] if error else []

    def _key(self) -> str | None:
        """Return the credential, as the secret has it now."""
        destination = self.destination
        if destination.secret is None:
            return destination.key
        member = _WORDS[destination.kind][2]
        secrets: Any = self.runtime.client("secretsmanager", self.context["region"], role=destination.secret_role)
        try:
            found = json.loads(secrets.get_secret_value(SecretId=destination.secret)["SecretString"])[member]
        except Exception as error:  # no secret, or one that is no JSON object with the member
            message = f"The secret has no {member}: {type(error).__name__}"
            raise AttemptError(f"{destination.kind}.InvalidSecret", message) from None
        return str(found)

    def _failure(self, record: Record, shipment: Shipment, error: AttemptError) -> Failure:
        kind, identifier, _ = _WORDS[self.destination.kind]
        number = record.sequence_number or f"{uuid.uuid4().int:056d}"
        return Failure(
            kind=kind,
            code=error.code,
            message=str(error),
            record=record,
            attempts=shipment.attempts,
            details={"subsequenceNumber": record.subsequence_number or 0, identifier: f"{number}.0"},
        )
