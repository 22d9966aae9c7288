"""History of each primary key: all versions of its row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from attrs import evolve

from lake_blueprints.contracts import Column, ContractError, Dataset, DataType
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.processing.curation.newest import check_deletion, check_order

# As the script writes them; a test holds them together.
VALID_FROM, VALID_TO, CURRENT = "valid_from", "valid_to", "is_current"


@checked
@dataclass(frozen=True, kw_only=True)
class History:
    """Of the rows with one primary key all, each with the time for which it was valid: a slowly changing dimension.

    The table has three more columns, and `valid_from` is part of its primary key. `valid_from` and `valid_to` have the
    type of `by`; a version is valid from the one to just before the other, which is null for the current version.
    `is_current` says whether it is that. A record that comes late takes its place in the order. A deletion is a row
    whose `valid_to` is its `valid_from`: it was valid for no time, and ends the version before it. So does a record
    that is left out, by a filter, a null or an inner join, of which only the key and `by` are written.

    Parameters
    ----------
    by: str
        Column that orders the versions of a key, such as the time of the change; it must be written, and a record
        without a value is refused. Of records of one key with the same value, the last that arrived counts.
    deleted: str, optional
        Spark SQL condition over the dataset's columns under which a record deletes its key, such as `op = 'D'`. By
        default none does.

    Example
    -------
        >>> Curation(keep=History(by="updated_at", deleted="op = 'D'"), drop=["op"])
    """

    plan_key: ClassVar[str] = "history"

    by: str
    deleted: str | None = None

    def check(self, dataset: Dataset, written: Mapping[str, DataType], known: Mapping[str, DataType]) -> None:
        """Hold the choice against the columns of a dataset.

        Raises
        ------
        ContractError
            If there is no primary key, the column is not written or has parts, Spark cannot compute the condition, or
            a column has the name of one that is added.
        """
        check_order(self.by, dataset, written)
        if (kind := written[self.by]).nested:
            raise ContractError(f"'keep' orders by '{self.by}', a {kind}; choose a column without parts")
        check_deletion(self.deleted, known)
        for name in known:
            if name.lower() in (VALID_FROM, VALID_TO, CURRENT):
                raise ContractError(
                    f"'keep' adds a column '{name.lower()}', and dataset '{dataset.name}' has one; rename that one"
                )

    def versioned(self, dataset: Dataset) -> Dataset:
        """Return the dataset with the columns that are added; the times are as restricted as `by`."""
        order = dataset.column(self.by)
        times = [
            Column(
                name=name,
                type=order.type,
                description=description,
                classification=order.classification,
                masking=order.masking,
                tags=order.tags,
                classifications=order.classifications,
            )
            for name, description in (
                (VALID_FROM, f"The row's '{self.by}', from which it was valid."),
                (VALID_TO, f"The '{self.by}' of the next version, at which it ended; null if it is current."),
            )
        ]
        current = Column(
            name=CURRENT,
            type="boolean",
            description="Whether it is the current version of its key.",
            classifications=dataset.classifications,
        )
        versions = [evolve(column, unique=False) for column in dataset.columns]
        return evolve(dataset, columns=[*versions, *times, current], primary_key=[*dataset.primary_key, VALID_FROM])
