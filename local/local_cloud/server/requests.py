"""Identification of the API call that an HTTP request makes."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

from moto.core.model import ServiceModel
from moto.core.utils import get_service_model

Environ = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class _Route:
    """Route of a REST API: what a request must have to be a call of it."""

    operation: str
    method: str
    path: re.Pattern[str]
    open_path: re.Pattern[str]
    fixed: Mapping[str, str]
    parameters: frozenset[str]
    headers: frozenset[str]

    @property
    def demands(self) -> int:
        return len(self.fixed) + len(self.parameters) + len(self.headers)

    def fits(
        self, pattern: re.Pattern[str], method: str, path: str, query: Mapping[str, str], headers: frozenset[str]
    ) -> bool:
        return (
            method == self.method
            and pattern.fullmatch(path) is not None
            and all(query.get(name) == value for name, value in self.fixed.items())
            and self.parameters <= query.keys()
            and self.headers <= headers
        )


def operation_of(service: str, environ: Environ) -> str | None:
    """Return the operation that a request to a service calls; its body can still be read afterwards."""
    if target := environ.get("HTTP_X_AMZ_TARGET"):
        return str(target).rpartition(".")[2]
    query: dict[str, str] = dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))
    routes = _routes(service)
    # The body of a REST API may be anything, also an object that calls itself a form.
    if not routes and environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        query |= dict(parse_qsl(body_of(environ).decode()))
    if not routes and "Action" in query:
        return query["Action"]
    # As it was sent: a slash within a name is encoded.
    sent: str = environ.get("RAW_URI") or environ["PATH_INFO"]
    method, path = environ["REQUEST_METHOD"], sent.partition("?")[0]
    headers = frozenset(name[5:].replace("_", "-").lower() for name in environ if name.startswith("HTTP_"))
    fitting = [route for route in routes if route.fits(route.path, method, path, query, headers)]
    # Some clients do not encode the slashes of an ARN at the end of a path.
    fitting = fitting or [route for route in routes if route.fits(route.open_path, method, path, query, headers)]
    # Many calls of S3 differ only in what one of them demands beside the path, and some names take a rest of the path
    # that another call ends with.
    return max(fitting, key=lambda route: (route.demands, len(route.path.pattern))).operation if fitting else None


def body_of(environ: Environ) -> bytes:
    """Read a request's body, and leave it to be read again."""
    chunked = environ.get("HTTP_TRANSFER_ENCODING") == "chunked"
    content: bytes = environ["wsgi.input"].read(-1 if chunked else int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(content)
    return content


@cache
def _routes(service: str) -> tuple[_Route, ...]:
    model = get_service_model(service)
    return tuple(_route(model, name) for name in model.operation_names) if "rest" in model.protocol else ()


def _route(model: ServiceModel, name: str) -> _Route:
    found = model.operation_model(name)
    path, _, query = found.http["requestUri"].partition("?")
    pattern = re.sub(r"\\\{[^}]+?(\\\+)?\\\}", lambda part: ".+" if part[1] else "[^/]+", re.escape(path))
    shape = found.input_shape
    required = [shape.members[member].serialization for member in shape.required_members] if shape else []

    def named(location: str) -> frozenset[str]:
        return frozenset(
            one["name"].lower() if location == "header" else one["name"]
            for one in required
            if one.get("location") == location
        )

    return _Route(
        operation=name,
        method=found.http["method"],
        path=re.compile(pattern),
        open_path=re.compile(re.sub(r"\[\^/\]\+$", ".+", pattern)),
        fixed=dict(parse_qsl(query, keep_blank_values=True)),
        parameters=named("querystring"),
        headers=named("header"),
    )
