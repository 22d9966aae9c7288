"""The newest record of each key among those of a batch."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from lake_sinks.batches import Row


@dataclass(frozen=True, kw_only=True)
class Newest:
    """Rule by which the newest record is known, and what of it is kept.

    Parameters
    ----------
    keys: sequence of str
        Columns of the key.
    event_time: str
        Column by which a record is newer than another.
    deleted: str, optional
        Boolean column that is true in records which delete their key. By default no record deletes.
    lifetime: int, optional
        Seconds after which a record expires that was not written again. By default it stays.
    """

    keys: Sequence[str]
    event_time: str
    deleted: str | None = None
    lifetime: int | None = None

    @classmethod
    def load(cls) -> Newest:
        """Return what the variables of the function say."""
        lifetime = os.environ.get("LIFETIME_SECONDS")
        return cls(
            keys=os.environ["KEYS"].split(","),
            event_time=os.environ["EVENT_TIME"],
            deleted=os.environ.get("DELETED"),
            lifetime=int(lifetime) if lifetime else None,
        )

    def of(self, rows: Iterable[Row], *, also: str | None = None) -> list[Row]:
        """Return the newest row of each key; of rows of the same time, the last one.

        Parameters
        ----------
        rows: iterable of dict
            The rows, in the order of the stream.
        also: str, optional
            Column that a row which deletes keeps beside its keys, its time and its mark. By default none.
        """
        found: dict[tuple[Any, ...], Row] = {}
        for row in rows:
            key = tuple(row[name] for name in self.keys)
            if key not in found or found[key][self.event_time] <= row[self.event_time]:
                found[key] = row
        return [self._kept(row, also) for row in found.values()]

    def _kept(self, row: Row, also: str | None) -> Row:
        if self.deleted is None or not row.get(self.deleted):
            return row
        # The time stays, since without it an older record would be the newest one.
        names = {*self.keys, self.event_time, self.deleted, also}
        return {name: value for name, value in row.items() if name in names}
