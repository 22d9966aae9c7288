"""S3 objects of the local cloud, read and written in the server's own process, without HTTP."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moto.s3.models import S3Backend, s3_backends


@dataclass(frozen=True, kw_only=True)
class ObjectSummary:
    """One object of a listing."""

    bucket: str
    key: str
    size: int
    etag: str

    @property
    def uri(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


def split_uri(uri: str) -> tuple[str, str]:
    """Return bucket and key (or prefix) of an `s3://`, `s3a://` or `s3n://` URI."""
    bucket, _, key = uri.split("://", 1)[1].partition("/")
    return bucket, key


class ObjectStore:
    """The objects of every bucket.

    This is the only module that knows how moto keeps objects.
    """

    def __init__(self, account: str) -> None:
        self._account = account

    @property
    def _backend(self) -> S3Backend:
        backend: S3Backend = s3_backends[self._account]["aws"]
        return backend

    def buckets(self) -> list[str]:
        return list(self._backend.buckets)

    def list(self, uri: str, *, hidden: bool = False) -> Iterator[ObjectSummary]:
        """List the objects below `uri`; those that Hive hides (`_name`, `.name`) only if asked to."""
        bucket, prefix = split_uri(uri)
        found = self._backend.buckets.get(bucket)
        for key, stored in list(found.keys.items()) if found else []:
            name = key.rsplit("/", 1)[-1]
            if key.startswith(prefix) and name and (hidden or not name.startswith(("_", "."))):
                yield ObjectSummary(bucket=bucket, key=key, size=stored.size, etag=stored.etag)

    def read(self, uri: str) -> bytes:
        """Return an object's content; KeyError if there is none."""
        bucket, key = split_uri(uri)
        stored: Any = self._backend.get_object(bucket, key) if bucket in self._backend.buckets else None
        if stored is None:
            raise KeyError(uri)
        content: bytes = stored.value
        return content

    def write(self, uri: str, content: bytes) -> None:
        bucket, key = split_uri(uri)
        self._backend.put_object(bucket, key, content)

    def delete(self, uri: str) -> None:
        bucket, key = split_uri(uri)
        self._backend.delete_object(bucket, key)


class Mirror:
    """A folder that holds a copy of every object, for engines that can read only files.

    `pull` and `push` move only what differs, by ETag.
    """

    def __init__(self, objects: ObjectStore, root: Path) -> None:
        self._objects = objects
        self._root = root
        self._etags: dict[str, str] = {}

    def folder(self, bucket: str) -> Path:
        return self._root / bucket

    def pull(self) -> int:
        """Copy new and changed objects into the folder, remove those that are gone; return how many changed."""
        changed = 0
        seen: set[str] = set()
        for bucket in self._objects.buckets():
            self.folder(bucket).mkdir(parents=True, exist_ok=True)
            for item in self._objects.list(f"s3://{bucket}/", hidden=True):
                seen.add(item.uri)
                if self._etags.get(item.uri) != item.etag:
                    path = self.folder(bucket) / item.key
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(self._objects.read(item.uri))
                    self._etags[item.uri] = item.etag
                    changed += 1
        for uri in self._etags.keys() - seen:
            self._path(uri).unlink(missing_ok=True)
            del self._etags[uri]
            changed += 1
        return changed

    def push(self) -> int:
        """Copy new and changed files back into S3, delete the objects whose file is gone; return how many changed."""
        changed = 0
        seen: set[str] = set()
        for bucket in self._objects.buckets():
            for path in sorted(self.folder(bucket).rglob("*")):
                if path.is_dir() or path.suffix == ".crc":
                    continue
                uri = f"s3://{bucket}/{path.relative_to(self.folder(bucket)).as_posix()}"
                seen.add(uri)
                content = path.read_bytes()
                etag = f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'
                if self._etags.get(uri) != etag:
                    self._objects.write(uri, content)
                    self._etags[uri] = etag
                    changed += 1
        for uri in self._etags.keys() - seen:
            self._objects.delete(uri)
            del self._etags[uri]
            changed += 1
        return changed

    def _path(self, uri: str) -> Path:
        bucket, key = split_uri(uri)
        return self.folder(bucket) / key
