"""Permissions of an erasure job."""

from __future__ import annotations

from collections.abc import Iterator

from lake_blueprints.foundation.access import Permission
from lake_blueprints.storage.s3 import permissions as objects
from lake_blueprints.storage.s3.permissions import Storage

_LIST_VERSIONS = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html"
_DELETE_VERSIONS = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeletingObjectVersions.html"
_GET_VERSIONS = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/RetrievingObjectVersions.html"
_GET_TAGS = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectTagging.html"
_CONDITIONS = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html"
_RUNS = "https://docs.aws.amazon.com/glue/latest/webapi/API_GetJobRuns.html"

GET_VERSION = ("s3:GetObjectVersion",)
DELETE_VERSION = ("s3:DeleteObjectVersion",)
# Of a version both are asked for, as the page says.
GET_TAGS = ("s3:GetObjectTagging", "s3:GetObjectVersionTagging")
_NAMES = "every object may hold a person, and names of versions are S3's"


def erase_versions(storage: Storage, prefix: str, because: str) -> Iterator[Permission]:
    """Find the versions of objects below a prefix, and remove them for good."""
    yield objects.on_bucket(
        storage.bucket,
        ("s3:ListBucketVersions",),
        because,
        _LIST_VERSIONS,
        conditions={"StringEquals": {"s3:prefix": prefix}},
    )
    yield objects.on_objects(storage, DELETE_VERSION, [prefix], because, wildcard=_NAMES).used_for(
        because, _DELETE_VERSIONS
    )


def read_versions(storage: Storage, prefix: str, because: str) -> Iterator[Permission]:
    """Read every version of objects below a prefix."""
    yield objects.on_objects(storage, GET_VERSION, [prefix], because, wildcard=_NAMES).used_for(because, _GET_VERSIONS)
    yield objects.with_key(storage, objects.DECRYPT, [prefix], because)


def read_tags(storage: Storage, prefix: str, because: str) -> Permission:
    """Read the tags of every version of objects below a prefix."""
    return objects.on_objects(storage, GET_TAGS, [prefix], because, wildcard=_NAMES).used_for(because, _GET_TAGS)


def replace_objects(storage: Storage, prefix: str, because: str) -> Iterator[Permission]:
    """Put objects below a prefix in the place of others."""
    yield objects.on_objects(storage, ("s3:PutObject",), [prefix], because, wildcard=_NAMES)
    yield objects.with_key(storage, objects.ENCRYPT, [prefix], because)


def compare_objects(storage: Storage, prefix: str, because: str) -> Permission:
    """Let S3 compare objects below a prefix with those that they replace, which it does for their readers."""
    return objects.on_objects(storage, ("s3:GetObject",), [prefix], because, wildcard=_NAMES).used_for(
        because, _CONDITIONS
    )


def find_runs(job_arns: list[str]) -> Permission:
    """Look for runs of jobs that are under way."""
    return Permission(
        actions=("glue:GetJobRuns",), on=tuple(job_arns), because="looks for runs of curation jobs", sources=(_RUNS,)
    )
