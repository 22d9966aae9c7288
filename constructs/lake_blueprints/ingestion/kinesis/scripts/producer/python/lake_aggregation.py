"""Aggregated records of the Kinesis Producer Library: many records of a producer in one of a stream.

The format is a magic number, a message of Protocol Buffers and its MD5. The KCL, Firehose and the readers of this
library take such a record apart; functions of others and Flink's connector since 5.0 get it as it is.
https://github.com/awslabs/amazon-kinesis-producer/blob/master/aggregation-format.md
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

_MAGIC = b"\xf3\x89\x9a\xc2"
_DIGEST_BYTES = 16
# What the KPL packs at most, two units of 25 KB, and what may wait for more of its key.
_PACKED, _WAITING = 51_200, 10 * 1024 * 1024
# Fields of AggregatedRecord, and the data of its Record.
_KEYS, _RECORDS, _DATA = 1, 3, 3
_VARINT, _EIGHT_BYTES, _DELIMITED, _FOUR_BYTES = 0, 1, 2, 5

Record = tuple[str, bytes]
"""Partition key and data."""


@dataclass
class _Pack:
    """Records of one partition key, each with its data and its part of the message."""

    single: bytes = b""
    messages: list[bytes] = field(default_factory=list)
    size: int = 0


def aggregated(records: Iterable[Record]) -> Iterator[Record]:
    """Yield records with as many of one partition key in each as fit into 50 KB, for `put_all`.

    A shard takes 1,000 records a second, and bills in units of 25 KB: small records cost a fraction. Each key keeps its
    order and its shard, also if shards are split, since an aggregated record has one key. A record that is alone stays
    as it is. At most 10 MB wait for more of their keys.

    Parameters
    ----------
    records: iterable of (str, bytes)
        Partition key and data of each.
    """
    waiting: dict[str, _Pack] = {}
    size = 0
    for key, data in records:
        message = _delimited(_RECORDS, b"\x08\x00" + _delimited(_DATA, data))
        if key in waiting and waiting[key].size + len(message) > _PACKED:
            pack = waiting.pop(key)
            size -= pack.size
            yield _packed(key, pack)
        pack = waiting.setdefault(key, _Pack(single=data))
        pack.messages.append(message)
        pack.size += len(message)
        size += len(message)
        if size > _WAITING:
            yield from (_packed(*one) for one in waiting.items())
            waiting, size = {}, 0
    yield from (_packed(*one) for one in waiting.items())


def user_records(data: bytes) -> list[bytes]:
    """Return the records that an aggregated one holds, or the record itself if it is none."""
    body, digest = data[len(_MAGIC) : -_DIGEST_BYTES], data[-_DIGEST_BYTES:]
    if not data.startswith(_MAGIC) or hashlib.md5(body, usedforsecurity=False).digest() != digest:
        return [data]
    try:
        records = [content for number, content in _fields(body) if number == _RECORDS]
        return [next(content for number, content in _fields(record) if number == _DATA) for record in records]
    except (IndexError, ValueError, StopIteration):
        return [data]


def _packed(key: str, pack: _Pack) -> Record:
    if len(pack.messages) == 1:
        return key, pack.single
    body = _delimited(_KEYS, key.encode()) + b"".join(pack.messages)
    return key, _MAGIC + body + hashlib.md5(body, usedforsecurity=False).digest()


def _delimited(number: int, content: bytes) -> bytes:
    return bytes([number << 3 | _DELIMITED]) + _as_varint(len(content)) + content


def _as_varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])


def _fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield number and content of each field; a number has no content, as none is needed."""
    position = 0
    while position < len(message):
        key, position = _varint(message, position)
        number, kind = key >> 3, key & 7
        if kind == _VARINT:
            _, position = _varint(message, position)
            yield number, b""
            continue
        if kind == _DELIMITED:
            length, position = _varint(message, position)
        elif kind in (_EIGHT_BYTES, _FOUR_BYTES):
            length = 8 if kind == _EIGHT_BYTES else 4
        else:
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
