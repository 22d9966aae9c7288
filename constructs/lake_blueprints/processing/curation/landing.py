"""The records that a curation job reads."""

from __future__ import annotations

from lake_blueprints.catalog import Landing, Unpartitioned
from lake_blueprints.contracts import Dataset, DatasetFormat
from lake_blueprints.storage.s3 import Zone


def landing_of(source: Zone | Landing, dataset: Dataset | None, prefix: str | None) -> Landing:
    """Return the landing that is given, or that of files which are uploaded to a zone.

    Raises
    ------
    ValueError
        If the landing is given a dataset or prefix, a zone has no dataset, or columns are in folders' names alone.
    """
    if isinstance(source, Zone):
        if dataset is None:
            raise ValueError(f"'dataset' is missing: 'source' is zone '{source.node.path}', which has no contract")
        return Landing(zone=source, prefix=prefix or f"{dataset.name}/", dataset=dataset, layout=Unpartitioned())
    if dataset or prefix:
        raise ValueError(
            f"'source' is the landing '{source.prefix}', which has a dataset and a prefix; leave out 'dataset' and "
            "'source_prefix'"
        )
    _check_columns(source)
    return source


def _check_columns(landing: Landing) -> None:
    inside = landing.layout.data_columns(landing.dataset)
    folders = [column.name for column in landing.dataset.columns if column not in inside]
    # Records of text keep the values that their folders are named after.
    if folders and landing.format is DatasetFormat.PARQUET:
        raise ValueError(
            f"'source' has the columns {', '.join(folders)} in the names of folders, but curation reads files; "
            "deliver it with the layout ArrivalTime()"
        )
