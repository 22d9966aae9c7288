"""Requests to the HTTP Event Collector of Splunk, and its acknowledgments.

Sources: https://docs.aws.amazon.com/firehose/latest/dev/retry.html, https://docs.aws.amazon.com/firehose/latest/dev/
monitoring-with-cloudwatch-logs.html#monitoring-splunk-errors, https://docs.splunk.com/Documentation/Splunk/latest/Data/
AboutHECIDXAck
"""

from __future__ import annotations

import json
import threading
import time
from typing import Any

from local_cloud.engines.firehose.endpoints.exchange import Answer, AttemptError, ExchangeError, Trouble, exchange
from local_cloud.engines.firehose.endpoints.settings import EndpointDestination
from local_cloud.engines.firehose.endpoints.shipment import Shipment
from local_cloud.errors import LocalCloudError
from local_cloud.server.receivers import Receivers

FAILED = "splunk-failed"
_POLL_SECONDS = 1.0
_SUCCESS = 200
_CODES = {
    Trouble.UNREACHABLE: "Splunk.InvalidEndpoint",
    Trouble.NOT_TRUSTED: "Splunk.SSLHandshake",
    Trouble.BROKEN: "Splunk.ConnectionClosed",
    Trouble.SLOW: "Splunk.ConnectionTimeout",
}
# By the collector's own numbers.
_REFUSALS = {
    1: ("Splunk.DisabledToken", "The HEC token is disabled."),
    4: ("Splunk.InvalidToken", "The HEC token is invalid."),
    5: ("Splunk.InvalidDataFormat", "The data is not formatted correctly."),
    6: ("Splunk.InvalidDataFormat", "The data is not formatted correctly."),
    7: ("Splunk.InvalidIndex", "The HEC token or input is configured with an invalid index."),
    12: ("Splunk.InvalidDataFormat", "The data is not formatted correctly."),
    13: ("Splunk.InvalidDataFormat", "The data is not formatted correctly."),
    14: ("Splunk.DisabledAck", "Indexer acknowledgement is disabled for the HEC token."),
}


def send(
    shipment: Shipment,
    destination: EndpointDestination,
    key: str | None,
    receivers: Receivers,
    pausing: threading.Event,
) -> None:
    """Send events once, and wait for their acknowledgment.

    Raises
    ------
    AttemptError
        If Splunk does not take them, or does not acknowledge them in time: they may be indexed all the same.
    """
    headers = {"Authorization": f"Splunk {key}", "X-Splunk-Request-Channel": shipment.id}
    body = b"".join(record.data for record in shipment.records)
    kind = "raw" if destination.raw else "event"

    def post(path: str, content: bytes) -> Answer:
        url = f"{destination.url.rstrip('/')}/services/collector/{path}"
        try:
            return exchange(receivers, url, headers=headers, body=content, timeout=destination.acknowledgment_seconds)
        except ExchangeError as error:
            raise AttemptError(_CODES[error.trouble], str(error), final=error.final) from None

    number = _acknowledgment_of(post(kind, body))
    deadline = time.monotonic() + destination.acknowledgment_seconds
    question = json.dumps({"acks": [number]}).encode()
    while not (_content(post("ack", question)).get("acks") or {}).get(str(number)):
        if time.monotonic() >= deadline:
            message = "Did not receive an acknowledgement from HEC before the HEC acknowledgement timeout expired."
            raise AttemptError("Splunk.AckTimeout", message)
        if pausing.wait(_POLL_SECONDS):
            raise LocalCloudError("the local cloud stops; the events are sent again after its next start")


def _acknowledgment_of(answer: Answer) -> int:
    content = _content(answer)
    if answer.status != _SUCCESS or content.get("code") != 0:
        code, message = _REFUSALS.get(
            content.get("code", -1),
            ("Splunk.ServerError", "Data delivery failed due to a server error from the HEC node."),
        )
        raise AttemptError(code, f"{message} {answer.status} {answer.text[:1000]}".strip())
    number = content.get("ackId")
    if not isinstance(number, int):
        raise AttemptError(*_REFUSALS[14])
    return number


def _content(answer: Answer) -> dict[str, Any]:
    try:
        content = json.loads(answer.content)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}
