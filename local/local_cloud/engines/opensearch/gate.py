"""The gate of a domain or collection: a WSGI application that passes on what AWS would, and what the server can.

Above 200 lines: one application, with each answer to those whom it does not let in.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from local_cloud.errors import LocalCloudError
from local_cloud.server.error_answers import send
from local_cloud.server.requests import Environ, body_of
from local_cloud.server.runtime import Runtime
from local_cloud.server.signatures import Expired, Signature, signature_of

Answered = tuple[int, list[tuple[str, str]], bytes]
_BAD_REQUEST, _UNAUTHORIZED, _FORBIDDEN, _UNAVAILABLE = 400, 401, 403, 503
_WRONG_SIGNATURE = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access "
    "Key and signing method."
)
# Of one connection, and not of what is passed on.
_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"})
# Words of osmem for what it lacks.
_LACKS = (b"is not supported by osmem", b"not supported by osmem", b"no handler found for uri")
_VECTORS = (b'"knn_vector"', b'"knn"', b'"index.knn"')


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request that is signed, or made by a user of the domain.

    Parameters
    ----------
    role: str or None
        ARN of the role under which it is made; None for this cloud's own key and for users.
    method, path: str
        Method and path, decoded.
    body: bytes
        Its content.
    """

    role: str | None
    method: str
    path: str
    body: bytes


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """The answer to a request that is not passed on."""

    status: int
    content: Mapping[str, Any]

    @classmethod
    def unsupported(cls, what: str) -> Refusal:
        """Return the refusal of what OpenSearch has and this cloud has not, by name."""
        reason = f"{what} is not supported by the local cloud"
        error = {"type": "unsupported_operation_exception", "reason": reason}
        return cls(status=_BAD_REQUEST, content={"error": {"root_cause": [error], **error}, "status": _BAD_REQUEST})


class Gate:
    """Requests that reach a server, and those that do not.

    Parameters
    ----------
    runtime: Runtime
        The cloud, with the keys that it takes.
    service: str
        Name for which requests are signed: `es` or `aoss`.
    forward: Callable
        Answers a request, given its method, target, headers and body.
    refuse: Callable
        Returns why a request is not passed on, or None.
    note: Callable
        Records a request of a role.
    user: Callable, optional
        Returns name and password of the user who may sign in with them, if there is one. By default there is none.
    """

    def __init__(
        self,
        runtime: Runtime,
        *,
        service: str,
        forward: Callable[[str, str, Mapping[str, str], bytes], Answered],
        refuse: Callable[[Asked], Refusal | None],
        note: Callable[[str, Asked], None],
        user: Callable[[], tuple[str, str] | None] = lambda: None,
    ) -> None:
        self._runtime = runtime
        self._service = service
        self._forward = forward
        self._refuse = refuse
        self._note = note
        self._user = user

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        method, target = environ["REQUEST_METHOD"], environ.get("RAW_URI") or environ["PATH_INFO"]
        # Read as a whole: a connection that is closed before that is reset, and its answer lost.
        body = body_of(environ)
        refusal = self._stranger(environ)
        if refusal is None:
            path = unquote(target.partition("?")[0])
            asked = Asked(role=self._role(environ), method=method, path=path, body=body)
            if asked.role:
                self._note(asked.role, asked)
            refusal = self._refuse(asked) or _vectors(asked)
        if refusal is None:
            try:
                status, headers, content = self._forward(method, target, _headers(environ), body)
            except (LocalCloudError, OSError) as error:
                refusal = Refusal(status=_UNAVAILABLE, content={"message": str(error)})
            else:
                if status != _BAD_REQUEST or not any(words in content for words in _LACKS):
                    kept = {name: value for name, value in headers if name.lower() not in _HOP}
                    length = {} if method == "HEAD" else {"Content-Length": str(len(content))}
                    return send(start_response, method, status, {**kept, **length}, content)
                refusal = Refusal.unsupported(_named(asked, content))
        answer = json.dumps(refusal.content).encode()
        described = {"Content-Type": "application/json; charset=UTF-8", "Content-Length": str(len(answer))}
        return send(start_response, method, refusal.status, described, answer)

    def _role(self, environ: Environ) -> str | None:
        return self._runtime.recording.role_of(environ.get("HTTP_AUTHORIZATION", ""))

    def _stranger(self, environ: Environ) -> Refusal | None:
        """Return why it is not known who asks, if that is so."""
        user, given = self._user(), environ.get("HTTP_AUTHORIZATION", "")
        if given.startswith("Basic ") and user:
            known = hmac.compare_digest(_decoded(given), ":".join(user).encode())
            return None if known else Refusal(status=_UNAUTHORIZED, content={"message": "Unauthorized"})
        signature = signature_of(environ)
        if signature is None:
            action = f"es:ESHttp{environ['REQUEST_METHOD'].capitalize()}"
            message = f"User: anonymous is not authorized to perform: {action}"
            return Refusal(status=_FORBIDDEN, content={"Message": message})
        wrong = self._wrong(signature, environ)
        return _forbidden(wrong) if wrong else None

    def _wrong(self, signature: Signature, environ: Environ) -> str | None:
        """Return what is wrong with a signature, if anything is."""
        if signature.service != self._service:
            return f"Credential should be scoped to correct service: '{self._service}'."
        if self._runtime.keys.any_credentials:
            return None
        secret = self._runtime.keys.secret(signature.key)
        if secret is None:
            return "The security token included in the request is invalid."
        try:
            fits = signature.fits(environ, secret)
        except Expired:
            return "Signature expired"
        except (ValueError, KeyError, TypeError):
            # A date or number that is none.
            fits = False
        return None if fits else _WRONG_SIGNATURE


def _forbidden(message: str) -> Refusal:
    return Refusal(status=_FORBIDDEN, content={"message": message})


def _vectors(asked: Asked) -> Refusal | None:
    """Refuse indexes of vectors, which the server would make and never search."""
    if asked.method not in ("PUT", "POST") or asked.path.endswith(("/_bulk", "/_search", "/_msearch")):
        return None
    if "/_doc" in asked.path or "/_create" in asked.path or not any(word in asked.body for word in _VECTORS):
        return None
    return Refusal.unsupported("k-NN (knn_vector)")


def _named(asked: Asked, content: bytes) -> str:
    """Return what the server says that it lacks."""
    try:
        error = json.loads(content)["error"]
        reason = error["reason"] if isinstance(error, dict) else ""
    except (ValueError, KeyError, TypeError):
        reason = ""
    named = str(reason).partition(" is not supported")[0].partition(" not supported")[0]
    return named or f"{asked.method} {asked.path}"


def _headers(environ: Environ) -> dict[str, str]:
    kind = environ.get("CONTENT_TYPE")
    encoding = environ.get("HTTP_CONTENT_ENCODING")
    return {
        "Accept": environ.get("HTTP_ACCEPT", "*/*"),
        **({"Content-Type": kind} if kind else {}),
        **({"Content-Encoding": encoding} if encoding else {}),
    }


def _decoded(authorization: str) -> bytes:
    try:
        return base64.b64decode(authorization.removeprefix("Basic "), validate=True)
    except binascii.Error:
        return b""
