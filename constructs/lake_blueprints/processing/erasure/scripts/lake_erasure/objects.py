"""Objects below a prefix: which hold a person, and their replacement by what is left of them.

An object is looked at version by version. The current one is replaced before any older one goes, and one that is
removed goes last, so that no older version becomes the object in between. A run that is killed is repeated as a whole:
it finds what the first one has left.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import boto3

from lake_erasure import parquet_records, quarantine_records, text_records
from lake_erasure.errors import UnreadableError
from lake_erasure.place import Place
from lake_erasure.replacing import replace
from lake_erasure.subject_keys import SubjectKeys
from lake_erasure.versions import Version, Versions, remove

_OTHER_CODECS = (".bz2", ".deflate", ".lz4", ".lzo", ".snappy", ".zst")

ROWS, REWRITTEN, REMOVED, VERSIONS = "rows_removed", "objects_rewritten", "objects_removed", "versions_removed"
COUNTED = (ROWS, REWRITTEN, REMOVED, VERSIONS)
CONTENT = "Content"
# What is left: objects that nobody can look into, and files that may belong to a commit which is under way.
UNREADABLE, WAITING = "unreadable_objects", "young_files"


@dataclass(frozen=True, kw_only=True)
class Search:
    """Search for persons in a place.

    Parameters
    ----------
    place: Place
        The place.
    wanted: sequence
        Paths and keys; of a place whose objects are removed as a whole the paths are empty.
    """

    place: Place
    wanted: Sequence[tuple[Sequence[str], SubjectKeys]]

    def without(self, key: str, content: bytes) -> tuple[bytes, int]:
        """Return an object's content without the records of the persons, and how many these were.

        Raises
        ------
        UnreadableError
            If nobody can look into the object.
        """
        if self.place.kind in ("parquet", "quarantine") or self.place.format == "parquet":
            return self._without_rows(key, content)
        if key.endswith(_OTHER_CODECS):
            raise UnreadableError("it is compressed by a codec other than gzip")
        plain = unzipped(content) if key.endswith(".gz") else content
        if self.place.kind == "objects":
            return (b"", 0) if self._anywhere(plain) else (content, 0)
        left, removed = self._without_lines(plain)
        if not removed:
            return content, 0
        return (gzip.compress(left, mtime=0) if left and key.endswith(".gz") else left), removed

    def _without_rows(self, key: str, content: bytes) -> tuple[bytes, int]:
        # `_SUCCESS` and the like.
        if not content or key.rpartition("/")[2].startswith(("_", ".")):
            return content, 0
        if self.place.kind == "quarantine":
            return quarantine_records.without_refused(content, self.wanted, self.place.format, self.place.delimiter)
        return parquet_records.without(content, self.wanted)

    def _without_lines(self, content: bytes) -> tuple[bytes, int]:
        if self.place.format == "csv":
            return text_records.without_csv(content, self.wanted, self.place.delimiter)
        return text_records.without_json(content, self.wanted)

    def _anywhere(self, content: bytes) -> bool:
        if content.startswith(parquet_records.MAGIC):
            rows = parquet_records.opened(content).read().to_pylist()
            text = "\n".join(json.dumps(row, default=str, ensure_ascii=False) for row in rows)
        else:
            text = content.decode("utf-8", "replace")
        return any(keys.anywhere(text) for _, keys in self.wanted)


def unzipped(content: bytes) -> bytes:
    """Return what gzip holds.

    Raises
    ------
    UnreadableError
        If it is damaged.
    """
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error):
        raise UnreadableError("it is damaged gzip") from None


@dataclass(frozen=True, kw_only=True)
class Finding:
    """An object of which a version holds a person.

    Parameters
    ----------
    versions: Versions
        The object.
    current: bool
        Whether the current version does, which is going to be replaced or removed.
    unreadable: str
        Why nobody can look into it. By default that is possible.
    """

    versions: Versions
    current: bool = False
    unreadable: str = ""


def find(listed: Iterable[Versions], search: Search, region: str | None) -> Iterator[Finding]:
    """Yield the objects of which a version holds a person, and those that nobody can look into."""
    client = boto3.client("s3", region_name=region)
    for versions in listed:
        try:
            current = versions.current is not None and _holds(client, versions, versions.current, search)
            if current or any(_holds(client, versions, one, search) for one in versions.older):
                yield Finding(versions=versions, current=current)
        except UnreadableError as error:
            yield Finding(versions=versions, unreadable=str(error))


def erase(found: Iterable[Versions], search: Search, region: str | None) -> Iterator[tuple[str, Any, Counter[str]]]:
    """Erase the persons from objects; yield each key, its new version if it has one, and what was done."""
    client = boto3.client("s3", region_name=region)
    for versions in found:
        yield (versions.key, *_erased(client, versions, search))


def _erased(client: Any, versions: Versions, search: Search) -> tuple[Any, Counter[str]]:
    counts, replaced = Counter[str](), None
    gone = [one for one in versions.older if _holds(client, versions, one, search)]
    current = versions.current
    if current:
        before = _read(client, versions, current)
        left, removed = search.without(versions.key, before[CONTENT])
        if left != before[CONTENT]:
            counts[ROWS] = removed
            counts[REWRITTEN if left else REMOVED] = 1
            replaced = replace(client, versions, before, left) if left else None
            gone = [*versions.older, current]
    if not replaced and all(one in gone or one.marker for one in versions.all):
        # A marker of nothing is left otherwise.
        gone += versions.markers
    last = [one for one in gone if one.latest]
    counts[VERSIONS] += remove(client, versions.bucket, (one for one in gone if not one.latest))
    counts[VERSIONS] += remove(client, versions.bucket, last)
    return replaced, counts


def _holds(client: Any, versions: Versions, version: Version, search: Search) -> bool:
    found = _read(client, versions, version)
    holds = bool(search.without(versions.key, found[CONTENT])[0] != found[CONTENT])
    if holds and version.latest and _tags(client, versions, version):
        raise UnreadableError("it has tags, which a new version would lose")
    return holds


def _tags(client: Any, versions: Versions, version: Version) -> list[Any]:
    # GetObject counts them for those alone who may read tags, and says nothing to others.
    found = client.get_object_tagging(Bucket=versions.bucket, Key=versions.key, VersionId=version.id)
    tags: list[Any] = found["TagSet"]
    return tags


def _read(client: Any, versions: Versions, version: Version) -> dict[str, Any]:
    try:
        answer = client.get_object(Bucket=versions.bucket, Key=versions.key, VersionId=version.id)
    except client.exceptions.InvalidObjectState:
        # Also in a tier of INTELLIGENT_TIERING that no listing shows; a restored copy can be read.
        raise UnreadableError(f"it is archived in the storage class {version.storage_class}") from None
    return {**answer, CONTENT: answer["Body"].read()}
