"""What the caller of a lake may have got wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lake_blueprints.contracts import Dataset
from lake_blueprints.etl import Curation


def check_known(curations: Mapping[str, Curation], buffers: Mapping[str, Any], datasets: Mapping[str, Dataset]) -> None:
    """Refuse names of datasets that the lake does not hold."""
    named = [(name, "'curations'") for name in curations]
    named += [(name, "'buffers'") for name in buffers]
    named += [(join.reference.name, f"the curation of '{n}'") for n, c in curations.items() for join in c.joins]
    for name, where in named:
        if name not in datasets:
            raise ValueError(f"{where} names a dataset '{name}'; the lake holds {', '.join(datasets)}")
