"""One delivery to an index: from a buffer's records to bulk requests, and to the objects of what is not indexed."""

from __future__ import annotations

import http.client
import json
import ssl
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local_cloud.engines.firehose.endpoints.exchange import AttemptError
from local_cloud.engines.firehose.endpoints.shipment import Shipment, shipments
from local_cloud.engines.firehose.indexes.settings import DOMAIN, IndexDestination
from local_cloud.engines.firehose.records import Failure, Record
from local_cloud.engines.firehose.remote import RemoteDelivery
from local_cloud.errors import LocalCloudError

_ERROR_TYPES = {True: "AmazonOpenSearchService-failed", False: "AmazonOpenSearchServerless-failed"}
_UNREACHABLE, _MALFORMED = "OS.ServiceException", "OS.MalformedData"
_SECONDS = 60.0
_OK, _TOO_MANY, _SERVER_ERROR = 200, 429, 500


@dataclass(frozen=True, kw_only=True)
class Document:
    """A record on its way into an index, with its id, if Firehose draws it."""

    record: Record
    id: str
    index: str


@dataclass(kw_only=True)
class IndexShipment(Shipment):
    """Documents of one bulk request: those that are not indexed yet, and those that are given up, with the reason."""

    pending: list[Document]
    refused: list[tuple[Document, str, str]] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class IndexDelivery(RemoteDelivery):
    """Delivery of one stream to an index.

    Parameters
    ----------
    destination: IndexDestination
        What is deployed.
    """

    destination: IndexDestination

    def requests(self, records: Sequence[Record]) -> Iterable[Shipment]:
        for batch in shipments(records, self.destination.buffer_bytes):
            yield IndexShipment(records=batch.records, pending=[self._document(record) for record in batch.records])

    def attempt(self, shipment: Shipment) -> None:
        """Send those documents of a bulk request that are not indexed yet.

        A document that the index refuses is given up at once: another attempt would not change that.
        """
        assert isinstance(shipment, IndexShipment)
        sendable, malformed = list[Document](), list[Document]()
        for document in shipment.pending:
            (sendable if _is_object(document.record.data) else malformed).append(document)
        shipment.refused += [(one, _MALFORMED, "The record is not a JSON object.") for one in malformed]
        shipment.pending = sendable
        if not sendable:
            return
        items = self._bulk(sendable)
        again = list[Document]()
        for document, item in zip(sendable, items, strict=True):
            status, error = item["status"], item.get("error")
            if status == _TOO_MANY or status >= _SERVER_ERROR:
                again.append(document)
            elif error:
                shipment.refused.append((document, str(status), json.dumps(error)))
        shipment.pending = again
        if again:
            error = next(item["error"] for item in items if item["status"] == _TOO_MANY or item["status"] >= 500)
            raise AttemptError(str(_TOO_MANY), json.dumps(error))

    def failures(self, shipment: Shipment, error: AttemptError | None) -> list[Failure]:
        assert isinstance(shipment, IndexShipment)
        refused = [*shipment.refused]
        if error:
            refused += [(document, error.code, str(error)) for document in shipment.pending]
        return [self._failure(*one, shipment.attempts) for one in refused]

    def _document(self, record: Record) -> Document:
        number = record.sequence_number or f"{uuid.uuid4().int:056d}"[:56]
        return Document(
            record=record,
            id=f"{number}.{record.subsequence_number or 0}",
            index=self.destination.index_at(record.arrived),
        )

    def _bulk(self, documents: Sequence[Document]) -> list[dict[str, Any]]:
        lines = []
        for document in documents:
            identifier = {"_id": document.id} if self.destination.has_ids else {}
            lines += [json.dumps({"index": {"_index": document.index, **identifier}}).encode()]
            # A document of several lines would be taken for several.
            lines += [b" ".join(document.record.data.split(b"\n"))]
        status, content = self._post(b"\n".join([*lines, b""]))
        if status != _OK:
            raise AttemptError(str(status), content.decode(errors="replace")[:8192])
        return [next(iter(item.values())) for item in json.loads(content)["items"]]

    def _post(self, body: bytes) -> tuple[int, bytes]:
        region = self.context["region"]
        try:
            address = self.destination.address(self.runtime, region)
        except LocalCloudError as error:
            raise AttemptError(_UNREACHABLE, str(error)) from None
        key = self.runtime.key(self.destination.role)
        request = AWSRequest(
            "POST", f"https://{address}/_bulk", data=body, headers={"Content-Type": "application/json"}
        )
        service = "es" if self.destination.kind == DOMAIN else "aoss"
        SigV4Auth(Credentials(key.id, key.secret), service, region).add_auth(request)
        trusted = ssl.create_default_context(cafile=str(self.runtime.authority.certificate))
        connection = http.client.HTTPSConnection(address, timeout=_SECONDS, context=trusted)
        try:
            connection.request("POST", "/_bulk", body=body, headers={**request.headers, "Host": address})
            response = connection.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException) as error:
            raise AttemptError(_UNREACHABLE, str(error)) from None
        finally:
            connection.close()

    def _failure(self, document: Document, code: str, message: str, attempts: int) -> Failure:
        return Failure(
            kind=_ERROR_TYPES[self.destination.kind == DOMAIN],
            code=code,
            message=message,
            record=document.record,
            attempts=attempts,
            details={"esDocumentId": document.id, "esIndexName": document.index, "esTypeName": ""},
        )


def _is_object(data: bytes) -> bool:
    try:
        return isinstance(json.loads(data), dict)
    except ValueError:
        return False
