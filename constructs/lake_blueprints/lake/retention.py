"""Retention of contracts: of rows in curated tables, and of objects everywhere else."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta

from lake_blueprints.contracts import Dataset
from lake_blueprints.processing.curation import Curation, RowRetention

_DAY = timedelta(days=1)


def whole_days(retention: timedelta) -> int:
    """Return a retention in the days that S3 counts; never less than promised."""
    return max(1, math.ceil(retention / _DAY))


def retaining(curation: Curation, dataset: Dataset) -> Curation:
    """Return a curation that deletes rows as the contract of a dataset says, unless it says so itself.

    Raises
    ------
    ValueError
        If the contract does not name the column from whose time on rows are kept.
    """
    levels = dataset.service_levels
    if levels.retention is None or curation.retention:
        return curation
    if levels.retention_by is None:
        raise ValueError(
            f"the contract of dataset '{dataset.name}' has a retention of {whole_days(levels.retention)} days and does "
            "not say from when on; rows are deleted by a column: name it as the promise's "
            f"'element', for instance {dataset.name}.{dataset.columns[0].name}, or give 'curations' a 'retention'"
        )
    return replace(curation, retention=RowRetention(by=levels.retention_by, days=whole_days(levels.retention)))
