"""Columns by the names that options give."""

from __future__ import annotations

from lake_blueprints.contracts import Column, Dataset, ScalarType


def column_of(dataset: Dataset, name: str, option: str) -> Column:
    """Return a column that an option names.

    Raises
    ------
    ValueError
        If there is no such column, with those that there are.
    """
    if name not in dataset.column_names:
        raise ValueError(
            f"'{option}' names '{name}', which is not a column of dataset '{dataset.name}'; its columns are "
            f"{', '.join(dataset.column_names)}"
        )
    return dataset.column(name)


def kind_of(column: Column) -> str | None:
    """Return the name of a column's type without its digits, None if it has parts."""
    return column.type.name if isinstance(column.type, ScalarType) else None
