"""Validation of DataLake's arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lake_blueprints.contracts import Dataset
from lake_blueprints.ingestion.dms import Replication
from lake_blueprints.processing.curation import Curation

# One after the other: the stack of a lake's pipeline has room for as many, each with a pipeline of its own.
_MOST_WAVES = 80


def check_known(
    curations: Mapping[str, Curation], options: Mapping[str, Mapping[str, Any]], datasets: Mapping[str, Dataset]
) -> None:
    """Refuse names of datasets that the lake does not hold."""
    named = [(name, "'curations'") for name in curations]
    named += [(name, option) for option, given in options.items() for name in given]
    named += [(join.reference.name, f"the curation of '{n}'") for n, c in curations.items() for join in c.joins]
    for name, where in named:
        if name not in datasets:
            raise ValueError(f"{where} names a dataset '{name}'; the lake holds {', '.join(datasets)}")


def check_ingestion(ingestion: Mapping[str, Replication], options: Mapping[str, Mapping[str, Any]]) -> None:
    """Refuse options of records that are sent, for those that a replication brings."""
    for option, given in options.items():
        for name in given:
            if name in ingestion:
                raise ValueError(f"{option} is for records that are sent or uploaded, and 'ingestion' brings '{name}'")


def check_waves(waves: Sequence[Sequence[Dataset]]) -> None:
    """Refuse joins of joins of joins that no pipeline could run one after the other."""
    if len(waves) > _MOST_WAVES:
        raise ValueError(
            f"'curations' join in a chain of {len(waves)} datasets that ends in '{waves[-1][0].name}'; a pipeline runs "
            f"at most {_MOST_WAVES} one after the other, so join more of them to the same dataset"
        )
