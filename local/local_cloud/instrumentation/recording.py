"""Recording of the API calls made under each role.

A program or engine that runs under a role signs its requests with an access key id that stands for the role. What it
does without HTTP, such as the files of a Spark job that become objects, it notes itself. A call that AWS carries out
with a customer's key is a call of KMS as well.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote

from local_cloud.server.requests import Environ, body_of, operation_of

Context = tuple[tuple[str, str], ...]

_SIGNED = re.compile(r"Credential=(?P<key>[^/]+)/\d+/(?P<region>[^/]+)/(?P<service>[^/]+)/")
# What IAM calls an operation on objects, where it has another name.
_OBJECT_ACTIONS = {
    **dict.fromkeys(("CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload", "CopyObject"), "PutObject"),
    **dict.fromkeys(("HeadBucket", "ListObjects", "ListObjectsV2"), "ListBucket"),
    "HeadObject": "GetObject",
    "ListObjectVersions": "ListBucketVersions",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "ListParts": "ListMultipartUploadParts",
}
# What IAM calls them on objects of tables in S3 Tables: https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-tables-setting-up.html
_TABLE_ACTIONS = {
    **dict.fromkeys(("s3:GetObject", "s3:ListMultipartUploadParts"), "s3tables:GetTableData"),
    **dict.fromkeys(("s3:PutObject", "s3:AbortMultipartUpload"), "s3tables:PutTableData"),
}
_TABLE_STORAGE = re.compile(r"[^/]*--table-s3(?:/.*)?")
# What IAM calls an action on one version of an object:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
_VERSION_ACTIONS = {"s3:GetObject": "s3:GetObjectVersion", "s3:DeleteObject": "s3:DeleteObjectVersion"}
# What IAM calls a service, where requests are signed for another name.
_PREFIXES = {"monitoring": "cloudwatch"}
# botocore's name of the API, where requests are signed for an older one.
_APIS = {"es": "opensearch"}
# What IAM calls an operation, where it has another name.
_ACTIONS = {"lambda:Invoke": "lambda:InvokeFunction"}


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
            called = _called(signed["service"], environ)
            for action, resource in called:
                self.note(role, action, resource, _tagging(action, environ))

            def answer(status: str, *rest: Any) -> Any:
                # To learn that an object is missing takes the permission to list it:
                # https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
                for action, resource in called if status.startswith("404") else ():
                    if action in ("s3:GetObject", "s3:GetObjectVersion"):
                        self.note(role, "s3:ListBucket", resource)
                return start_response(status, *rest)

            return application(environ, answer)

        return recorded


def _tagging(action: str, environ: Environ) -> Context:
    """Return the key of the tag that a request sets or removes, where it names one.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-tagkeys
    """
    if not action.endswith((":TagResource", ":UntagResource")) or "HTTP_X_AMZ_TARGET" not in environ:
        return ()
    request = json.loads(body_of(environ) or b"{}")
    keys = [*(tag["Key"] for tag in request.get("Tags", [])), *request.get("TagKeys", [])]
    return (("aws:TagKeys", keys[0]),) if len(keys) == 1 else ()


def _called(service: str, environ: Environ) -> list[tuple[str, str]]:
    if service == "s3":
        return _called_on_s3(environ)
    prefix = _PREFIXES.get(service, service)
    if target := environ.get("HTTP_X_AMZ_TARGET"):
        request = json.loads(body_of(environ) or b"{}")
        return [(f"{prefix}:{target.rpartition('.')[2]}", "/".join(_named(request)))]
    if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        form = parse_qs(body_of(environ).decode())
        return [(f"{prefix}:{form['Action'][0]}", form.get("TopicArn", [""])[0])] if "Action" in form else []
    operation = f"{prefix}:{operation_of(_APIS.get(service, service), environ) or environ['REQUEST_METHOD']}"
    return [(_ACTIONS.get(operation, operation), unquote(environ["PATH_INFO"]))]


def _called_on_s3(environ: Environ) -> list[tuple[str, str]]:
    bucket, _, key = unquote(environ["PATH_INFO"]).lstrip("/").partition("/")
    operation = operation_of("s3", environ) or environ["REQUEST_METHOD"]
    if operation == "DeleteObjects":
        objects = re.findall(rb"<Object>(.*?)</Object>", body_of(environ), re.DOTALL)
        return [_deleted(bucket, found) for found in objects]
    action = f"s3:{_OBJECT_ACTIONS.get(operation, operation)}"
    query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    if action in ("s3:ListBucket", "s3:ListBucketVersions"):
        return [(action, f"{bucket}/{query.get('prefix', [''])[0]}")]
    if "versionId" in query:
        action = _VERSION_ACTIONS.get(action, action)
    return [(action, f"{bucket}/{key}" if key else bucket)]


def _deleted(bucket: str, described: bytes) -> tuple[str, str]:
    key = re.search(rb"<Key>([^<]*)</Key>", described)
    action = "s3:DeleteObject"
    return (
        _VERSION_ACTIONS[action] if b"<VersionId>" in described else action,
        f"{bucket}/{unquote(key[1].decode()) if key else ''}",
    )


def _named(request: dict[str, Any]) -> list[str]:
    """Return what a request names, also within what is to be created."""
    found = []
    for key, value in request.items():
        if isinstance(value, str) and _names_something(key):
            found.append(value)
        elif isinstance(value, dict) and key.endswith("Input") and "Name" in value:
            found.append(value["Name"])
    return found


def _names_something(key: str) -> bool:
    return key.endswith(("Name", "Arn", "Id")) or key in {"WorkGroup", "Role"}
