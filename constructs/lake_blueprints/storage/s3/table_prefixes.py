"""Prefixes of a zone that tables read, and those that an Iceberg table has to itself."""

from __future__ import annotations

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
        self._shared: list[tuple[str, str]] = []
        self._reserved: list[tuple[str, str]] = []

    def share(self, prefix: str, reader: str) -> None:
        """Add a prefix that others may read as well, unless it is reserved."""
        self._refuse(prefix, reader, self._reserved)
        self._shared.append((prefix, reader))

    def reserve(self, prefix: str, reader: str) -> None:
        """Add a prefix that nothing else may read.

        Raises
        ------
        ValueError
            If another prefix lies above or below it, or is the same.
        """
        self._refuse(prefix, reader, [*self._shared, *self._reserved])
        self._reserved.append((prefix, reader))

    def _refuse(self, prefix: str, reader: str, others: list[tuple[str, str]]) -> None:
        for other, owner in others:
            if _overlap(prefix, other):
                raise ValueError(
                    f"{reader} lies at '{prefix}' of zone '{self._zone}', where {owner} has '{other}': an Iceberg "
                    "table deletes files below its prefix that it does not know, and others would read files that it "
                    "no longer has; give one of them another prefix"
                )


def _overlap(one: str, other: str) -> bool:
    # What a token stands for is not known yet.
    known = not Token.is_unresolved(one) and not Token.is_unresolved(other)
    return known and (one.startswith(other) or other.startswith(one))
