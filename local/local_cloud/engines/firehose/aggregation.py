"""Records that the Kinesis Producer Library has aggregated: many records of a producer in one of the stream.

The format is a magic number, a message of Protocol Buffers and its MD5. The one library on PyPI that reads it has had
no release since 2022 and needs a protobuf of that time.

Source: https://github.com/awslabs/amazon-kinesis-producer/blob/master/aggregation-format.md
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

_MAGIC = b"\xf3\x89\x9a\xc2"
_DIGEST_BYTES = 16
# Fields of AggregatedRecord and of its Record.
_RECORDS = 3
_DATA = 3
# Kinds of fields.
_VARINT, _EIGHT_BYTES, _DELIMITED, _FOUR_BYTES = 0, 1, 2, 5


def deaggregate(data: bytes) -> list[bytes] | None:
    """Return the records that an aggregated one holds, or None if it is none."""
    body, digest = data[len(_MAGIC) : -_DIGEST_BYTES], data[-_DIGEST_BYTES:]
    if not data.startswith(_MAGIC) or hashlib.md5(body, usedforsecurity=False).digest() != digest:
        return None
    try:
        records = [content for number, content in _fields(body) if number == _RECORDS]
        return [next(content for number, content in _fields(record) if number == _DATA) for record in records]
    except (IndexError, ValueError, StopIteration):
        return None


def _fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield number and content of each field; a number has no content, as none is needed."""
    position = 0
    while position < len(message):
        key, position = _varint(message, position)
        number, kind = key >> 3, key & 7
        if kind == _VARINT:
            _, position = _varint(message, position)
            content = b""
        else:
            length = {_EIGHT_BYTES: 8, _FOUR_BYTES: 4}.get(kind, 0)
            if kind == _DELIMITED:
                length, position = _varint(message, position)
            elif not length:
                raise ValueError(f"a field of kind {kind}")
            content = message[position : position + length]
            position += length
            if len(content) < length:
                raise ValueError("a field that ends early")
        yield number, content


def _varint(message: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[position]
        position += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, position
