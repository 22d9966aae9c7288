"""Columns that queries, rules and jobs use, found in their SQL."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Protocol, runtime_checkable

from attrs import field, frozen

from lake_blueprints.contracts.dataset import Dataset
from lake_blueprints.contracts.evolution.changes import Change

# What is no name: comments, and text in quotes, in which a doubled quote is one.
_NO_NAMES = re.compile(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'", re.DOTALL)
_NAME = re.compile(r"[^\W\d]\w*")
_EVERYTHING = re.compile(r"\bselect\s+(?:distinct\s+)?(?:\w+\s*\.\s*)?\*", re.IGNORECASE)


@frozen
class Consumer:
    """Consumer of a dataset: a query, a job or a person.

    Parameters
    ----------
    name: str
        What it is, for instance `query 'delays.sql'`.
    dataset: str
        Catalog name of the dataset.
    columns: frozenset of str, optional
        Catalog names of the columns that it uses. By default all of them.
    """

    name: str
    dataset: str
    columns: frozenset[str] | None = field(default=None)

    def notices(self, change: Change) -> bool:
        """Tell whether the change is about something that it uses."""
        if change.dataset != self.dataset:
            return False
        return self.columns is None or not change.columns or not self.columns.isdisjoint(change.columns)


@runtime_checkable
class HasConsumers(Protocol):
    """A construct that uses columns of datasets."""

    def consumers(self) -> Iterable[Consumer]:
        """Return what uses which columns."""
        ...


def names_in(sql: str) -> frozenset[str]:
    """Return every name in SQL, in lower case; comments and text in quotes hold none."""
    return frozenset(name.lower() for name in _NAME.findall(_NO_NAMES.sub(" ", sql)))


def sql_consumers(name: str, sql: str, datasets: Iterable[Dataset]) -> Iterator[Consumer]:
    """Return what a statement uses: a dataset that it names, and of that the columns that it names."""
    names = names_in(sql)
    everything = _EVERYTHING.search(_NO_NAMES.sub(" ", sql)) is not None
    for dataset in datasets:
        if dataset.name in names:
            yield Consumer(name, dataset.name, None if everything else names & frozenset(dataset.column_names))


def related_consumers(datasets: Iterable[Dataset]) -> Iterator[Consumer]:
    """Return the datasets whose relationships lead to columns of others."""
    for dataset in datasets:
        for relationship in dataset.relationships:
            yield Consumer(
                f"relationship of dataset '{dataset.name}'", relationship.dataset, frozenset(relationship.references)
            )
