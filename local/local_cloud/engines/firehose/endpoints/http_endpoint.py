"""Requests to HTTP endpoints, and the answers that they must give.

Sources: https://docs.aws.amazon.com/firehose/latest/dev/httpdeliveryrequestresponse.html,
https://docs.aws.amazon.com/firehose/latest/dev/http_troubleshooting.html
"""

from __future__ import annotations

import base64
import gzip
import json
import time
from collections.abc import Mapping
from typing import Any

from local_cloud.engines.firehose.endpoints.exchange import (
    LONGEST_ANSWER,
    Answer,
    AttemptError,
    ExchangeError,
    Trouble,
    exchange,
)
from local_cloud.engines.firehose.endpoints.settings import EndpointDestination
from local_cloud.engines.firehose.endpoints.shipment import Shipment
from local_cloud.server.receivers import Receivers

FAILED = "http-endpoint-failed"
ANSWER_SECONDS = 180.0
_SUCCESS, _TOO_LARGE = 200, 413
_CODES = {
    Trouble.UNREACHABLE: "HttpEndpoint.ConnectionFailed",
    Trouble.NOT_TRUSTED: "HttpEndpoint.SSLHandshakeFailure",
    Trouble.BROKEN: "HttpEndpoint.ConnectionReset",
    Trouble.SLOW: "HttpEndpoint.RequestTimeout",
}


def send(shipment: Shipment, destination: EndpointDestination, key: str | None, receivers: Receivers, arn: str) -> None:
    """Send a request once.

    Raises
    ------
    AttemptError
        If the endpoint does not take it, or does not say so by the rules.
    """
    body = json.dumps(
        {
            "requestId": shipment.id,
            "timestamp": int(time.time() * 1000),
            "records": [{"data": base64.b64encode(record.data).decode()} for record in shipment.records],
        }
    ).encode()
    try:
        answer = exchange(
            receivers,
            destination.url,
            headers=_headers(shipment, destination, key, arn),
            body=gzip.compress(body) if destination.compresses else body,
            timeout=ANSWER_SECONDS,
        )
    except ExchangeError as error:
        raise AttemptError(_CODES[error.trouble], str(error), final=error.final) from None
    _check(answer, shipment.id)


def _headers(shipment: Shipment, destination: EndpointDestination, key: str | None, arn: str) -> Mapping[str, str]:
    headers = {
        "Content-Type": "application/json",
        "X-Amz-Firehose-Protocol-Version": "1.0",
        "X-Amz-Firehose-Request-Id": shipment.id,
        "X-Amz-Firehose-Source-Arn": arn,
    }
    if destination.compresses:
        headers["Content-Encoding"] = "gzip"
    if key is not None:
        headers["X-Amz-Firehose-Access-Key"] = key
    if destination.attributes:
        headers["X-Amz-Firehose-Common-Attributes"] = json.dumps({"commonAttributes": dict(destination.attributes)})
    return headers


def _check(answer: Answer, request_id: str) -> None:
    if answer.status == _TOO_LARGE:
        # AWS: a permanent failure, and the batch is not sent to the bucket.
        raise AttemptError("HttpEndpoint.DestinationException", _received(answer), final=True, lost=True)
    if answer.status != _SUCCESS:
        raise AttemptError("HttpEndpoint.DestinationException", _received(answer))
    if len(answer.content) > LONGEST_ANSWER:
        raise AttemptError("HttpEndpoint.ResponseTooLarge", "The response must be less than 1 MiB.")
    if wrong := _wrong(answer, request_id):
        message = f"The response received from the specified endpoint is invalid. {wrong}. Raw response received: "
        raise AttemptError("HttpEndpoint.InvalidResponseFromDestination", f"{message}{answer.status} {answer.text}")


def _received(answer: Answer) -> str:
    said = f"{answer.status}: {answer.text[:8192]}"
    return f"Received the following response from the endpoint destination. {said}"


def _wrong(answer: Answer, request_id: str) -> str | None:
    """Return what is wrong with an answer of status 200, if anything is."""
    if answer.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        return "The content type is not application/json"
    if "content-encoding" in answer.headers:
        return "The response is encoded"
    try:
        content = json.loads(answer.content)
    except ValueError:
        content = None
    if not isinstance(content, dict):
        return "The response is not recognized as a JSON object"
    return _wrong_in(content, request_id)


def _wrong_in(content: Mapping[str, Any], request_id: str) -> str | None:
    if content.get("requestId") is None:
        return "The requestId is missing"
    if content["requestId"] != request_id:
        return "The requestId does not match that of the request"
    timestamp = content.get("timestamp")
    if not isinstance(timestamp, int | float) or isinstance(timestamp, bool):
        return "The timestamp is missing, or no number"
    return None
