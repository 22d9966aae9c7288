"""Joins that the contracts offer: relationships that lead to the whole key of another dataset."""

from __future__ import annotations

from collections.abc import Iterable

from lake_blueprints.contracts import Dataset
from lake_blueprints.foundation.arguments import checked_function
from lake_blueprints.processing.curation.plan import ReferenceJoin


@checked_function
def related_joins(dataset: Dataset, datasets: Iterable[Dataset]) -> list[ReferenceJoin]:
    """Return a join for each relationship of a dataset that can be one, with all columns that the dataset lacks.

    A relationship is a join if its columns are the primary key of the other dataset, so that they identify one row,
    and if they have the same names in both. Of several that lead to the same dataset only the first one is; a column
    that several datasets offer is taken from the first.

    Parameters
    ----------
    dataset: Dataset
        Whose relationships.
    datasets: iterable of Dataset
        What may be joined; relationships that lead elsewhere are left out.

    Example
    -------
        >>> curation = Curation(joins=related_joins(contract["flights"], contract.datasets))
    """
    others = {other.name: other for other in datasets if other.name != dataset.name}
    taken = set(dataset.column_names)
    joins: dict[str, ReferenceJoin] = {}
    for relationship in dataset.relationships:
        other = others.get(relationship.dataset)
        same_names = relationship.columns == relationship.references
        if other is None or other.name in joins or not same_names:
            continue
        if set(relationship.references) != set(other.primary_key):
            continue
        offered = [name for name in other.column_names if name not in taken]
        taken.update(offered)
        joins[other.name] = ReferenceJoin(reference=other, on=relationship.columns, columns=offered)
    return list(joins.values())
