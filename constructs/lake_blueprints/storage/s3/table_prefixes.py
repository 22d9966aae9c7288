"""Prefixes of a zone that tables read, and those that an Iceberg table has to itself."""

from __future__ import annotations

from bisect import bisect_left, insort

from aws_cdk import Token


class TablePrefixes:
    """The prefixes of one zone.

    Parameters
    ----------
    zone: str
        Path of the zone, for messages.
    """

    def __init__(self, zone: str) -> None:
        self._zone = zone
        self._all = _Readers()
        self._reserved = _Readers()

    def share(self, prefix: str, reader: str) -> None:
        """Add a prefix that others may read as well, unless it is reserved."""
        self._add(prefix, reader, unless=self._reserved)

    def reserve(self, prefix: str, reader: str) -> None:
        """Add a prefix that nothing else may read.

        Raises
        ------
        ValueError
            If another prefix lies above or below it, or is the same.
        """
        if self._add(prefix, reader, unless=self._all):
            self._reserved.add(prefix, reader)

    def _add(self, prefix: str, reader: str, *, unless: _Readers) -> bool:
        # What a token stands for is not known yet.
        if Token.is_unresolved(prefix):
            return False
        if (other := unless.overlapping(prefix)) is not None:
            raise ValueError(
                f"{reader} lies at '{prefix}' of zone '{self._zone}', where {unless.of(other)} has '{other}': an "
                "Iceberg table deletes files below its prefix that it does not know, and others would read files that "
                "it no longer has; give one of them another prefix"
            )
        self._all.add(prefix, reader)
        return True


class _Readers:
    """Prefixes with their first readers, sorted: a lake of thousands of tables asks for each of them."""

    def __init__(self) -> None:
        self._sorted: list[str] = []
        self._readers: dict[str, str] = {}

    def add(self, prefix: str, reader: str) -> None:
        if prefix not in self._readers:
            insort(self._sorted, prefix)
            self._readers[prefix] = reader

    def of(self, prefix: str) -> str:
        return self._readers[prefix]

    def overlapping(self, prefix: str) -> str | None:
        """Return a prefix above or below this one, or the same; None if there is none."""
        for length in range(len(prefix) + 1):
            if prefix[:length] in self._readers:
                return prefix[:length]
        # Those below it follow it directly.
        index = bisect_left(self._sorted, prefix)
        if index < len(self._sorted) and self._sorted[index].startswith(prefix):
            return self._sorted[index]
        return None
