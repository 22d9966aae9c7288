"""Changes of items, as exports and streams need them: when, which key, from what to what."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Image = dict[str, Any]
Key = tuple[str, ...]

_MICROS = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Change:
    """A change of one item.

    Parameters
    ----------
    micros: int
        When it was written, in microseconds since 1970; unique in a table.
    keys: Image
        The primary key.
    old, new: Image, optional
        The item before and after; None: there was none.
    by_service: bool
        Whether DynamoDB itself has deleted the item, because its time to live had passed.
    """

    micros: int
    keys: Image
    old: Image | None
    new: Image | None
    by_service: bool = False

    @property
    def event(self) -> str:
        if self.old is None:
            return "INSERT"
        return "MODIFY" if self.new is not None else "REMOVE"


@dataclass
class History:
    """All changes of one table, in the order in which they were written."""

    table_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    changes: list[Change] = field(default_factory=list)

    def next_micros(self) -> int:
        """Return the present time, later than every change."""
        last = self.changes[-1].micros if self.changes else 0
        return max(time.time_ns() // 1000, last + 1)

    def between(self, start: int, end: int) -> list[Change]:
        """Return one change for each item that differs: those from `start` on and before `end`, put together.

        An item that was inserted and deleted in between is left out, as DynamoDB leaves it out.
        """
        found: dict[Key, Change] = {}
        for change in self.changes:
            if start <= change.micros < end:
                first = found.get(identity(change.keys), change)
                found[identity(change.keys)] = Change(
                    micros=change.micros, keys=change.keys, old=first.old, new=change.new
                )
        return [change for change in found.values() if change.old is not None or change.new is not None]

    def rewind(self, items: list[Image], keys_of: Callable[[Image], Image], micros: int) -> list[Image]:
        """Return the items as they were before everything that was written from `micros` on."""
        state = {identity(keys_of(item)): item for item in items}
        for change in reversed(self.changes):
            if change.micros < micros:
                break
            if change.old is None:
                state.pop(identity(change.keys), None)
            else:
                state[identity(change.keys)] = change.old
        return list(state.values())


class Histories:
    """The histories of all tables, and a lock that each write and each snapshot holds."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.all: dict[str, History] = {}

    def of(self, table: Any) -> History:
        """Return the history of one of moto's tables; a table that is created again under its name has another one."""
        # moto copies tables during transactions, and with them what is kept beside their data.
        table_id: str = table.__dict__.setdefault("local_cloud_id", str(uuid.uuid4()))
        return self.all.setdefault(table_id, History(table_id=table_id))


def identity(keys: Image) -> Key:
    """Return what tells keys apart."""
    return tuple(f"{name}={value}" for name, value in sorted(keys.items()))


def seconds(micros: int) -> float:
    return micros / _MICROS


def micros(seconds: float) -> int:
    return round(seconds * _MICROS)


def size_of(image: Image | None) -> int:
    """Return the bytes of an item: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html."""
    return sum(len(name.encode()) + _size(value) for name, value in (image or {}).items())


def _size(value: dict[str, Any]) -> int:
    (kind, content), *_ = value.items()
    sizes: dict[str, Callable[[], int]] = {
        "S": lambda: len(content.encode()),
        "N": lambda: _size_of_number(content),
        "B": lambda: len(content) * 3 // 4 - str(content[-2:]).count("="),
        "L": lambda: 3 + sum(1 + _size(each) for each in content),
        "M": lambda: 3 + len(content) + size_of(content),
        **dict.fromkeys(("SS", "NS", "BS"), lambda: sum(_size({kind[0]: each}) for each in content)),
    }
    return sizes.get(kind, lambda: 1)()


def _size_of_number(text: str) -> int:
    digits = text.lstrip("-").lower().partition("e")[0].replace(".", "").strip("0")
    return (len(digits) + 1) // 2 + 1 + text.startswith("-")
