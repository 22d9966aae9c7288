"""Columns of a dataset that a stream sink takes from the records."""

from __future__ import annotations

from collections.abc import Iterable

from lake_blueprints.contracts import Column, Dataset

ORDERED = ("tinyint", "smallint", "int", "bigint", "float", "double", "decimal", "date", "timestamp")


def taken_columns(dataset: Dataset, *, restricted: bool) -> tuple[Column, ...]:
    """Return the columns of a dataset, without those that are restricted unless they are asked for."""
    return tuple(column for column in dataset.columns if restricted or not column.restricted)


def check_columns(option: str, names: Iterable[str], dataset: Dataset, columns: Iterable[Column]) -> None:
    """Refuse names that are no columns, or are restricted ones that are not taken.

    Raises
    ------
    ValueError
        With the option and the name.
    """
    taken = [column.name for column in columns]
    for name in names:
        if name not in dataset.column_names:
            known = ", ".join(dataset.column_names)
            raise ValueError(f"{option} has '{name}', which is no column of '{dataset.name}'; its columns are {known}")
        if name not in taken:
            raise ValueError(f"{option} has the restricted column '{name}'; give 'restricted=True' to take it")
