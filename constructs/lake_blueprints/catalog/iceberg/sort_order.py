"""Sort order of an Iceberg table's files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aws_cdk import aws_glue as glue

from lake_blueprints.catalog.iceberg.field_ids import FieldIds
from lake_blueprints.contracts import Dataset
from lake_blueprints.foundation.arguments import checked

_TABLE = glue.CfnTable


@checked
@dataclass(frozen=True)
class SortField:
    """A column that rows are sorted by within each file.

    Parameters
    ----------
    column: str
        Name of the column.
    descending: bool
        Whether the largest value comes first. By default the smallest does.
    nulls_first: bool, optional
        Whether rows without a value come first. By default they do in ascending order, as in Spark.

    Example
    -------
        >>> sort_order = [SortField("carrier"), SortField("delay", descending=True)]
    """

    column: str
    descending: bool = False
    nulls_first: bool | None = None

    @property
    def direction(self) -> str:
        """The direction as Iceberg writes it."""
        return "desc" if self.descending else "asc"

    @property
    def null_order(self) -> str:
        """The place of rows without a value, as Iceberg writes it."""
        first = not self.descending if self.nulls_first is None else self.nulls_first
        return "nulls-first" if first else "nulls-last"


def check_sort_order(dataset: Dataset, fields: Sequence[SortField]) -> None:
    """Refuse a sort order that does not fit a dataset.

    Raises
    ------
    ValueError
        If a field is not a column without parts, or is there twice.
    """
    seen: set[str] = set()
    for field in fields:
        if field.column not in dataset.column_names:
            allowed = ", ".join(dataset.column_names)
            raise ValueError(f"'sort_order' of '{dataset.name}' must be of its columns {allowed}, got '{field.column}'")
        if (kind := dataset.column(field.column).type).nested:
            raise ValueError(
                f"'sort_order' of '{dataset.name}' must be of columns without parts, got '{field.column}', a {kind}"
            )
        if field.column in seen:
            raise ValueError(f"'sort_order' of '{dataset.name}' names '{field.column}' twice; leave one out")
        seen.add(field.column)


def sort_order_of(
    dataset: Dataset, fields: Sequence[SortField], ids: FieldIds
) -> glue.CfnTable.IcebergSortOrderProperty | None:
    """Return the sort order, None without one.

    Raises
    ------
    ValueError
        If it does not fit the dataset.
    """
    check_sort_order(dataset, fields)
    if not fields:
        return None
    return _TABLE.IcebergSortOrderProperty(order_id=1, fields=[_rendered(dataset, field, ids) for field in fields])


def _rendered(dataset: Dataset, field: SortField, ids: FieldIds) -> glue.CfnTable.IcebergSortFieldProperty:
    return _TABLE.IcebergSortFieldProperty(
        source_id=ids.of_column(dataset.column(field.column)),
        transform="identity",
        direction=field.direction,
        null_order=field.null_order,
    )
