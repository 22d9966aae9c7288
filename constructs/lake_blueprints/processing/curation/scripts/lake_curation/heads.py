"""The first bytes of text objects, and what they say of an object that is not the text that its name promises."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import boto3
from botocore.config import Config

from lake_curation.storage import SourceObject

# How much of a text a reason quotes.
SHOWN = 80
_HEAD = 65_536
_THREADS = 16
# https://www.garykessler.net/library/file_sigs.html
_SIGNATURES = {
    b"PAR1": "Parquet",
    b"\x1f\x8b": "gzip, but its name does not end in .gz",
    b"PK\x03\x04": "a zip archive",
    b"BZh": "bzip2",
    b"\x28\xb5\x2f\xfd": "Zstandard",
    b"\xfd7zXZ\x00": "xz",
    b"Obj\x01": "Avro",
    b"ORC": "ORC",
    b"%PDF-": "PDF",
    b"\xff\xfe": "UTF-16 or UTF-32",
    b"\xfe\xff": "UTF-16",
    b"\x00\x00\xfe\xff": "UTF-32",
}


# Bytes that no text has: control characters other than tabs, ends of lines and pages, and escapes.
_CONTROLS = bytes({*range(32)} - {*b"\t\n\r\f\x1b"})
# Of the bytes of UTF-16, half are zero where the letters are Latin ones.
_FEWEST_ZEROS = 8


class UnreadableError(Exception):
    """An object cannot be read; the message says why."""


@dataclass(frozen=True)
class Head:
    """The first bytes of a text, decompressed, and whether they are all."""

    content: bytes
    whole: bool


def heads(bucket: str, objects: Sequence[SourceObject]) -> Iterator[tuple[SourceObject, Head | UnreadableError]]:
    """Yield how objects begin, or why they cannot be read as text."""
    yield from zip(objects, in_threads(partial(_head, s3_client(), bucket), objects), strict=True)


def foreign(bucket: str, objects: Sequence[SourceObject]) -> dict[str, str]:
    """Return those of the objects that begin as no text does, with the reason."""
    return {item.key: str(head) for item, head in heads(bucket, objects) if isinstance(head, UnreadableError)}


def s3_client() -> Any:
    """Return a client that the threads share."""
    return boto3.client("s3", config=Config(max_pool_connections=_THREADS))


def in_threads(task: Callable[[SourceObject], Any], objects: Sequence[SourceObject]) -> list[Any]:
    with ThreadPoolExecutor(_THREADS) as threads:
        return list(threads.map(task, objects))


def _head(client: Any, bucket: str, item: SourceObject) -> Head | UnreadableError:
    reply = client.get_object(Bucket=bucket, Key=item.key, Range=f"bytes=0-{_HEAD - 1}")
    found: bytes = reply["Body"].read()
    whole = item.size <= len(found)
    if item.key.endswith(".gz"):
        decompressor = zlib.decompressobj(wbits=31)
        try:
            found = decompressor.decompress(found, _HEAD)
        except zlib.error as error:
            return UnreadableError(f"it is not gzip, or damaged: {error}")
        whole = whole and decompressor.eof and not decompressor.unused_data
    kind = _binary(found)
    return UnreadableError(f"it is not UTF-8 text: its first bytes are those of {kind}") if kind else Head(found, whole)


def _binary(head: bytes) -> str | None:
    for signature, kind in _SIGNATURES.items():
        # Some are words, which a header may begin with.
        controls = len(head) - len(head.translate(None, _CONTROLS))
        if head.startswith(signature) and (controls or not signature.isascii()):
            return kind
    if head.count(0) * _FEWEST_ZEROS > len(head):
        return "UTF-16 or of a binary format"
    return None
