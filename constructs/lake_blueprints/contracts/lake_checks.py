"""Refusals of datasets that no lake can be made of together, before a resource is defined."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import timedelta
from functools import partial

from lake_blueprints.contracts.dataset import Dataset, DatasetFormat
from lake_blueprints.contracts.dqdl import compile_ruleset
from lake_blueprints.contracts.errors import ContractError
from lake_blueprints.contracts.recurrence import Recurrence

# What a delivery stream collects for where a lake is not told otherwise, and the shortest pause of a schedule.
DELIVERY_BUFFER = timedelta(seconds=300)
SHORTEST_PAUSE = timedelta(minutes=1)
_HALF = re.compile(r"\b(float16|half_?float)\b", re.IGNORECASE)
_UNITS = (("day", timedelta(days=1)), ("hour", timedelta(hours=1)), ("minute", timedelta(minutes=1)))


def refusals(datasets: Mapping[str, Dataset]) -> Iterator[tuple[Dataset, str]]:
    """Return why no lake can be made of datasets as they are: each with the dataset that it is about.

    Parameters
    ----------
    datasets: mapping of str to Dataset
        Those of the lake, by name.
    """
    for dataset in datasets.values():
        checks: tuple[Callable[[], object], ...] = (
            partial(check_relationships, dataset, datasets),
            partial(check_parquet, dataset),
            partial(check_schedule, dataset),
            partial(check_latency, dataset, DELIVERY_BUFFER if dataset.format is DatasetFormat.JSON else timedelta()),
            dataset.masked,
            partial(compile_ruleset, dataset, others=datasets.keys() - {dataset.name}),
        )
        for check in checks:
            try:
                check()
            except ContractError as error:
                yield dataset, str(error)


def check_relationships(dataset: Dataset, others: Mapping[str, Dataset]) -> None:
    """Refuse keys of columns that the other dataset does not have; one that is not in the lake is not known.

    Raises
    ------
    ContractError
        With the column, and those that there are.
    """
    for relationship in dataset.relationships:
        target = others.get(relationship.dataset)
        for name in relationship.references if target else ():
            if target and name not in target.column_names:
                raise ContractError(
                    f"dataset '{dataset.name}': its {', '.join(relationship.columns)} cannot be a key of "
                    f"'{target.name}.{name}', which is not a column; '{target.name}' has {_listed(target.column_names)}"
                )


def check_parquet(dataset: Dataset) -> None:
    """Refuse columns of half precision in files of Parquet, of which Spark 3.5 reads no column.

    Raises
    ------
    ContractError
        With the column and its type.
    """
    for column in dataset.columns if dataset.format is DatasetFormat.PARQUET else ():
        written = {"": column.declared_type, **{part.path: part.declared_type for part in column.parts}}
        for path, text in written.items():
            if found := _HALF.search(text or ""):
                raise ContractError(
                    f"dataset '{dataset.name}': '{column.name}{path}' is {found[1]} in files of Parquet, which Spark "
                    "cannot read; let the producer write FLOAT, and declare that"
                )


def check_schedule(dataset: Dataset) -> None:
    """Refuse a schedule that has no form in EventBridge.

    Raises
    ------
    ContractError
        With the expression.
    """
    if schedule := dataset.service_levels.schedule:
        try:
            Recurrence.of_contract(schedule)
        except ValueError as error:
            raise ContractError(f"dataset '{dataset.name}': {error}") from None


def check_latency(dataset: Dataset, collected: timedelta) -> None:
    """Refuse a latency that the buffer of the delivery alone uses up.

    Parameters
    ----------
    dataset: Dataset
        Whose contract promises it.
    collected: timedelta
        How long its delivery collects records; zero where files are uploaded.

    Raises
    ------
    ContractError
        With what would keep the promise.
    """
    latency = dataset.service_levels.latency
    if latency is None or collected < latency:
        return
    promise = f"dataset '{dataset.name}' promises a latency of {in_words(latency)}"
    if latency <= SHORTEST_PAUSE:
        raise ContractError(
            f"{promise}, but a pipeline starts once in {in_words(SHORTEST_PAUSE)} at most, so no table keeps it; "
            "promise a longer one"
        )
    seconds = int(latency.total_seconds() // 2)
    raise ContractError(
        f"{promise}, but its delivery collects records for up to {in_words(collected)}, to which the time until the "
        f"next start of the pipeline is added; let it collect less: "
        f"buffers={{'{dataset.name}': Buffer(interval=Duration.seconds({seconds}))}}"
    )


def in_words(time: timedelta) -> str:
    """Return a length of time as people say it: `1 day 5 minutes`."""
    words = []
    for unit, size in _UNITS:
        if number := time // size:
            words.append(f"{number} {unit}{'s' if number > 1 else ''}")
            time -= number * size
    if time or not words:
        words.append(f"{time.total_seconds():g} seconds")
    return " ".join(words)


def _listed(names: Collection[str]) -> str:
    shown = ", ".join(list(names)[:20])
    return f"{shown}, …" if len(names) > 20 else shown
