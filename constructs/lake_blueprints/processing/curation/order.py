"""Dependency levels of curated datasets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from lake_blueprints.contracts import Dataset
from lake_blueprints.processing.curation.plan import Curation

# A line that names more is read by nobody.
_MOST_NAMED = 10


def dependency_levels(datasets: Mapping[str, Dataset], curations: Mapping[str, Curation]) -> list[list[Dataset]]:
    """Return the datasets in waves: each joins only datasets of waves before its own.

    Raises
    ------
    ValueError
        If datasets join each other in a circle.
    """
    joined = {name: [join.reference.name for join in curation.joins] for name, curation in curations.items()}
    order = TopologicalSorter({name: joined.get(name, ()) for name in datasets})
    try:
        order.prepare()
    except CycleError as error:
        # graphlib lists it against the joins.
        raise ValueError(f"'curations' join in a circle: {_way(error.args[1][::-1], datasets)}; break it") from None
    waves: list[list[Dataset]] = []
    while order.is_active():
        ready = order.get_ready()
        wave = set(ready)
        waves.append([dataset for name, dataset in datasets.items() if name in wave])
        order.done(*ready)
    return waves


def _way(circle: Sequence[str], datasets: Mapping[str, Dataset]) -> str:
    """Return a circle as text, beginning with the first of the datasets that is in it."""
    names = list(circle[1:])
    first = names.index(next(name for name in datasets if name in names))
    names = names[first:] + names[:first]
    left_out = len(names) - _MOST_NAMED
    shown = names if left_out <= 0 else [*names[:_MOST_NAMED], f"{left_out} more"]
    return " -> ".join([*shown, names[0]])
