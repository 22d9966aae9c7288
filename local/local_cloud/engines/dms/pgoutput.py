"""Decoder of PostgreSQL's logical replication messages.

https://www.postgresql.org/docs/current/protocol-logicalrep-message-formats.html
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class RelationColumn:
    """A column of a relation: its name, the OID of its type with the modifier, and whether it is of the key."""

    name: str
    type: int
    modifier: int
    key: bool


@dataclass(frozen=True, kw_only=True)
class Relation:
    """A table as it was when a change was made."""

    schema: str
    name: str
    columns: tuple[RelationColumn, ...]


@dataclass(frozen=True, kw_only=True)
class Change:
    """A row that was inserted (I), updated (U) or deleted (D), or a table that was truncated (T).

    `values` are texts; of a deletion only the key is known, unless the table logs whole rows. `old` is what an update
    says of the row before: the key if it has changed, all of it if the table logs whole rows.
    """

    operation: str
    relation: Relation
    values: dict[str, str | None]
    committed: datetime
    old: dict[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Commit:
    """The end of a transaction, and the position in the log after it."""

    end: str


def decode(messages: Iterable[bytes]) -> Iterator[Change | Commit]:
    """Yield the changes and commits of messages, which begin with those of the relations."""
    relations: dict[int, Relation] = {}
    committed = _EPOCH
    for message in messages:
        kind, reader = message[:1], _Reader(message[1:])
        if kind == b"B":
            reader.take(8)
            committed = _EPOCH + timedelta(microseconds=reader.number(8))
        elif kind == b"R":
            identity, relation = _relation(reader)
            relations[identity] = relation
        elif kind in (b"I", b"U", b"D"):
            yield _change(kind.decode(), relations[reader.number(4)], reader, committed)
        elif kind == b"T":
            count, _ = reader.number(4), reader.number(1)
            for _ in range(count):
                yield Change(operation="T", relation=relations[reader.number(4)], values={}, committed=committed)
        elif kind == b"C":
            reader.take(9)
            end = reader.number(8)
            yield Commit(end=f"{end >> 32:X}/{end & 0xFFFFFFFF:X}")


def _relation(reader: _Reader) -> tuple[int, Relation]:
    identity, schema, name = reader.number(4), reader.text(), reader.text()
    reader.take(1)
    columns = []
    for _ in range(reader.number(2)):
        flags = reader.number(1)
        columns.append(
            RelationColumn(name=reader.text(), type=reader.number(4), modifier=reader.number(4), key=bool(flags & 1))
        )
    return identity, Relation(schema=schema, name=name, columns=tuple(columns))


def _change(operation: str, relation: Relation, reader: _Reader, committed: datetime) -> Change:
    old: dict[str, str | None] = {}
    new: dict[str, str | None] = {}
    while not reader.done:
        tag = reader.take(1)
        found, unchanged = _tuple(relation, reader)
        if tag == b"N":
            # A long value that an update leaves alone is not logged again, but in the old row where that is logged.
            new = found | {name: old.get(name) for name in unchanged}
            continue
        keys = {column.name for column in relation.columns if column.key}
        old = found if tag == b"O" else {name: value for name, value in found.items() if name in keys}
    values = old if operation == "D" else new
    return Change(operation=operation, relation=relation, values=values, committed=committed, old=old)


def _tuple(relation: Relation, reader: _Reader) -> tuple[dict[str, str | None], list[str]]:
    values: dict[str, str | None] = {}
    unchanged = []
    for number in range(reader.number(2)):
        name, kind = relation.columns[number].name, reader.take(1)
        if kind == b"t":
            values[name] = reader.take(reader.number(4)).decode()
            continue
        values[name] = None
        if kind == b"u":
            unchanged.append(name)
    return values, unchanged


class _Reader:
    def __init__(self, content: bytes) -> None:
        self._content, self._at = content, 0

    @property
    def done(self) -> bool:
        return self._at >= len(self._content)

    def take(self, length: int) -> bytes:
        self._at += length
        return self._content[self._at - length : self._at]

    def number(self, length: int) -> int:
        form = {1: ">B", 2: ">h", 4: ">i", 8: ">q"}[length]
        return int(struct.unpack(form, self.take(length))[0])

    def text(self) -> str:
        end = self._content.index(b"\0", self._at)
        found = self.take(end - self._at).decode()
        self._at += 1
        return found
