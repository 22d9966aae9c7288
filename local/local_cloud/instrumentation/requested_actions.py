"""IAM's names of the actions that requests ask for, and what the requests name."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qs, unquote

from local_cloud.server.requests import Environ, body_of, operation_of

Context = tuple[tuple[str, str], ...]

# What IAM calls an operation on objects, where it has another name.
_OBJECT_ACTIONS = {
    **dict.fromkeys(("CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload", "CopyObject"), "PutObject"),
    **dict.fromkeys(("HeadBucket", "ListObjects", "ListObjectsV2"), "ListBucket"),
    "HeadObject": "GetObject",
    "ListObjectVersions": "ListBucketVersions",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "ListParts": "ListMultipartUploadParts",
}
# What IAM calls an action on one version of an object:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
_VERSION_ACTIONS = {
    "s3:DeleteObject": "s3:DeleteObjectVersion",
    "s3:GetObject": "s3:GetObjectVersion",
    "s3:GetObjectTagging": "s3:GetObjectVersionTagging",
}
# What IAM calls a service, where requests are signed for another name.
_PREFIXES = {"monitoring": "cloudwatch"}
# botocore's name of the API, where requests are signed for an older one.
_APIS = {"es": "opensearch"}
# What IAM calls an operation, where it has another name.
_ACTIONS = {"lambda:Invoke": "lambda:InvokeFunction"}


def called(service: str, environ: Environ) -> list[tuple[str, str]]:
    """Return the actions and the resources of a request that is signed for a service."""
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
    return key.endswith(("Name", "Arn", "ARN", "Id")) or key in {"WorkGroup", "Role"}


def tagging(action: str, environ: Environ) -> Context:
    """Return the key of the tag that a request sets or removes, where it names one.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-tagkeys
    """
    if not action.endswith((":TagResource", ":UntagResource")) or "HTTP_X_AMZ_TARGET" not in environ:
        return ()
    request = json.loads(body_of(environ) or b"{}")
    keys = [*(tag["Key"] for tag in request.get("Tags", [])), *request.get("TagKeys", [])]
    return (("aws:TagKeys", keys[0]),) if len(keys) == 1 else ()
