"""Recording of the API calls made under each role.

A program or engine that runs under a role signs its requests with an access key id that stands for the role. What it
does without HTTP, such as the files of a Spark job that become objects, it notes itself. A call that AWS carries out
with a customer's key is a call of KMS as well.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from local_cloud.instrumentation.requested_actions import Context, called, tagging
from local_cloud.server.requests import Environ

_SIGNED = re.compile(r"Credential=(?P<key>[^/]+)/\d+/(?P<region>[^/]+)/(?P<service>[^/]+)/")
# What IAM calls them on objects of tables in S3 Tables: https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-tables-setting-up.html
_TABLE_ACTIONS = {
    **dict.fromkeys(("s3:GetObject", "s3:ListMultipartUploadParts"), "s3tables:GetTableData"),
    **dict.fromkeys(("s3:PutObject", "s3:AbortMultipartUpload"), "s3tables:PutTableData"),
}
_TABLE_STORAGE = re.compile(r"[^/]*--table-s3(?:/.*)?")


@dataclass(frozen=True, order=True)
class RecordedCall:
    """A call that was made.

    Parameters
    ----------
    role: str
        ARN of the role.
    action: str
        What IAM calls it.
    resource: str
        The names that the request gives.
    context: tuple of pairs
        Condition keys and their values, for the use of a key and of a tag. By default nothing is known.
    """

    role: str
    action: str
    resource: str
    context: Context = ()


def _no_key(action: str, resource: str) -> Iterable[tuple[str, str, Context]]:
    return ()


class Recording:
    """The calls of one cloud, each once.

    Parameters
    ----------
    key_uses: callable
        Returns how a call uses KMS keys: actions, ARNs of keys and contexts. By default no call does.
    """

    def __init__(self, key_uses: Callable[[str, str], Iterable[tuple[str, str, Context]]] = _no_key) -> None:
        self._key_uses = key_uses
        self._lock = threading.Lock()
        self._keys: dict[str, str] = {}
        self._calls: set[RecordedCall] = set()

    def key_of(self, role: str, user: str = "") -> str:
        """Return the access key id that stands for a role, or for one of those that use it."""
        key = f"role-{role.rsplit('/', maxsplit=1)[-1]}{user}"
        with self._lock:
            self._keys[key] = role
        return key

    def role_of(self, authorization: str) -> str | None:
        """Return the role that a request's signature stands for."""
        signed = _SIGNED.search(authorization)
        return self.role_of_key(signed["key"]) if signed else None

    def role_of_key(self, key: str) -> str | None:
        """Return the role that an access key id stands for."""
        return self._keys.get(key)

    def note(self, role: str, action: str, resource: str, context: Context = ()) -> None:
        """Note a call, and the use of keys that comes with it."""
        if _TABLE_STORAGE.fullmatch(resource):
            action = _TABLE_ACTIONS.get(action, action)
        calls = [RecordedCall(role, action, resource, context)]
        calls += [RecordedCall(role, *use) for use in self._key_uses(action, resource)]
        with self._lock:
            self._calls.update(calls)

    @property
    def calls(self) -> list[RecordedCall]:
        with self._lock:
            return sorted(self._calls)

    def restore(self, calls: Iterable[RecordedCall]) -> None:
        """Add calls that were recorded before."""
        with self._lock:
            self._calls.update(calls)

    def around(self, application: Callable[[Environ, Any], Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
        """Return an application that notes each request of a role, and passes it on."""

        def recorded(environ: Environ, start_response: Any) -> Iterable[bytes]:
            signed = _SIGNED.search(environ.get("HTTP_AUTHORIZATION", ""))
            role = self.role_of(environ.get("HTTP_AUTHORIZATION", ""))
            if not signed or not role:
                return application(environ, start_response)
            asked = called(signed["service"], environ)
            for action, resource in asked:
                self.note(role, action, resource, tagging(action, environ))

            def answer(status: str, *rest: Any) -> Any:
                # To learn that an object is missing takes the permission to list it:
                # https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
                for action, resource in asked if status.startswith("404") else ():
                    if action in ("s3:GetObject", "s3:GetObjectVersion"):
                        self.note(role, "s3:ListBucket", resource)
                return start_response(status, *rest)

            return application(environ, answer)

        return recorded
