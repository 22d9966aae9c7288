"""Calls on the objects of a bucket of the lake, and on the key that encrypts them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from aws_cdk import Aws
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3

from lake_blueprints.foundation.access.declared import Call, Declared
from lake_blueprints.storage.s3.access_log_bucket import AccessLogBucket

_ACTIONS = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html"
_LIST = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html"
_GET = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html"
_UPLOAD = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html#mpuAndPermissions"
_KEY = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html"
_ACCESS_LOGS = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html"
# With a bucket key KMS receives the ARN of the bucket, without one of the object:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html
_TOLD = "kms:EncryptionContext:aws:s3:arn"


class Storage(Protocol):
    """A zone, or any other bucket of the lake."""

    @property
    def bucket(self) -> s3.IBucket: ...

    @property
    def key(self) -> kms.IKey: ...


def objects_below(storage: Storage, prefix: str) -> tuple[str, ...]:
    """Return ARNs of objects that lie below a prefix."""
    return tuple(storage.bucket.arn_for_objects(f"{prefix}{name}") for name in ("a/first.parquet", "z"))


def listing(storage: Storage, prefix: str, because: str) -> Call:
    contexts = tuple({"s3:prefix": listed} for listed in (prefix, f"{prefix}a/"))
    resources = (storage.bucket.bucket_arn,)
    return Call(actions=("s3:ListBucket",), resources=resources, contexts=contexts, because=because, source=_LIST)


def missing(storage: Storage, key: str, because: str) -> Call:
    """A caller that may not list a bucket gets 403 for an object that does not exist, and not 404."""
    resources, contexts = (storage.bucket.bucket_arn,), ({"s3:prefix": key},)
    return Call(actions=("s3:ListBucket",), resources=resources, contexts=contexts, because=because, source=_GET)


def locating(storage: Storage, because: str, source: str = _ACTIONS) -> Call:
    resources = (storage.bucket.bucket_arn,)
    return Call(actions=("s3:GetBucketLocation",), resources=resources, because=because, source=source)


def getting(storage: Storage, prefix: str, because: str) -> tuple[Call, ...]:
    """Read objects, which decrypts them."""
    found = objects_below(storage, prefix)
    return (
        Call(actions=("s3:GetObject",), resources=found, because=because, source=_GET),
        with_key(storage, found, ("kms:Decrypt",), because),
    )


def reading(storage: Storage, prefix: str, because: str) -> tuple[Call, ...]:
    """List and read objects."""
    return listing(storage, prefix, because), *getting(storage, prefix, because)


def putting(storage: Storage, prefix: str, because: str) -> tuple[Call, ...]:
    """Write objects in one request each."""
    found = objects_below(storage, prefix)
    return (
        Call(actions=("s3:PutObject",), resources=found, because=because, source=_ACTIONS),
        with_key(storage, found, ("kms:GenerateDataKey",), because),
    )


def uploading(storage: Storage, prefix: str, because: str, *actions: str) -> tuple[Call, ...]:
    """Write objects in parts, with what else is done to parts; they are decrypted when the object is put together."""
    found = objects_below(storage, prefix)
    return (
        *putting(storage, prefix, because),
        with_key(storage, found, ("kms:Decrypt",), because),
        Call(actions=("s3:AbortMultipartUpload", *actions), resources=found, because=because, source=_UPLOAD),
    )


def finding_uploads(storage: Storage, because: str, source: str = _UPLOAD) -> Call:
    resources = (storage.bucket.bucket_arn,)
    return Call(actions=("s3:ListBucketMultipartUploads",), resources=resources, because=because, source=source)


def deleting(storage: Storage, prefix: str, because: str) -> Call:
    found = objects_below(storage, prefix)
    return Call(actions=("s3:DeleteObject",), resources=found, because=because, source=_ACTIONS)


def with_key(storage: Storage, objects: Iterable[str], actions: tuple[str, ...], because: str) -> Call:
    """Use the key by way of S3, for objects with and without a bucket key."""
    service = {"kms:ViaService": f"s3.{Aws.REGION}.amazonaws.com"}
    contexts = tuple({**service, _TOLD: told} for told in (storage.bucket.bucket_arn, *objects))
    return Call(actions=actions, resources=(storage.key.key_arn,), contexts=contexts, because=because, source=_KEY)


def beside(storage: Storage, prefix: str) -> tuple[Call, ...]:
    """What nobody may do who has to do with the objects below a prefix alone."""
    neighbour = f"{prefix.rstrip('/')}-private/"
    elsewhere = (*objects_below(storage, neighbour), storage.bucket.arn_for_objects("other/object"))
    actions = ("s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload")
    return (
        Call(actions=actions, resources=elsewhere, because="objects of another dataset", source=_ACTIONS),
        Call(
            actions=("s3:ListBucket",),
            resources=(storage.bucket.bucket_arn,),
            contexts=({}, {"s3:prefix": ""}, {"s3:prefix": neighbour}),
            because="the names of objects of another dataset",
            source=_LIST,
        ),
    )


def unchanged(storage: Storage, prefix: str) -> Call:
    """What nobody may do who only reads."""
    actions = ("s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion", "s3:PutObjectAcl")
    found = objects_below(storage, prefix)
    return Call(actions=actions, resources=found, because="changing what is only read", source=_ACTIONS)


def kept(storage: Storage, prefix: str) -> Call:
    """What nobody may do who only adds."""
    actions = ("s3:DeleteObject", "s3:DeleteObjectVersion", "s3:PutObjectAcl")
    found = objects_below(storage, prefix)
    return Call(actions=actions, resources=found, because="deleting what is only added to", source=_ACTIONS)


def ruling(storage: Storage) -> tuple[Call, ...]:
    """What no role of a lake may do: change the rules of a bucket and its key, or delete them."""
    because = "changing who may do what, or how data is kept"
    bucket = ("s3:PutBucketPolicy", "s3:DeleteBucket", "s3:PutLifecycleConfiguration", "s3:PutEncryptionConfiguration")
    key = ("kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:DisableKey")
    return (
        Call(actions=bucket, resources=(storage.bucket.bucket_arn,), because=because, source=_ACTIONS),
        Call(actions=key, resources=(storage.key.key_arn,), because=because, source=_KEY),
    )


def unread(storage: Storage, prefix: str) -> Call:
    """What nobody may do who only writes."""
    found = objects_below(storage, prefix)
    return Call(actions=("s3:GetObject",), resources=found, because="reading what is only written", source=_ACTIONS)


def access_log_calls(logs: AccessLogBucket) -> Declared:
    """Return what S3 does that logs each request."""
    found = (logs.bucket.arn_for_objects("ours/raw/2026-01-31"),)

    def put(because: str, account: str, *actions: str) -> Call:
        told = ({"aws:SourceAccount": account},)
        return Call(actions=actions, resources=found, contexts=told, because=because, source=_ACCESS_LOGS)

    return Declared(
        name="S3 server access logs",
        principal="logging.s3.amazonaws.com",
        required=(put("writes access logs", Aws.ACCOUNT_ID, "s3:PutObject"),),
        refused=(
            put("logs of another account's buckets", "444455556666", "s3:PutObject"),
            put("reading and deleting logs", Aws.ACCOUNT_ID, "s3:GetObject", "s3:DeleteObject"),
        ),
    )
