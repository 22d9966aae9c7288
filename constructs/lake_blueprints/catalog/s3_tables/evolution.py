"""Changes of a dataset that a table of S3 Tables follows, whose columns the template can describe once only."""

from __future__ import annotations

from lake_blueprints.contracts import Dataset, DataType
from lake_blueprints.contracts.evolution.widening import widens


def check_evolution(created_as: Dataset, dataset: Dataset) -> None:
    """Refuse changes that a curation job could not make in the table.

    Raises
    ------
    ValueError
        If a column is gone, or has another type that is not a wider one.
    """
    for column in created_as.columns:
        if column.name not in dataset.column_names:
            raise ValueError(
                f"dataset '{dataset.name}' no longer has the column '{column.name}', with which its table was created; "
                "keep it in the contract, or make another table"
            )
        before, after = column.type, dataset.column(column.name).type
        if before.iceberg != after.iceberg and not _is_wider(before, after):
            raise ValueError(
                f"the type of '{column.name}' of dataset '{dataset.name}' was {before} when its table was created and "
                f"is {after}; Iceberg widens int to bigint, float to double, and decimals before the point: give the "
                "column another name"
            )
        if before.nested and str(before) != str(after):
            raise ValueError(
                f"the type of '{column.name}' of dataset '{dataset.name}' was {before} when its table was created and "
                f"is {after}; nested types stay as they are: give the column another name"
            )


def _is_wider(before: DataType, after: DataType) -> bool:
    """Tell whether a type is wider, as the curation has it, and one that Iceberg reads older files as."""
    return widens(before, after) and getattr(before, "scale", None) == getattr(after, "scale", None)
