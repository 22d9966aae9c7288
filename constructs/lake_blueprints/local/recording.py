"""Which calls of AWS APIs are made under which roles.

A program or engine that runs under a role signs its requests with an access key id that stands for the role. What it
does without HTTP, such as the files of a Spark job that become objects, it notes itself.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote

from lake_blueprints.local.calls import Environ, body_of

_SIGNED = re.compile(r"Credential=(?P<key>[^/]+)/\d+/(?P<region>[^/]+)/(?P<service>[^/]+)/")
_OBJECT_ACTIONS = {"GET": "GetObject", "HEAD": "GetObject", "PUT": "PutObject", "POST": "PutObject"}
# What IAM calls a service, where requests are signed for another name.
_PREFIXES = {"monitoring": "cloudwatch"}


@dataclass(frozen=True, order=True)
class RecordedCall:
    """A call that was made: the role's ARN, what IAM calls the action, and the names that the request gives."""

    role: str
    action: str
    resource: str


class Recording:
    """The calls of one cloud, each once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._keys: dict[str, str] = {}
        self._calls: set[RecordedCall] = set()

    def key_of(self, role: str) -> str:
        """Return the access key id that stands for a role."""
        key = f"role-{role.rsplit('/', maxsplit=1)[-1]}"
        with self._lock:
            self._keys[key] = role
        return key

    def note(self, role: str, action: str, resource: str) -> None:
        with self._lock:
            self._calls.add(RecordedCall(role, action, resource))

    @property
    def calls(self) -> list[RecordedCall]:
        with self._lock:
            return sorted(self._calls)

    def around(self, application: Callable[[Environ, Any], Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
        """Return an application that notes each request of a role, and passes it on."""

        def recorded(environ: Environ, start_response: Any) -> Iterable[bytes]:
            signed = _SIGNED.search(environ.get("HTTP_AUTHORIZATION", ""))
            role = self._keys.get(signed["key"]) if signed else None
            if signed and role:
                for action, resource in _called(signed["service"], environ):
                    self.note(role, action, resource)
            return application(environ, start_response)

        return recorded


def _called(service: str, environ: Environ) -> list[tuple[str, str]]:
    if service == "s3":
        return _called_on_s3(environ)
    prefix = _PREFIXES.get(service, service)
    if target := environ.get("HTTP_X_AMZ_TARGET"):
        request = json.loads(body_of(environ) or b"{}")
        named = [str(value) for key, value in request.items() if isinstance(value, str) and _names_something(key)]
        return [(f"{prefix}:{target.rpartition('.')[2]}", "/".join(named))]
    if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        form = parse_qs(body_of(environ).decode())
        return [(f"{prefix}:{form['Action'][0]}", form.get("TopicArn", [""])[0])] if "Action" in form else []
    return [(f"{prefix}:{environ['REQUEST_METHOD']}", unquote(environ["PATH_INFO"]))]


def _called_on_s3(environ: Environ) -> list[tuple[str, str]]:
    bucket, _, key = unquote(environ["PATH_INFO"]).lstrip("/").partition("/")
    query, method = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True), environ["REQUEST_METHOD"]
    if not key:
        if "delete" in query:
            keys = re.findall(rb"<Key>([^<]*)</Key>", body_of(environ))
            return [("s3:DeleteObject", f"{bucket}/{unquote(found.decode())}") for found in keys]
        if "location" in query:
            return [("s3:GetBucketLocation", bucket)]
        return [("s3:ListBucket", f"{bucket}/{query.get('prefix', [''])[0]}")]
    if method == "DELETE":
        return [("s3:AbortMultipartUpload" if "uploadId" in query else "s3:DeleteObject", f"{bucket}/{key}")]
    return [(f"s3:{_OBJECT_ACTIONS[method]}", f"{bucket}/{key}")]


def _names_something(key: str) -> bool:
    return key.endswith(("Name", "Arn", "Id")) or key in {"WorkGroup", "Role"}
