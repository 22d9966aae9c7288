"""Finding what concerns a prefix without looking at everything."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import chain
from typing import Generic, TypeVar

T = TypeVar("T")


class PrefixIndex(Generic[T]):
    """Values by the first folder of their prefixes.

    Two prefixes that have folders can only concern each other if the first one is the same. With a thousand tables,
    comparing each grant with all of them would take as long as everything else in a synth.
    """

    def __init__(self) -> None:
        self._values: defaultdict[str | None, list[T]] = defaultdict(list)

    def add(self, prefix: str | None, value: T) -> None:
        self._values[_folder(prefix)].append(value)

    def near(self, prefix: str | None) -> Iterator[T]:
        """Return the values whose prefix may begin with this one, or this one with theirs."""
        folder = _folder(prefix)
        found = self._values.values() if folder is None else (self._values[None], self._values[folder])
        return iter(list(chain.from_iterable(found)))


def _folder(prefix: str | None) -> str | None:
    folder, slash, _ = (prefix or "").partition("/")
    return folder if slash else None
