"""Small documents and listings in S3."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import boto3

from lake_curation.errors import CurateError

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
_CONFLICTS = ("PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey")


@dataclass(frozen=True, kw_only=True)
class SourceObject:
    """An object of the source, as S3 lists it."""

    key: str
    etag: str
    size: int
    modified: str
    storage_class: str = "STANDARD"


@dataclass(frozen=True)
class Location:
    """An `s3://bucket/prefix/`."""

    uri: str

    @property
    def bucket(self) -> str:
        return urlsplit(self.uri).netloc

    @property
    def prefix(self) -> str:
        return urlsplit(self.uri).path.lstrip("/")

    def uri_of(self, item: SourceObject) -> str:
        return f"s3://{self.bucket}/{item.key}"

    def read(self, name: str = "") -> str:
        found = self.find(name)
        if found is None:
            raise CurateError(f"there is no object {self.uri}{name}")
        return found[0]

    def find(self, name: str) -> tuple[str, str] | None:
        """Return the text of an object and its ETag; None if there is no object."""
        client = boto3.client("s3")
        try:
            found = client.get_object(Bucket=self.bucket, Key=self.prefix + name)
        except client.exceptions.NoSuchKey:
            return None
        return found["Body"].read().decode(), found["ETag"]

    def write(self, name: str, document: Any) -> None:
        boto3.client("s3").put_object(Bucket=self.bucket, Key=self.prefix + name, Body=_text(document).encode())

    def replace(self, name: str, document: Any, etag: str | None) -> str:
        """Write a document in the place of the one with an ETag, or where there is none; return its ETag.

        Raises
        ------
        CurateError
            If another run has written the document meanwhile.
        """
        client, text = boto3.client("s3"), _text(document)
        condition = {"If-Match": etag} if etag else {"If-None-Match": "*"}
        # As headers: boto3 of Glue 5.0 is older than its parameters for them.
        client.meta.events.register("before-call.s3.PutObject", lambda params, **_: params["headers"].update(condition))
        try:
            written: str = client.put_object(Bucket=self.bucket, Key=self.prefix + name, Body=text.encode())["ETag"]
        except client.exceptions.ClientError as error:
            if error.response["Error"]["Code"] not in _CONFLICTS:
                raise
            found = self.find(name)
            # Written, but the answer was lost, and boto3 has asked again.
            if found and found[0] == text:
                return found[1]
            raise CurateError(f"another run of this job has written {self.uri}{name}; run the job again") from None
        return written

    def objects(self) -> Iterator[SourceObject]:
        """List the objects that hold data; as in Hive, a name that begins with `_` or `.` hides one."""
        pages = boto3.client("s3").get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=self.prefix)
        for item in (item for page in pages for item in page.get("Contents", [])):
            path = item["Key"].removeprefix(self.prefix)
            if item["Size"] and not any(part.startswith(("_", ".")) for part in path.split("/")):
                yield SourceObject(
                    key=item["Key"],
                    etag=item["ETag"],
                    size=item["Size"],
                    modified=item["LastModified"].isoformat(),
                    storage_class=item.get("StorageClass", "STANDARD"),
                )


def _text(document: Any) -> str:
    return json.dumps(document, indent=1)
