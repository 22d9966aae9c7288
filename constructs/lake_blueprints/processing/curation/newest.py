"""Choice of the newest row of each primary key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from lake_blueprints.contracts import ContractError, Dataset, DataType
from lake_blueprints.contracts.spark_sql import check_expression
from lake_blueprints.foundation.arguments import checked


@checked
@dataclass(frozen=True, kw_only=True)
class Newest:
    """Of the rows with one primary key the newest, in the place of the first; records may be changes and deletions.

    A row whose newest record is left out, by a filter, a null or an inner join, leaves the table as if it were deleted.

    Parameters
    ----------
    by: str, optional
        Column by which rows of one key are older or newer, such as a version or the time of the change; it must be
        written. Rows older than the table's count as duplicates. By default what arrived last is the newest.
    deleted: str, optional
        Spark SQL condition over the dataset's columns under which a record deletes the row of its key, such as
        `op = 'D'`. By default none does.

    Example
    -------
        >>> Curation(keep=Newest(by="updated_at", deleted="op = 'D'"), drop=["op"])
    """

    plan_key: ClassVar[str] = "newest"

    by: str | None = None
    deleted: str | None = None

    def check(self, dataset: Dataset, written: Mapping[str, DataType], known: Mapping[str, DataType]) -> None:
        """Hold the choice against the columns of a dataset.

        Raises
        ------
        ContractError
            If there is no primary key, the column is not written, or Spark cannot compute the condition.
        """
        check_order(self.by, dataset, written)
        check_deletion(self.deleted, known)


def check_order(by: str | None, dataset: Dataset, written: Mapping[str, DataType]) -> None:
    """Refuse an order of rows without a key, or by a column that is not written."""
    if not dataset.primary_key:
        raise ContractError(f"'keep' chooses by primary key, and dataset '{dataset.name}' has none")
    if by is not None and by not in written:
        raise ContractError(f"'keep' orders by '{by}', which is not written; written are {', '.join(written)}")


def check_deletion(deleted: str | None, known: Mapping[str, DataType]) -> None:
    """Refuse a condition that Spark cannot compute."""
    if deleted is not None:
        try:
            check_expression(deleted, known)
        except ContractError as error:
            raise ContractError(f"'keep' deletes where {deleted!r}: {error}") from None
