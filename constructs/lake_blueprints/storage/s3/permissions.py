"""Permissions on the objects of a bucket of the lake, and on the key that encrypts them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from aws_cdk import Aws
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3

from lake_blueprints.foundation.access import Permission, arn_of
from lake_blueprints.foundation.access.permissions import Conditions

_ACTIONS = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html"
_LIST = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html"
_GET = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html"
_UPLOAD = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html#mpuAndPermissions"
_KEY = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html"
_ACCESS_POINTS = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-policies.html"
_INVENTORY = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/configure-inventory.html"
_ACCESS_LOGS = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html"

GET = ("s3:GetObject",)
UPLOAD = ("s3:PutObject", "s3:AbortMultipartUpload")
PUT = (*UPLOAD, "s3:ListMultipartUploadParts")
DELETE = ("s3:DeleteObject",)
LIST = ("s3:ListBucket",)
LOCATE = ("s3:GetBucketLocation",)
FIND_UPLOADS = (*LOCATE, "s3:ListBucketMultipartUploads")
DECRYPT = ("kms:Decrypt",)
# A multipart upload decrypts its parts to complete.
ENCRYPT = ("kms:GenerateDataKey", "kms:Decrypt")

_SOURCES: dict[tuple[str, ...], tuple[str, ...]] = {GET: (_GET,), DELETE: (_ACTIONS,)}
_UNKNOWN_NAMES = "objects whose names nobody knows beforehand"


class Storage(Protocol):
    """A zone, or any other bucket of the lake."""

    @property
    def bucket(self) -> s3.IBucket: ...

    @property
    def key(self) -> kms.IKey: ...


def list_objects(storage: Storage, patterns: Sequence[str], because: str) -> Permission:
    """List objects by prefixes that match patterns; without patterns, those of the whole bucket."""
    conditions = {"StringLike": {"s3:prefix": list(patterns)}} if patterns else None
    return on_bucket(storage.bucket, LIST, because, _LIST, conditions=conditions)


def head_missing(bucket: s3.IBucket, key: str, because: str) -> Permission:
    """Learn that an object does not exist: without a permission to list it the answer is 403, and not 404."""
    return on_bucket(bucket, LIST, because, _GET, conditions={"StringEquals": {"s3:prefix": key}})


def on_bucket(
    bucket: s3.IBucket,
    actions: tuple[str, ...],
    because: str,
    *sources: str,
    conditions: Conditions | None = None,
) -> Permission:
    """Call actions on a bucket itself."""
    return Permission(
        actions=actions,
        on=(arn_of(bucket),),
        because=because,
        sources=sources or (_ACTIONS,),
        conditions=conditions,
        policy_of=bucket,
    )


def on_objects(
    storage: Storage,
    actions: tuple[str, ...],
    prefixes: Iterable[str],
    because: str,
    *,
    wildcard: str = _UNKNOWN_NAMES,
) -> Permission:
    """Call actions on the objects below prefixes."""
    bucket = storage.bucket
    return Permission(
        actions=actions,
        on=tuple(f"{arn_of(bucket)}/{prefix}*" for prefix in prefixes),
        because=because,
        sources=_SOURCES.get(actions, (_ACTIONS, _UPLOAD)),
        wildcard=wildcard,
        policy_of=bucket,
    )


def with_key(storage: Storage, actions: tuple[str, ...], prefixes: Iterable[str], because: str) -> Permission:
    """Use the key by way of S3, which tells KMS of the bucket with a bucket key, and of the object without one.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html
    """
    bucket_arn, key_arn = arn_of(storage.bucket), arn_of(storage.key)
    encrypted = (bucket_arn, *(f"{bucket_arn}/{prefix}z" for prefix in prefixes))
    return Permission(
        actions=actions,
        on=(key_arn,),
        because=because,
        sources=(_KEY,),
        policy_of=storage.key,
        contexts=tuple(
            {"kms:ViaService": "s3.${AWS::Region}.amazonaws.com", "kms:EncryptionContext:aws:s3:arn": arn}
            for arn in encrypted
        ),
    )


def read_objects(storage: Storage, prefix: str, because: str = "reads objects") -> tuple[Permission, ...]:
    """List and read the objects below a prefix, without their catalog entries."""
    return (
        list_objects(storage, [f"{prefix}*"], because),
        on_objects(storage, GET, [prefix], because),
        with_key(storage, DECRYPT, [prefix], because),
    )


def access_logs(bucket: s3.IBucket) -> Permission:
    """Write the access logs of this account's buckets, by the policy of the bucket of logs."""
    return Permission(
        actions=("s3:PutObject",),
        on=(bucket.arn_for_objects("*"),),
        because="writes access logs",
        sources=(_ACCESS_LOGS,),
        conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
    )


def write_inventories(storage: Storage, prefix: str) -> Permission:
    """Write inventories of this account's buckets below a prefix, by the policy of the bucket of reports."""
    return Permission(
        actions=("s3:PutObject",),
        on=(storage.bucket.arn_for_objects(f"{prefix}*"),),
        because="writes inventories",
        sources=(_INVENTORY,),
        conditions={
            "StringEquals": {
                "aws:SourceAccount": Aws.ACCOUNT_ID,
                "s3:x-amz-acl": "bucket-owner-full-control",
            }
        },
    )


def read_through(access_point_arn: str, prefix: str) -> tuple[Permission, ...]:
    """List and read the objects below a prefix through an access point."""
    because = "reads objects through an access point"
    return (
        Permission(
            actions=LIST,
            on=(access_point_arn,),
            because=because,
            sources=(_ACCESS_POINTS,),
            conditions={"StringLike": {"s3:prefix": [f"{prefix}*"]}},
        ),
        Permission(
            actions=GET,
            on=(f"{access_point_arn}/object/{prefix}*",),
            because=because,
            sources=(_ACCESS_POINTS,),
            wildcard=_UNKNOWN_NAMES,
        ),
    )
