"""One transfer between buckets: what is new or has changed is copied, read again and compared."""

from __future__ import annotations

import fnmatch
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Place:
    """A prefix of a bucket, and the client that reaches it."""

    client: Any
    bucket: str
    prefix: str

    def objects(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the objects by their paths below the prefix, without a slash before them."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=self.prefix)
        for page in pages:
            for found in page.get("Contents", ()):
                yield found["Key"].removeprefix(self.prefix), found

    def read(self, path: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.client.get_object(Bucket=self.bucket, Key=self.prefix + path)
        return {**answer, "Body": answer["Body"].read()}


@dataclass(kw_only=True)
class Outcome:
    """Counts of a transfer so far, and what has failed."""

    listed: int = 0
    transferred: int = 0
    verified: int = 0
    size: int = 0
    failed: dict[str, str] = field(default_factory=dict)


def copy(source: Place, target: Place, *, task: Mapping[str, Any], outcome: Outcome) -> None:
    """Copy what the target lacks, or has otherwise; an object that cannot be copied is noted, and the others are."""
    options = task.get("Options") or {}
    included, excluded = _patterns(task.get("Includes")), _patterns(task.get("Excludes"))
    there = {path: found["Size"] for path, found in target.objects()}
    marks = {path: target.client.head_object(Bucket=target.bucket, Key=target.prefix + path) for path in there}
    for path, found in source.objects():
        if (included and not _matches(path, included)) or _matches(path, excluded):
            continue
        outcome.listed += 1
        mark = f"{found['LastModified'].timestamp():.0f}"
        known = marks.get(path, {}).get("Metadata", {}).get("file-mtime")
        if options.get("OverwriteMode") == "NEVER" and path in there:
            continue
        same = there.get(path) == found["Size"] and known == mark
        if options.get("TransferMode") != "ALL" and same:
            continue
        try:
            _copy(source, target, path, mark, outcome, verify=options.get("VerifyMode") != "NONE")
        except Exception as error:  # the report says which, and the transfer ends as one that has failed
            outcome.failed[path] = str(error)


def _copy(source: Place, target: Place, path: str, mark: str, outcome: Outcome, *, verify: bool) -> None:
    found = source.read(path)
    content, key = found["Body"], target.prefix + path
    metadata = {**found.get("Metadata", {}), "file-mtime": mark}
    kind = found.get("ContentType", "binary/octet-stream")
    target.client.put_object(Bucket=target.bucket, Key=key, Body=content, Metadata=metadata, ContentType=kind)
    outcome.transferred += 1
    outcome.size += len(content)
    if verify:
        if hashlib.sha256(target.read(path)["Body"]).digest() != hashlib.sha256(content).digest():
            raise ValueError("what has arrived is not what was sent")
        outcome.verified += 1


def _patterns(rules: Any) -> list[str]:
    return [one for rule in rules or () for one in rule["Value"].split("|")]


def _matches(path: str, patterns: list[str]) -> bool:
    """Tell whether a path is matched as a whole or lies in a folder that is.

    Source: https://docs.aws.amazon.com/datasync/latest/userguide/filtering.html
    """
    folders = path.split("/")
    starts = [f"/{'/'.join(folders[:number])}" for number in range(1, len(folders) + 1)]
    return any(fnmatch.fnmatchcase(start, pattern) for start in starts for pattern in patterns)
