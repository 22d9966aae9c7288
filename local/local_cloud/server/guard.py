"""Refuses requests before anything reads them: those of web pages, and those not signed with a key of this cloud.

The port is open to every program of the machine, and so to every page that a browser of the machine shows. A page
cannot choose the headers Host, Origin and Sec-Fetch-Site of its requests, and knows no key. The console's own pages
sign nothing: it has a token and a cookie instead, and looks at these headers itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from local_cloud.console.application import Console
from local_cloud.server.access_keys import AccessKeys
from local_cloud.server.cors import CorsRule, rule_for
from local_cloud.server.error_answers import error_answer, send
from local_cloud.server.requests import Environ
from local_cloud.server.signatures import Expired, Signature, signature_of

Application = Callable[[Environ, Any], Iterable[bytes]]

# A bucket can be a virtual host: bucket.localhost, bucket.s3.localhost.
_HOST = r"(?:(?:[a-z0-9-]+\.)*localhost|127\.0\.0\.1|\[::1\])"
# By the names by which requests are signed for them.
_XML_SERVICES = ("route53", "cloudfront")
_OF_OTHER_PAGES = ("cross-site", "same-site")
_CORS_REFUSED = (
    "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request method / "
    "Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec."
)
_NOT_THIS_HOST = (
    "the local cloud answers at localhost, 127.0.0.1, [::1] and *.localhost with its own port only, not at '{host}'"
)
_UNKNOWN_KEY = "The security token included in the request is invalid."
_WRONG_SIGNATURE = (
    "The request signature we calculated does not match the signature you provided. "
    "Check your AWS Secret Access Key and signing method."
)
# By what is wrong: what S3, services that speak JSON, and others call it, and say.
_ERRORS = {
    "host": [("AccessDenied", _NOT_THIS_HOST)] * 3,
    "page": [("AccessForbidden", _CORS_REFUSED)] * 3,
    "unsigned": [
        ("AccessDenied", "Access Denied"),
        ("MissingAuthenticationTokenException", "Missing Authentication Token"),
        ("MissingAuthenticationToken", "Request is missing Authentication Token"),
    ],
    "unknown": [
        ("InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records."),
        ("UnrecognizedClientException", _UNKNOWN_KEY),
        ("InvalidClientTokenId", _UNKNOWN_KEY),
    ],
    "wrong": [
        ("SignatureDoesNotMatch", _WRONG_SIGNATURE),
        ("InvalidSignatureException", _WRONG_SIGNATURE),
        ("SignatureDoesNotMatch", _WRONG_SIGNATURE),
    ],
    "expired": [
        ("AccessDenied", "Request has expired"),
        ("InvalidSignatureException", "Signature expired"),
        ("SignatureDoesNotMatch", "Signature expired"),
    ],
}


class _Refused(Exception):
    """The request is not passed on; the argument says by a key of _ERRORS what is wrong with it."""

    def error(self, protocol: str, environ: Environ) -> tuple[str, str]:
        """Return code and message as a service of this protocol gives them."""
        code, message = _ERRORS[self.args[0]][0 if protocol == "s3" else 1 if "json" in protocol else 2]
        return code, message.format(host=environ.get("HTTP_HOST", ""))


class Guard:
    """A WSGI application around all others.

    Parameters
    ----------
    application: Application
        What answers the requests that pass.
    port: int
        Where the cloud listens.
    keys: AccessKeys
        The keys that it takes.
    cors: Callable[[str], Sequence[CorsRule]]
        Returns the rules of a bucket.
    console: Console
        Pages for a browser, which guards itself.
    """

    def __init__(
        self,
        application: Application,
        *,
        port: int,
        keys: AccessKeys,
        cors: Callable[[str], Sequence[CorsRule]],
        console: Console,
    ) -> None:
        self._application = application
        # Clients leave HTTP's own port out.
        self._host = re.compile(rf"{_HOST}(?::{port}){'?' if port == 80 else ''}")
        self._keys = keys
        self._cors = cors
        self._console = console

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        method: str = environ["REQUEST_METHOD"]
        signature: Signature | None = None
        allowed: dict[str, str] = {}
        try:
            self._check_host(environ)
            if self._console.serves(environ):
                return self._console(environ, start_response)
            allowed = self._cross_origin(environ)
            if allowed and method == "OPTIONS":
                return send(start_response, method, 200, {**allowed, "Content-Length": "0"}, b"")
            signature = signature_of(environ)
            self._check_signature(environ, signature)
            # All that a bucket's rules open to a page is the bucket.
            if allowed and signature and signature.service != "s3":
                raise _Refused("page")
        except _Refused as refused:
            protocol = _protocol(environ, signature)
            headers, body = error_answer(protocol, *refused.error(protocol, environ))
            return send(start_response, method, 400 if protocol == "json" else 403, {**headers, **allowed}, body)

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            # moto allows every origin.
            kept = [item for item in headers if not item[0].lower().startswith("access-control-")]
            # A browser can open what is signed otherwise, at the console's own origin: an object that is a page must
            # run no script there.
            if "HTTP_AUTHORIZATION" not in environ:
                kept.append(("Content-Security-Policy", "sandbox"))
            return start_response(status, [*kept, *allowed.items()], *rest)

        return self._application(environ, start)

    def _check_host(self, environ: Environ) -> None:
        host = environ.get("HTTP_HOST", "").lower()
        if self._host.fullmatch(host) is None or not environ["RAW_URI"].startswith("/"):
            raise _Refused("host")

    def _cross_origin(self, environ: Environ) -> dict[str, str]:
        """Return the headers that let a page of another origin read the answer, if a bucket's rule lets it ask."""
        origin = environ.get("HTTP_ORIGIN")
        if origin is None:
            if environ.get("HTTP_SEC_FETCH_SITE") in _OF_OTHER_PAGES:
                raise _Refused("page")
            return {}
        preflight = environ["REQUEST_METHOD"] == "OPTIONS"
        method = environ.get("HTTP_ACCESS_CONTROL_REQUEST_METHOD", "") if preflight else environ["REQUEST_METHOD"]
        asked = environ.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS", "").split(",") if preflight else []
        headers = [name.strip().lower() for name in asked if name.strip()]
        rule = rule_for(self._cors(_bucket(environ)), origin, method, headers)
        if rule is None:
            raise _Refused("page")
        return rule.answer(origin, headers)

    def _check_signature(self, environ: Environ, signature: Signature | None) -> None:
        if signature is None:
            raise _Refused("unsigned")
        if self._keys.any_credentials:
            return
        secret = self._keys.secret(signature.key)
        if secret is None:
            raise _Refused("unknown")
        try:
            if not signature.fits(environ, secret):
                raise _Refused("wrong")
        except Expired:
            raise _Refused("expired") from None
        except (ValueError, KeyError, TypeError):
            # A date, number or policy that is none.
            raise _Refused("wrong") from None


def _bucket(environ: Environ) -> str:
    """Return the bucket that a request of S3 is for, as moto finds it."""
    host = environ["HTTP_HOST"].lower().rpartition(":")[0] or environ["HTTP_HOST"].lower()
    if host.endswith(".localhost"):
        return str(host.removeprefix("www.").split(".")[0])
    return str(environ["PATH_INFO"]).lstrip("/").split("/")[0]


def _protocol(environ: Environ, signature: Signature | None) -> str:
    if "HTTP_X_AMZ_TARGET" in environ:
        return "json"
    if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        return "query"
    service = signature.service if signature else "s3"
    return {"s3": "s3", **dict.fromkeys(_XML_SERVICES, "rest-xml")}.get(service, "rest-json")
