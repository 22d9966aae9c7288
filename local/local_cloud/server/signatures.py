"""AWS signatures of requests: version 4 in header, query string and form, version 2 in the query string of S3.

The sources of the rules are
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html and
https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html. Version 2 is calculated by botocore,
which still signs URLs of S3 with it.

Above 200 lines: each place of a signature in two versions, by their specifications.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from http.client import HTTPMessage
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from botocore.auth import HmacV1Auth
from botocore.credentials import Credentials
from werkzeug.formparser import FormDataParser
from werkzeug.http import parse_options_header

from local_cloud.server.requests import Environ, body_of

SERVICE = "X-Local-Cloud-Service"
"""Header of a request with a bearer token that tells for which service it would be signed, if not for Glue."""
_ALGORITHM = "AWS4-HMAC-SHA256"
_SCOPE = r"(?P<key>[^/]+)/(?P<date>\d{8})/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request"
_BEARER = re.compile(r"Bearer (?P<key>[^/]+)/(?P<region>[^/]+)/(?P<secret>[^/]+)")
_IN_SCOPE = re.compile(_SCOPE)
_IN_HEADER = re.compile(
    rf"{_ALGORITHM} Credential={_SCOPE},\s*SignedHeaders=(?P<headers>[^,\s]+),\s*Signature=(?P<signature>\w+)"
)
_UNSIGNED = "UNSIGNED-PAYLOAD"
# A form is read as a whole before its signature is known.
_LONGEST_FORM = 64 * 1024 * 1024


class Expired(Exception):
    """The time in which the signature was valid has passed."""


@dataclass(frozen=True, kw_only=True)
class Signature:
    """Signature of a request, in any version and place.

    Parameters
    ----------
    key: str
        Access key id.
    service: str
        What the request is signed for.
    given: str
        The signature.
    """

    key: str
    service: str
    given: str

    def expected(self, environ: Environ, secret: str) -> str:
        """Return the signature that the holder of the secret would have given.

        Raises
        ------
        Expired
            If it is no longer valid.
        """
        raise NotImplementedError

    def fits(self, environ: Environ, secret: str) -> bool:
        """Tell whether the request was signed with the secret of its key."""
        return hmac.compare_digest(self.expected(environ, secret).encode(), self.given.encode())


@dataclass(frozen=True, kw_only=True)
class _Scoped(Signature):
    date: str
    region: str

    def sign(self, secret: str, text: str) -> str:
        key = _signing_key(secret, self.date, self.region, self.service)
        return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


@dataclass(frozen=True, kw_only=True)
class _Version4(_Scoped):
    headers: str
    moment: str
    expires: str | None = None

    def expected(self, environ: Environ, secret: str) -> str:
        if self.expires is not None:
            signed = datetime.strptime(self.moment, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
            _check(signed.timestamp() + int(self.expires))
        request = "\n".join(
            [
                environ["REQUEST_METHOD"],
                _path(environ, self.service),
                _query(environ),
                *(f"{name}:{_header(environ, name)}" for name in self.headers.split(";")),
                "",
                self.headers,
                self._payload(environ),
            ]
        )
        scope = f"{self.date}/{self.region}/{self.service}/aws4_request"
        digest = hashlib.sha256(request.encode()).hexdigest()
        return self.sign(secret, f"{_ALGORITHM}\n{self.moment}\n{scope}\n{digest}")

    def _payload(self, environ: Environ) -> str:
        declared: str | None = environ.get("HTTP_X_AMZ_CONTENT_SHA256")
        # Elsewhere it is a header like others: Iceberg's client in Java writes the hash there in Base64.
        if declared is not None and (self.service == "s3" or declared == _UNSIGNED):
            return declared
        if self.service == "s3" and self.expires is not None:
            return _UNSIGNED
        return hashlib.sha256(body_of(environ)).hexdigest()


class _Expiring(HmacV1Auth):  # type: ignore[misc]
    """Signs the time at which a URL expires in the place of the date."""

    def __init__(self, credentials: Credentials, expires: str) -> None:
        super().__init__(credentials)
        self._expires = expires

    def _get_date(self) -> str:
        return self._expires


@dataclass(frozen=True, kw_only=True)
class _Version2(Signature):
    query: Mapping[str, str]

    def expected(self, environ: Environ, secret: str) -> str:
        expires = self.query.get("Expires", "0")
        _check(float(expires))
        headers = HTTPMessage()
        given = {name: value for name, value in self.query.items() if name.startswith("x-amz-")}
        for name, value in environ.items():
            if name.startswith("HTTP_X_AMZ_"):
                given[name.removeprefix("HTTP_").replace("_", "-").lower()] = value
        for name in ("content-md5", "content-type"):
            given[name] = self.query.get(name) or _header(environ, name)
        for name, value in given.items():
            headers[name] = value
        host = environ["HTTP_HOST"].rpartition(":")[0]
        bucket = host.removesuffix(".localhost").removesuffix(".s3") if host.endswith(".localhost") else ""
        target = urlsplit(environ["RAW_URI"])
        resource = f"/{bucket}{target.path}" if bucket else target.path
        signer = _Expiring(Credentials(self.key, secret), expires)
        method = environ["REQUEST_METHOD"]
        signature: str = signer.get_signature(method, target, headers, auth_path=resource)
        return signature


@dataclass(frozen=True, kw_only=True)
class _Form(_Scoped):
    policy: str

    def expected(self, environ: Environ, secret: str) -> str:
        _check_policy(self.policy)
        return self.sign(secret, self.policy)


@dataclass(frozen=True, kw_only=True)
class _FormOfVersion2(Signature):
    policy: str

    def expected(self, environ: Environ, secret: str) -> str:
        _check_policy(self.policy)
        return base64.b64encode(hmac.digest(secret.encode(), self.policy.encode(), "sha1")).decode()


@dataclass(frozen=True, kw_only=True)
class BearerToken(Signature):
    """The secret itself, from a program that cannot sign: Iceberg's REST client without the AWS SDK for Java."""

    region: str

    def expected(self, environ: Environ, secret: str) -> str:
        return secret

    @staticmethod
    def text(key: str, region: str, secret: str) -> str:
        """Return the token of an access key."""
        return f"{key}/{region}/{secret}"


def signature_of(environ: Environ) -> Signature | None:
    """Return a request's signature; None if it has none that AWS takes."""
    if "HTTP_AUTHORIZATION" in environ:
        return _of_header(environ)
    query = dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))
    if "X-Amz-Signature" in query:
        return _of_query(query)
    if "Signature" in query and "AWSAccessKeyId" in query:
        return _Version2(key=query["AWSAccessKeyId"], service="s3", given=query["Signature"], query=query)
    is_form = environ.get("CONTENT_TYPE", "").startswith("multipart/form-data")
    return _of_form(environ) if is_form and environ["REQUEST_METHOD"] == "POST" else None


def _of_header(environ: Environ) -> Signature | None:
    if bearer := _BEARER.fullmatch(environ["HTTP_AUTHORIZATION"]):
        service = environ.get(f"HTTP_{SERVICE.upper().replace('-', '_')}", "glue")
        return BearerToken(key=bearer["key"], region=bearer["region"], service=service, given=bearer["secret"])
    found = _IN_HEADER.fullmatch(environ["HTTP_AUTHORIZATION"])
    if found is None:
        return None
    moment = environ.get("HTTP_X_AMZ_DATE", "")
    return _Version4(**_scope(found), headers=found["headers"], given=found["signature"], moment=moment)


def _of_query(query: Mapping[str, str]) -> Signature | None:
    found = _IN_SCOPE.fullmatch(query.get("X-Amz-Credential", ""))
    if found is None or query.get("X-Amz-Algorithm") != _ALGORITHM:
        return None
    return _Version4(
        **_scope(found),
        headers=query.get("X-Amz-SignedHeaders", ""),
        given=query["X-Amz-Signature"],
        moment=query.get("X-Amz-Date", ""),
        expires=query.get("X-Amz-Expires", "0"),
    )


def _of_form(environ: Environ) -> Signature | None:
    """Return the signature of a form that uploads an object: it is over the form's policy."""
    if int(environ.get("CONTENT_LENGTH") or _LONGEST_FORM + 1) > _LONGEST_FORM:
        return None
    fields = _fields(body_of(environ), environ["CONTENT_TYPE"])
    policy = fields.get("policy", "")
    if found := _IN_SCOPE.fullmatch(fields.get("x-amz-credential", "")):
        return _Form(**_scope(found), given=fields.get("x-amz-signature", ""), policy=policy)
    if "awsaccesskeyid" in fields:
        given = fields.get("signature", "")
        return _FormOfVersion2(key=fields["awsaccesskeyid"], service="s3", given=given, policy=policy)
    return None


def _fields(body: bytes, content_type: str) -> dict[str, str]:
    """Return the fields of a form, by their names in lower case: S3 does not mind the case."""
    kind, options = parse_options_header(content_type)
    _, fields, _ = FormDataParser().parse(io.BytesIO(body), kind, len(body), options)
    return {name.lower(): value for name, value in fields.items()}


def _scope(found: re.Match[str]) -> dict[str, str]:
    return {name: found[name] for name in ("key", "date", "region", "service")}


# The key of a day, region and service is the same for hundreds of thousands of requests.
@lru_cache(maxsize=256)
def _signing_key(secret: str, date: str, region: str, service: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (date, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def _path(environ: Environ, service: str) -> str:
    path = environ["RAW_URI"].partition("?")[0]
    # Everywhere but in S3, the encoded path is encoded once more.
    return quote(unquote(path) if service == "s3" else path, safe="/-_.~")


def _query(environ: Environ) -> str:
    pairs = (part.partition("=") for part in environ["QUERY_STRING"].split("&") if part)
    encoded = ((quote(unquote(name), safe="-_.~"), quote(unquote(value), safe="-_.~")) for name, _, value in pairs)
    return "&".join(f"{name}={value}" for name, value in sorted(encoded) if name != "X-Amz-Signature")


def _header(environ: Environ, name: str) -> str:
    key = name.upper().replace("-", "_")
    value = environ.get(key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}", "")
    # WSGI hands over bytes as Latin-1; the signature is over UTF-8.
    text = value if value.isascii() else value.encode("latin-1").decode("utf-8", "replace")
    return " ".join(text.split())


def _check_policy(policy: str) -> None:
    expiration = json.loads(base64.b64decode(policy))["expiration"]
    _check(datetime.fromisoformat(expiration.replace("Z", "+00:00")).timestamp())


def _check(deadline: float) -> None:
    if time.time() > deadline:
        raise Expired
