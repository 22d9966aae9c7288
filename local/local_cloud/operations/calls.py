"""Identification of the service and operation that a signed request calls."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from urllib.parse import parse_qsl

from botocore.exceptions import UnknownServiceError
from moto.core.model import ServiceModel
from moto.core.utils import get_service_model

from local_cloud.operations.table import SIGNED_AS
from local_cloud.server.requests import Environ, body_of, operation_of

_RPC_PATH = re.compile(r"/service/[^/]+/operation/(?P<operation>\w+)")
# The version in every path of S3 Control, whose requests are signed for S3.
_S3_CONTROL = "/v20180820/"
_BUCKET_ONLY = re.compile(r"/[^/]+/")


@dataclass(frozen=True, kw_only=True)
class Call:
    """Call of an operation; both names are botocore's."""

    service: str
    operation: str


def call_of(environ: Environ, signed_for: str, more_services: Iterable[str] = ()) -> Call | None:
    """Return what a request calls, or None if it is no operation of a service that signs its requests so.

    Parameters
    ----------
    environ: Environ
        The request, whose body can still be read afterwards.
    signed_for: str
        Service in the scope of its signature.
    more_services: Iterable[str]
        Services of engines.
    """
    if signed_for == "s3" and environ["PATH_INFO"].startswith(_S3_CONTROL):
        signed_for = "s3control"
    elif signed_for == "s3":
        environ = _with_bucket(environ)
    for service in _services(signed_for.lower(), tuple(sorted(more_services))):
        if operation := _operation(service, environ):
            return Call(service=service, operation=operation)
    return None


def protocol_of(environ: Environ, service: str) -> str:
    """Return the protocol in which a request expects its answer, as `error_answer` names it."""
    if "HTTP_SMITHY_PROTOCOL" in environ:
        return "smithy-rpc-v2-cbor"
    if "HTTP_X_AMZ_TARGET" in environ:
        return "json"
    if service == "s3":
        return "s3"
    model = _model(service)
    protocol = str(model.protocol) if model else "rest-json"
    form = environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded")
    if form and protocol not in ("query", "ec2"):
        return "query"
    return protocol


@cache
def _services(signed_for: str, more: tuple[str, ...]) -> tuple[str, ...]:
    if signed_for == "s3control":
        return (signed_for,)
    named = [service for service, name in SIGNED_AS.items() if name == signed_for]
    own = [signed_for] if signed_for not in SIGNED_AS and _model(signed_for) else []
    engines = [service for service in more if (model := _model(service)) and model.signing_name == signed_for]
    return tuple(dict.fromkeys([*own, *named, *engines]))


def _operation(service: str, environ: Environ) -> str | None:
    model = _model(service)
    if model is None:
        return None
    prefix, _, named = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")
    if named:
        known = str(model.metadata.get("targetPrefix", ""))
        # botocore writes the whole prefix, other SDKs its last part.
        return named if prefix.rpartition(".")[2] == known.rpartition(".")[2] and _has(service, named) else None
    if found := _RPC_PATH.fullmatch(environ["PATH_INFO"]):
        return found["operation"] if _has(service, found["operation"]) else None
    if "rest" not in model.protocol and (version := _version(environ)) and version != model.api_version:
        return None
    operation = operation_of(service, environ)
    return operation if operation and _has(service, operation) else None


def _version(environ: Environ) -> str | None:
    """Return the version of the API that a form names."""
    form = environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded")
    text = body_of(environ).decode() if form else environ.get("QUERY_STRING", "")
    query = dict(parse_qsl(text, keep_blank_values=True))
    return query.get("Version") if "Action" in query else None


def _with_bucket(environ: Environ) -> Environ:
    """Return a request of S3 with the bucket in its path, also where that is in the name of the host."""
    path, raw = environ["PATH_INFO"], environ["RAW_URI"]
    host = environ["HTTP_HOST"].lower().partition(":")[0]
    if host.endswith(".localhost") and host != "s3.localhost":
        bucket = host.removesuffix(".localhost").removesuffix(".s3")
        path, raw = f"/{bucket}{path}", f"/{bucket}{raw}"
    if _BUCKET_ONLY.fullmatch(path):
        path, raw = path[:-1], raw.replace("/?", "?", 1).removesuffix("/")
    return {**environ, "PATH_INFO": path, "RAW_URI": raw}


def _has(service: str, operation: str) -> bool:
    return operation in _names(service)


@cache
def _names(service: str) -> frozenset[str]:
    model = _model(service)
    return frozenset(model.operation_names) if model else frozenset()


@cache
def _model(service: str) -> ServiceModel | None:
    try:
        model: ServiceModel = get_service_model(service)
    except UnknownServiceError:
        return None
    return model
