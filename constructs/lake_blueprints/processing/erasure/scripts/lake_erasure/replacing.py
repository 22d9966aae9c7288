"""Replacement of an object in S3, unless its producer has written it meanwhile."""

from __future__ import annotations

from typing import Any

from lake_erasure.errors import ErasureError
from lake_erasure.versions import Versions

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
_CONFLICTS = ("PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey")
# What a replaced object keeps of the one before.
_KEPT = ("CacheControl", "ContentDisposition", "ContentEncoding", "ContentLanguage", "ContentType", "Metadata")


def replace(client: Any, versions: Versions, before: dict[str, Any], content: bytes) -> dict[str, Any]:
    """Put content in the place of the version that was read before; return the new version's ETag and time.

    Raises
    ------
    ErasureError
        If a producer has written or deleted the object meanwhile.
    """
    kept = {name: before[name] for name in _KEPT if before.get(name)}
    storage_class = {"StorageClass": before["StorageClass"]} if before.get("StorageClass") else {}
    put = {"Bucket": versions.bucket, "Key": versions.key, "Body": content, **kept, **storage_class}
    # The construct refuses buckets without versioning, in which the version that is removed next were this one.
    written = _put_over(client, before["ETag"], put)
    found = client.head_object(Bucket=versions.bucket, Key=versions.key, VersionId=written["VersionId"])
    return {"etag": found["ETag"], "modified": found["LastModified"].isoformat()}


def _put_over(client: Any, etag: str, put: dict[str, Any]) -> dict[str, Any]:
    """Put an object in the place of the version with an ETag."""

    def add_condition(params: dict[str, Any], **_: Any) -> None:
        params["headers"]["If-Match"] = etag

    # As a header: boto3 of Glue 5.0 is older than its parameter for it.
    client.meta.events.register("before-call.s3.PutObject", add_condition)
    try:
        answer: dict[str, Any] = client.put_object(**put)
    except client.exceptions.ClientError as error:
        if error.response["Error"]["Code"] not in _CONFLICTS:
            raise
        answer = _current(client, put)
        # Else written, but the answer was lost, and boto3 has asked again.
        if not answer or answer["Body"].read() != put["Body"]:
            raise ErasureError(
                f"s3://{put['Bucket']}/{put['Key']} was written or deleted while it was searched; run the erasure again"
            ) from None
    finally:
        client.meta.events.unregister("before-call.s3.PutObject", add_condition)
    return answer


def _current(client: Any, put: dict[str, Any]) -> dict[str, Any]:
    try:
        answer: dict[str, Any] = client.get_object(Bucket=put["Bucket"], Key=put["Key"])
    except client.exceptions.ClientError as error:
        # A role that may not list the prefix is denied what is not there.
        if error.response["Error"]["Code"] not in ("NoSuchKey", "AccessDenied"):
            raise
        return {}
    return answer
