"""Gateway in front of moto: the local cloud's own addresses, APIs that moto lacks, injected faults, the byte meter."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from local_cloud.instrumentation.faults import Fault, Faults
from local_cloud.instrumentation.metering import ByteMeter
from local_cloud.operations.calls import call_of, protocol_of
from local_cloud.operations.classification import Answer, Operations
from local_cloud.server.error_answers import error_answer, send
from local_cloud.server.requests import Environ, body_of
from local_cloud.server.services import Service
from local_cloud.server.signatures import signature_of

Application = Callable[[Environ, Any], Iterable[bytes]]

# Of a signature version 4: key, date, region, service.
_CREDENTIAL = re.compile(r"Credential=(?P<key>[^/]+)/\d+/(?P<region>[^/]+)/(?P<service>[^/]+)/")
_OBJECT = re.compile(r"/[^/]+/.+")
# What a service calls an operation that it does not have, by protocol; 501 is S3's.
_UNKNOWN = {
    "s3": ("NotImplemented", 501),
    "query": ("InvalidAction", 400),
    "ec2": ("InvalidAction", 400),
}


class Gateway:
    """A WSGI application around moto's.

    Parameters
    ----------
    application: Application
        moto.
    meter: ByteMeter
        Counts what S3 sends.
    faults: Faults
        Calls that fail on purpose.
    services: Sequence[Service]
        APIs that engines answer.
    operations: Operations
        What is done with each operation.
    controls: dict[str, Callable[[], dict[str, Any]]]
        What is served below `/_local/`, by method and path.
    applications: Mapping[tuple[str, str], Application]
        Applications of engines, by the service that requests are signed for and the beginning of their path.
    """

    def __init__(
        self,
        application: Application,
        *,
        meter: ByteMeter,
        faults: Faults,
        services: Sequence[Service],
        operations: Operations,
        controls: dict[str, Callable[[], dict[str, Any]]],
        applications: Mapping[tuple[str, str], Application],
    ) -> None:
        self._application = application
        self._meter = meter
        self._faults = faults
        self._services = services
        self._operations = operations
        self._controls = controls
        self._applications = applications

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path.startswith("/_local/"):
            return self._control(f"{environ['REQUEST_METHOD']} {path}", start_response)
        signature = signature_of(environ)
        for (service, beginning), application in self._applications.items():
            if signature and signature.service == service and path.startswith(beginning):
                return application(environ, start_response)
        refusal = self._refusal(environ)
        if refusal:
            return self._refuse(environ, start_response, *refusal)
        signed = _CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", ""))
        fault = self._faults.struck(signed["service"], environ) if signed else None
        return self._fail(fault, environ, start_response) if fault else self._serve(environ, start_response)

    def _serve(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        signed = _CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", ""))
        service = next((service for service in self._services if service.answers(environ)), None)
        if service and signed:
            return service.answer(environ, signed["region"], start_response)
        body = self._application(environ, start_response)
        is_object = _OBJECT.fullmatch(environ["PATH_INFO"])
        if signed and signed["service"] == "s3" and environ["REQUEST_METHOD"] == "GET" and is_object:
            return self._meter.metered(signed["key"], body)
        return body

    def _refusal(self, environ: Environ) -> tuple[str, str] | None:
        """Return the protocol and the message with which a request is refused, or None if it is answered."""
        signature = signature_of(environ)
        signed_for = signature.service if signature else "s3"
        call = call_of(environ, signed_for, self._operations.services)
        if call is None:
            name = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"
            if target := environ.get("HTTP_X_AMZ_TARGET"):
                name = str(target)
            return protocol_of(environ, signed_for), f"{name} of {signed_for} is not supported by the local cloud"
        if self._operations.answer(call.service, call.operation) is not Answer.REFUSED:
            return None
        message = f"{call.operation} of {call.service} is not supported by the local cloud"
        return protocol_of(environ, call.service), message

    def _refuse(self, environ: Environ, start_response: Any, protocol: str, message: str) -> Iterable[bytes]:
        # Read as a whole: a connection that is closed before that is reset, and its answer lost.
        body_of(environ)
        code, status = _UNKNOWN.get(protocol, ("UnknownOperationException", 400))
        headers, body = error_answer(protocol, code, message)
        return send(start_response, environ["REQUEST_METHOD"], status, headers, body)

    def _fail(self, fault: Fault, environ: Environ, start_response: Any) -> Iterable[bytes]:
        # Read as a whole: a connection that is closed before that is reset, and its answer lost.
        body_of(environ)
        if fault.after:
            b"".join(self._serve(environ, lambda *_: None))
        status, headers, body = fault.answer()
        return send(start_response, environ["REQUEST_METHOD"], status, headers, body)

    def _control(self, request: str, start_response: Any) -> Iterable[bytes]:
        control = self._controls.get(request)
        if control is None:
            return _answer(start_response, "404 Not Found", {"error": f"no {request}"})
        try:
            return _answer(start_response, "200 OK", control())
        except Exception as error:
            return _answer(start_response, "500 Internal Server Error", {"error": str(error)})


def _answer(start_response: Any, status: str, content: dict[str, Any]) -> Iterable[bytes]:
    body = json.dumps(content).encode()
    start_response(status, [("Content-Type", "application/x-amz-json-1.1"), ("Content-Length", str(len(body)))])
    return [body]
