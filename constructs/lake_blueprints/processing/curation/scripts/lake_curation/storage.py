"""Small documents and listings in S3."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import boto3

from lake_curation.errors import CurateError


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

    def read(self, name: str = "", default: str | None = None) -> str:
        client = boto3.client("s3")
        try:
            content: bytes = client.get_object(Bucket=self.bucket, Key=self.prefix + name)["Body"].read()
        except client.exceptions.NoSuchKey:
            if default is None:
                raise CurateError(f"there is no object {self.uri}{name}") from None
            return default
        return content.decode()

    def write(self, name: str, document: Any) -> None:
        body = json.dumps(document, indent=1).encode()
        boto3.client("s3").put_object(Bucket=self.bucket, Key=self.prefix + name, Body=body)

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
