"""Datasets of several contracts together, each under its name."""

from __future__ import annotations

from collections.abc import Iterable

from lake_blueprints.contracts.dataset import Dataset
from lake_blueprints.contracts.errors import ContractError


def by_name(datasets: Iterable[Dataset]) -> dict[str, Dataset]:
    """Return the datasets by their names.

    Raises
    ------
    ContractError
        If there is none, or two have one name.
    """
    found: dict[str, Dataset] = {}
    for dataset in datasets:
        if dataset.name in found:
            raise ContractError(f"'datasets' has two named '{dataset.name}'; rename one")
        found[dataset.name] = dataset
    if not found:
        raise ContractError("'datasets' must hold at least one dataset, got none")
    return found
