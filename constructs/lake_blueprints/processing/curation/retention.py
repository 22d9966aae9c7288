"""Deletion of the rows of an Iceberg table that are older than a contract wants them kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lake_blueprints.contracts import ContractError, DataType
from lake_blueprints.foundation.arguments import checked

_TYPES = ("date", "timestamp", "timestamp_ntz")
# What an int of Spark's interval holds, and longer than any archive.
_MOST_DAYS = 36_500


@checked
@dataclass(frozen=True, kw_only=True)
class RowRetention:
    """Rows are deleted in the first run after they have reached an age; their files go with the snapshots.

    Parameters
    ----------
    by: str
        Column from whose time on a row is kept: a date or timestamp, which must be written. Rows without a value stay.
    days: int
        Age at which a row is deleted, in days, 1 to 36,500.

    Raises
    ------
    ContractError
        If the days are out of range.

    Example
    -------
        >>> Curation(retention=RowRetention(by="ordered", days=400))
    """

    by: str
    days: int

    def __post_init__(self) -> None:
        if not 1 <= self.days <= _MOST_DAYS:
            raise ContractError(f"'days' of a retention must be 1 to {_MOST_DAYS:,}, got {self.days:,}")

    def check(self, written: Mapping[str, DataType]) -> None:
        """Hold the choice against the columns of a table.

        Raises
        ------
        ContractError
            If the column is not written, or holds no time.
        """
        if self.by not in written:
            raise ContractError(
                f"'retention' goes by '{self.by}', which is not written; written are {', '.join(written)}"
            )
        if written[self.by].spark not in _TYPES:
            raise ContractError(
                f"'retention' goes by '{self.by}', which is a {written[self.by].spark}; it must be one of "
                f"{', '.join(_TYPES)}"
            )
