"""Errors as the services of AWS write them into their answers, by the protocol that a service speaks."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any
from xml.sax.saxutils import escape

_ERROR = "<Error><Code>{code}</Code><Message>{message}</Message></Error>"
_REQUEST = "<RequestId>{request}</RequestId>"
_JSON = ("json", "rest-json")
# By the protocols that speak XML, of which S3 has a dialect.
_XML = {
    "query": f"<ErrorResponse>{_ERROR}{_REQUEST}</ErrorResponse>",
    "rest-xml": f"<ErrorResponse>{_ERROR}{_REQUEST}</ErrorResponse>",
    "ec2": f"<Response><Errors>{_ERROR}</Errors>{_REQUEST}</Response>",
    "s3": _ERROR,
}
PROTOCOLS = (*_JSON, *_XML)
_CBOR = "smithy-rpc-v2-cbor"


def error_answer(protocol: str, code: str, message: str) -> tuple[dict[str, str], bytes]:
    """Return headers and body with which a service of this protocol, one of PROTOCOLS or CBOR, reports an error."""
    request_id = str(uuid.uuid4())
    headers = {"x-amzn-RequestId": request_id, "x-amz-request-id": request_id}
    if protocol == _CBOR:
        headers |= {"Content-Type": "application/cbor", "smithy-protocol": "rpc-v2-cbor"}
        # A map of two pairs of texts.
        body = b"\xa2" + b"".join(map(_cbor_text, ("__type", code, "message", message)))
    elif protocol in _JSON:
        headers["Content-Type"] = "application/x-amz-json-1.1"
        body = json.dumps({"__type": code, "message": message}).encode()
    else:
        headers["Content-Type"] = "text/xml"
        body = _XML[protocol].format(code=escape(code), message=escape(message), request=request_id).encode()
    return {**headers, "Content-Length": str(len(body))}, body


def _cbor_text(text: str) -> bytes:
    content = text.encode()
    # A text whose length is in the four bytes that follow.
    return b"\x7a" + len(content).to_bytes(4, "big") + content


def send(start_response: Any, method: str, status: int, headers: dict[str, str], body: bytes) -> Iterable[bytes]:
    """Send an answer; that to a HEAD request has no body."""
    start_response(f"{status} {HTTPStatus(status).phrase}", list(headers.items()))
    return [] if method == "HEAD" else [body]
