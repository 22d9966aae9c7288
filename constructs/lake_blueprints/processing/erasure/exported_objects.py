"""Exports: objects below a prefix that something other than the lake's jobs has written."""

from __future__ import annotations

from dataclasses import dataclass

from lake_blueprints.catalog.names import check_prefix
from lake_blueprints.contracts import Dataset
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.storage.s3 import LakeBucket, Zone


@checked
@dataclass(frozen=True, kw_only=True)
class ExportedObjects:
    """Objects below a prefix from which an `Erasure` removes persons.

    Parameters
    ----------
    storage: Zone or LakeBucket
        Where they lie.
    prefix: str
        Start of their keys, ending in a slash.
    dataset: Dataset, optional
        What their records are: JSON lines or CSV with a header line, also as `.gz`, or Parquet; records without the
        person stay. By default their format is unknown, as that of query results, and an object that contains a key is
        removed as a whole.

    Raises
    ------
    ValueError
        If the prefix does not end in one slash.

    Example
    -------
        >>> Erasure(self, "Erasure", requests=zone, exports=[ExportedObjects(storage=analytics, prefix="results/")])
    """

    storage: Zone | LakeBucket
    prefix: str
    dataset: Dataset | None = None

    def __post_init__(self) -> None:
        check_prefix(self.prefix)
