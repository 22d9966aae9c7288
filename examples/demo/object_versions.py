"""Every version of every object of a local cloud, and the texts that are in it however it is packed."""

from __future__ import annotations

import gzip
import io
import json
import re
import zlib
from collections.abc import Iterator
from typing import Any

import pyarrow.parquet as pq

_ZSTD = b"\x28\xb5\x2f\xfd"


def texts(content: bytes) -> Iterator[bytes]:
    """Yield the bytes as they are, and what they hold when they are unpacked."""
    yield content
    if content.startswith(b"\x1f\x8b"):
        yield gzip.decompress(content)
    if content.startswith(b"PAR1"):
        file = pq.ParquetFile(io.BytesIO(content))
        yield json.dumps(file.read().to_pylist(), default=str, ensure_ascii=False).encode()
    if content.startswith(b"Obj\x01"):
        yield from _avro_blocks(content)


class ObjectVersions:
    """The versions of all objects; each is read once, for none ever changes.

    Parameters
    ----------
    s3: client
        Client of S3.
    """

    def __init__(self, s3: Any) -> None:
        self._s3 = s3
        self._texts: dict[tuple[str, ...], list[bytes]] = {}

    def holders(self, values: set[str]) -> list[str]:
        """Return the names of the versions that hold one of the values; a delete marker holds nothing."""
        pattern = re.compile(b"|".join(re.escape(value.encode()) for value in sorted(values)))
        return sorted(name for name, found in self._all() if any(pattern.search(text) for text in found))

    def _all(self) -> Iterator[tuple[str, list[bytes]]]:
        for bucket in (one["Name"] for one in self._s3.list_buckets()["Buckets"]):
            for page in self._s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
                for one in page.get("Versions", []):
                    yield f"{bucket}/{one['Key']}?{one['VersionId']}", self._texts_of(bucket, one)

    def _texts_of(self, bucket: str, version: dict[str, Any]) -> list[bytes]:
        # Without versioning a version is overwritten under its name.
        name = (bucket, version["Key"], version["VersionId"], version["ETag"])
        if name not in self._texts:
            found = self._s3.get_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])
            self._texts[name] = list(texts(found["Body"].read()))
        return self._texts[name]


def _avro_blocks(content: bytes) -> Iterator[bytes]:
    """Yield the blocks of an Avro file: https://avro.apache.org/docs/1.11.1/specification/#object-container-files."""
    stream = io.BytesIO(content)
    stream.read(4)
    metadata: dict[bytes, bytes] = {}
    while count := _long(stream):
        if count < 0:
            _long(stream)
        for _ in range(abs(count)):
            name = stream.read(_long(stream))
            metadata[name] = stream.read(_long(stream))
    mark = stream.read(16)
    while stream.tell() < len(content):
        _long(stream)
        block = stream.read(_long(stream))
        codec = metadata.get(b"avro.codec", b"null")
        assert codec in (b"null", b"deflate"), codec
        yield zlib.decompress(block, -15) if codec == b"deflate" else block
        assert stream.read(16) == mark


def _long(stream: io.BytesIO) -> int:
    shift = number = 0
    while True:
        (byte,) = stream.read(1)
        number |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return (number >> 1) ^ -(number & 1)
