"""Versions of objects in S3: what there is below a prefix, and its removal for good."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, islice
from typing import Any

import boto3

from lake_erasure.errors import ErasureError

# Of one request: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
_BATCH = 1000


@dataclass(frozen=True, kw_only=True)
class Version:
    """One version of an object, or a delete marker."""

    key: str
    id: str
    latest: bool
    marker: bool
    modified: datetime
    etag: str = ""
    size: int = 0
    storage_class: str = "STANDARD"


@dataclass(frozen=True, kw_only=True)
class Versions:
    """All versions of one object, the newest first."""

    bucket: str
    key: str
    all: Sequence[Version]

    @property
    def current(self) -> Version | None:
        """The object as readers find it; None if it is deleted."""
        return next((one for one in self.all if one.latest and not one.marker), None)

    @property
    def older(self) -> list[Version]:
        """The versions that are not current, without delete markers."""
        return [one for one in self.all if not one.latest and not one.marker]

    @property
    def markers(self) -> list[Version]:
        return [one for one in self.all if one.marker]


def versions_below(bucket: str, prefix: str) -> Iterator[Versions]:
    """Return the objects that a prefix has or had."""
    found: list[Version] = []
    for page in boto3.client("s3").get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix):
        for kind in ("Versions", "DeleteMarkers"):
            found += [_version(item, marker=kind == "DeleteMarkers") for item in page.get(kind, [])]
    # A page has versions and markers apart; an object may be on two pages.
    found.sort(key=lambda one: (one.key, not one.latest, -one.modified.timestamp()))
    for key, group in groupby(found, key=lambda one: one.key):
        yield Versions(bucket=bucket, key=key, all=list(group))


def _version(item: dict[str, Any], *, marker: bool) -> Version:
    return Version(
        key=item["Key"],
        id=item["VersionId"],
        latest=item["IsLatest"],
        marker=marker,
        modified=item["LastModified"],
        etag=item.get("ETag", ""),
        size=item.get("Size", 0),
        storage_class=item.get("StorageClass") or "STANDARD",
    )


def remove(client: Any, bucket: str, versions: Iterable[Version]) -> int:
    """Remove versions for good, and return how many.

    Raises
    ------
    ErasureError
        If S3 keeps one of them.
    """
    count, rest = 0, iter(versions)
    while batch := list(islice(rest, _BATCH)):
        named = [{"Key": one.key, "VersionId": one.id} for one in batch]
        answer = client.delete_objects(Bucket=bucket, Delete={"Objects": named, "Quiet": True})
        if errors := answer.get("Errors"):
            raise ErasureError(
                f"S3 keeps {len(errors)} versions of objects of the bucket {bucket}: {errors[0].get('Code')}; erasure "
                "needs s3:DeleteObjectVersion and a bucket without object lock"
            )
        count += len(batch)
    return count
