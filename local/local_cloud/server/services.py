"""APIs, or single operations, that engines answer where moto has nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from moto.core.utils import get_service_model

from local_cloud.errors import LocalCloudError
from local_cloud.server.error_answers import error_answer, send
from local_cloud.server.requests import Environ, body_of


@dataclass(frozen=True, kw_only=True)
class ServiceCall:
    """One call of an API; `authorization` is its header, from which the role that makes it follows."""

    operation: str
    region: str
    request: dict[str, Any]
    authorization: str


Handler = Callable[[ServiceCall], dict[str, Any]]


class ServiceError(Exception):
    """An error as the API reports it."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


@dataclass(frozen=True, kw_only=True)
class Service:
    """An API that an engine answers.

    Parameters
    ----------
    name: str
        boto3's name of the service, which must speak JSON.
    handle: Callable
        Answers a call; raises `ServiceError`.
    operations: frozenset of str, optional
        Operations that it answers. By default all: what it does not know it refuses.

    Raises
    ------
    LocalCloudError
        If the service speaks another protocol than JSON.
    """

    name: str
    handle: Handler
    operations: frozenset[str] | None = None

    def __post_init__(self) -> None:
        protocol = get_service_model(self.name).protocol
        if protocol != "json":
            raise LocalCloudError(f"engines can answer services that speak json, and '{self.name}' speaks {protocol}")

    def answers(self, environ: Environ) -> bool:
        """Return whether a request is a call of it."""
        prefix, _, operation = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")
        known = get_service_model(self.name).metadata["targetPrefix"]
        # botocore writes the whole prefix, other SDKs its last part.
        return prefix.rpartition(".")[2] == known.rpartition(".")[2] and (
            self.operations is None or operation in self.operations
        )

    def answer(self, environ: Environ, region: str, start_response: Any) -> Iterable[bytes]:
        """Answer a request."""
        call = ServiceCall(
            operation=environ["HTTP_X_AMZ_TARGET"].rpartition(".")[2],
            region=region,
            request=json.loads(body_of(environ) or b"{}"),
            authorization=environ.get("HTTP_AUTHORIZATION", ""),
        )
        try:
            content = self.handle(call)
        except ServiceError as error:
            headers, body = error_answer("json", error.code, str(error))
            return send(start_response, environ["REQUEST_METHOD"], 400, headers, body)
        body = json.dumps(content).encode()
        headers = {"Content-Type": "application/x-amz-json-1.1", "Content-Length": str(len(body))}
        return send(start_response, environ["REQUEST_METHOD"], 200, headers, body)
