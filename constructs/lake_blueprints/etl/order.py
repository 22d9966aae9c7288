"""Which datasets are curated before which."""

from __future__ import annotations

from collections.abc import Mapping

from lake_blueprints.contracts import Dataset
from lake_blueprints.etl.plan import Curation


def in_waves(datasets: Mapping[str, Dataset], curations: Mapping[str, Curation]) -> list[list[Dataset]]:
    """Return the datasets in waves: each joins only datasets of waves before its own.

    Raises
    ------
    ValueError
        If datasets join each other in a circle.
    """
    depths: dict[str, int] = {}

    def depth(name: str, path: tuple[str, ...] = ()) -> int:
        if name in path:
            raise ValueError(f"'curations' join in a circle: {' -> '.join((*path, name))}; break it")
        if name not in depths:
            joins = curations[name].joins if name in curations else ()
            below = [depth(join.reference.name, (*path, name)) for join in joins]
            depths[name] = 1 + max(below, default=-1)
        return depths[name]

    waves: list[list[Dataset]] = [[] for _ in range(1 + max(depth(name) for name in datasets))]
    for name, dataset in datasets.items():
        waves[depths[name]].append(dataset)
    return waves
