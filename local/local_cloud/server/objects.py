"""S3 objects of the local cloud, read and written in the server's own process, without HTTP.

Above 200 lines: the store and its mirror on disk, which share what an object is.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from moto.s3.models import FakeDeleteMarker, S3Backend, s3_backends

from local_cloud.errors import LocalCloudError
from local_cloud.server.cors import CorsRule


@dataclass(frozen=True, kw_only=True)
class ObjectSummary:
    """One object of a listing."""

    bucket: str
    key: str
    size: int
    etag: str
    modified: datetime

    @property
    def uri(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


@dataclass(frozen=True, kw_only=True)
class ObjectVersion:
    """One version of an object, or a marker of its deletion, in an inventory."""

    bucket: str
    key: str
    version_id: str
    is_latest: bool
    is_delete_marker: bool
    size: int | None
    modified: datetime
    etag: str | None
    storage_class: str | None
    is_multipart_uploaded: bool | None
    encryption: str | None
    bucket_key: bool


def split_uri(uri: str) -> tuple[str, str]:
    """Return bucket and key (or prefix) of an `s3://`, `s3a://` or `s3n://` URI."""
    bucket, _, key = uri.split("://", 1)[1].partition("/")
    return bucket, key


def is_table_storage(bucket: str) -> bool:
    """Tell whether a bucket is one in which S3 Tables keeps a table.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
    """
    return bucket.endswith("--table-s3")


def file_of(item: ObjectSummary, folder: Path, name: str) -> Path:
    """Return where below `folder` a copy of an object goes.

    Raises
    ------
    LocalCloudError
        If its key, which anybody who writes data can choose, would lead to another place.
    """
    if name.startswith("/") or ".." in name.split("/"):
        raise LocalCloudError(f"the object {item.uri} cannot be a file: its key leaves the bucket's folder")
    return folder / name


@dataclass(frozen=True, kw_only=True)
class EncryptionKey:
    """The KMS key with which a bucket encrypts by default."""

    key: str
    is_bucket_key: bool


Note = Callable[[str, str], None]


def _ignore(action: str, uri: str) -> None:
    """Note nothing."""


class ObjectStore:
    """The objects of every bucket.

    This is the only module that knows how moto keeps objects.

    Parameters
    ----------
    account: str
        Whose buckets there are.
    note: callable
        Callback with the IAM action and the URI of each call. By default none.
    """

    def __init__(self, account: str, note: Note = _ignore) -> None:
        self._account = account
        self._note = note

    def noted(self, note: Note) -> ObjectStore:
        """Return the same objects, whose use is reported to `note`."""
        return ObjectStore(self._account, note)

    @property
    def _backend(self) -> S3Backend:
        backend: S3Backend = s3_backends[self._account]["aws"]
        return backend

    def buckets(self) -> list[str]:
        """Return the names of all buckets, those in which S3 Tables keeps tables included."""
        return [*self._backend.buckets, *self._backend.table_buckets]

    def _bucket(self, name: str) -> Any:
        """Return a bucket, None if there is none."""
        return self._backend.buckets.get(name) or self._backend.table_buckets.get(name)

    def cors(self, bucket: str) -> Sequence[CorsRule]:
        """Return the CORS rules of a bucket; none if there is no such bucket."""
        found = self._bucket(bucket)
        return [
            CorsRule(
                origins=rule.allowed_origins or (),
                methods=rule.allowed_methods or (),
                headers=rule.allowed_headers or (),
                exposed=rule.exposed_headers or (),
                max_age=rule.max_age_seconds,
            )
            for rule in (found.cors if found else ())
        ]

    def list(self, uri: str, *, hidden: bool = False) -> Iterator[ObjectSummary]:
        """List the objects below `uri`; those that Hive hides (`_name`, `.name`) only if asked to."""
        self._note("s3:ListBucket", uri)
        bucket, prefix = split_uri(uri)
        found = self._bucket(bucket)
        # A copy of the plain dict: moto's own items() fails on a key that is deleted meanwhile.
        for key, versions in list(dict.items(found.keys)) if found else []:
            name = key.rsplit("/", 1)[-1]
            # No version at all: moto empties the list of a deleted key before it removes the key.
            if not key.startswith(prefix) or not name or not versions:
                continue
            stored = versions[-1]
            if isinstance(stored, FakeDeleteMarker):
                continue
            if hidden or not name.startswith(("_", ".")):
                # moto keeps times in UTC without saying so.
                modified = stored.last_modified.replace(tzinfo=UTC)
                yield ObjectSummary(bucket=bucket, key=key, size=stored.size, etag=stored.etag, modified=modified)

    def versions(self, bucket: str, prefix: str = "") -> Iterator[ObjectVersion]:
        """Return the versions of all objects of a bucket, the latest of each last, and the markers of deletions."""
        found = self._bucket(bucket)
        for key, versions in list(dict.items(found.keys)) if found else []:
            for stored in list(versions) if key.startswith(prefix) else []:
                marker = isinstance(stored, FakeDeleteMarker)
                yield ObjectVersion(
                    bucket=bucket,
                    key=key,
                    version_id=str(stored.version_id),
                    is_latest=stored is versions[-1],
                    is_delete_marker=marker,
                    size=None if marker else stored.size,
                    modified=stored.last_modified.replace(tzinfo=UTC),
                    etag=None if marker else stored.etag.strip('"'),
                    storage_class=None if marker else stored.storage_class,
                    is_multipart_uploaded=None if marker else "-" in stored.etag,
                    encryption=None if marker else stored.encryption,
                    bucket_key=not marker and str(stored.bucket_key_enabled).lower() == "true",
                )

    def inventories(self, bucket: str) -> Sequence[Any]:
        """Return the inventory configurations of a bucket, as moto keeps them."""
        return list(self._bucket(bucket).inventory_configs.values())

    def read(self, uri: str) -> bytes:
        """Return an object's content; KeyError if there is none."""
        self._note("s3:GetObject", uri)
        content: bytes = self._stored(uri).value
        return content

    def etag(self, uri: str) -> str | None:
        """Return an object's ETag; None if there is no object."""
        self._note("s3:GetObject", uri)
        try:
            etag: str = self._stored(uri).etag
        except KeyError:
            return None
        return etag

    def write(self, uri: str, content: bytes) -> None:
        self._note("s3:PutObject", uri)
        bucket, key = split_uri(uri)
        self._backend.put_object(bucket, key, content)

    def delete(self, uri: str) -> None:
        self._note("s3:DeleteObject", uri)
        bucket, key = split_uri(uri)
        self._backend.delete_object(bucket, key)

    def region(self, bucket: str) -> str:
        """Return where a bucket is."""
        region: str = self._bucket(bucket).region_name
        return region

    def encryption_key(self, bucket: str) -> EncryptionKey | None:
        """Return the KMS key with which a bucket encrypts by default; None if it is S3's own."""
        found = self._bucket(bucket)
        rule: dict[str, Any] = ((found.encryption if found else None) or {}).get("Rule") or {}
        given = rule.get("ApplyServerSideEncryptionByDefault") or {}
        if not given.get("KMSMasterKeyID"):
            return None
        return EncryptionKey(
            key=given["KMSMasterKeyID"], is_bucket_key=str(rule.get("BucketKeyEnabled")).lower() == "true"
        )

    def _stored(self, uri: str) -> Any:
        bucket, key = split_uri(uri)
        stored = self._backend.get_object(bucket, key) if self._bucket(bucket) else None
        if stored is None or isinstance(stored, FakeDeleteMarker):
            raise KeyError(uri)
        return stored


# Spark's drafts: what a job wrote but never committed, which an S3 committer would not have made visible.
_UNCOMMITTED = ("_temporary", ".spark-staging")


@dataclass(frozen=True, kw_only=True)
class _Copy:
    uri: str
    etag: str
    size: int
    changed: int


class Mirror:
    """Copies of all objects in a folder, for a program that can read and write only files.

    What the program does to a file happens to its object at `push`. Objects that changed in S3 meanwhile,
    and whose file the program left alone, keep what they have.
    """

    def __init__(self, objects: ObjectStore, root: Path) -> None:
        self._objects = objects
        self._root = root
        self._copies: dict[Path, _Copy] = {}
        self._lock = threading.RLock()

    def folders(self) -> dict[str, Path]:
        """Return the folder of each bucket."""
        return {bucket: self._root / bucket for bucket in self._objects.buckets()}

    def pull(self) -> int:
        """Copy every object into the folder; return how many bytes that were.

        Raises
        ------
        LocalCloudError
            If a key cannot be the name of a file, such as one that is also a prefix of others.
        """
        total = 0
        for bucket, folder in self.folders().items():
            folder.mkdir(parents=True, exist_ok=True)
            for item in self._objects.list(f"s3://{bucket}/", hidden=True):
                content = self._read(item)
                if content is not None:
                    self._copy(item, file_of(item, folder, item.key), content)
                    total += item.size
        return total

    def push(self, note: Note = _ignore) -> int:
        """Write new and changed files into S3, delete the objects of deleted files; return how many changed.

        `note` is called for each with its IAM action. The program may go on: what it changes later, the next call
        writes.
        """
        with self._lock:
            return self._written(note) + self._deleted(note)

    def refresh(self, uri: str) -> None:
        """Copy the objects below `uri`, a folder, that came into S3 since this one was filled."""
        bucket, _ = split_uri(uri)
        folder = self._root / bucket
        with self._lock:
            for item in self._objects.list(uri.rstrip("/") + "/", hidden=True):
                path = file_of(item, folder, item.key)
                content = None if path in self._copies else self._read(item)
                if content is not None:
                    self._copy(item, path, content)

    def _written(self, note: Note) -> int:
        changed = 0
        for bucket, folder in self.folders().items():
            for path in sorted(folder.rglob("*")):
                copy = self._copies.get(path)
                name = path.relative_to(folder).as_posix()
                if path.is_dir() or any(part.startswith(_UNCOMMITTED) for part in path.relative_to(folder).parts):
                    continue
                state = _state(path)
                if copy is None or (copy.size, copy.changed) != state:
                    uri = copy.uri if copy else f"s3://{bucket}/{name}"
                    self._objects.write(uri, path.read_bytes())
                    note("s3:PutObject", uri)
                    etag = self._objects.etag(uri) or ""
                    self._copies[path] = _Copy(uri=uri, etag=etag, size=state[0], changed=state[1])
                    changed += 1
        return changed

    def _deleted(self, note: Note) -> int:
        gone = {path: copy for path, copy in self._copies.items() if not path.exists()}
        # S3 takes no deletion there: it removes what no snapshot names by itself.
        gone = {path: copy for path, copy in gone.items() if not is_table_storage(split_uri(copy.uri)[0])}
        changed = 0
        for path, copy in gone.items():
            if self._objects.etag(copy.uri) == copy.etag:
                self._objects.delete(copy.uri)
                note("s3:DeleteObject", copy.uri)
                changed += 1
            del self._copies[path]
        return changed

    def _read(self, item: ObjectSummary) -> bytes | None:
        try:
            return self._objects.read(item.uri)
        except KeyError:
            return None  # deleted since it was listed

    def _copy(self, item: ObjectSummary, path: Path, content: bytes) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # Whole at once, for a program that lists the folder meanwhile.
            draft = self._root / ".draft"
            draft.write_bytes(content)
            draft.replace(path)
        except (FileExistsError, NotADirectoryError, IsADirectoryError):
            raise LocalCloudError(
                f"the object {item.uri} cannot be a file: another key is a folder of the same name; rename one of them"
            ) from None
        size, changed = _state(path)
        self._copies[path] = _Copy(uri=item.uri, etag=item.etag, size=size, changed=changed)


def _state(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_size, found.st_mtime_ns
