"""The table of what a curation job refuses."""

from __future__ import annotations

from lake_blueprints.catalog.catalog_table import CatalogTable
from lake_blueprints.catalog.table import Table
from lake_blueprints.contracts import Column, Dataset, DatasetFormat
from lake_blueprints.storage.s3 import Zone

# What the script writes, with descriptions for people; a test holds them together.
_COLUMNS = {
    "record": ("string", "The record as it came; of Parquet, its columns as JSON. Null if the object is refused."),
    "header": ("string", "The header line of the record's CSV object."),
    "object": ("string", "URI of the object that the record came in."),
    "etag": ("string", "ETag of the object, if it is refused as a whole."),
    "reasons": ("array<string>", "Why it is refused, in sentences."),
    "kinds": ("array<string>", "Kinds of the reasons: docs/etl.md has them all."),
    "dataset": ("string", "The dataset."),
    "version": ("string", "Version of the contract."),
    "run": ("string", "Batch of the run, as in its report."),
    "quarantined_at": ("timestamp", "Time of the refusal, UTC."),
}
# Records, and reasons that quote them.
_OF_RECORDS = ("record", "header", "reasons")


def quarantined(dataset: Dataset) -> Dataset:
    """Return the dataset of what is refused of another; it is as restricted as that one."""
    restricted = dataset.restricted_columns[:1]
    return Dataset(
        name="quarantine",
        description=f"Records and objects of the dataset {dataset.name} that broke its contract.",
        columns=[
            Column(
                name=name,
                type=kind,
                description=description,
                classification=restricted[0].classification if restricted and name in _OF_RECORDS else None,
                classifications=dataset.classifications,
            )
            for name, (kind, description) in _COLUMNS.items()
        ],
        format=DatasetFormat.PARQUET,
    )


def quarantine_table(dataset: Dataset, *, target: CatalogTable, zone: Zone, prefix: str) -> Table:
    """Return the table of what is refused, defined below the curated table by the first job that sets aside there.

    It has no partitions: Athena reads every folder below a table's location.
    https://docs.aws.amazon.com/athena/latest/ug/tables-location-format.html
    """
    others = [child for child in target.node.children if isinstance(child, Table)]
    for other in others:
        if other.zone is zone and other.prefix == prefix:
            return other
    number = str(len(others) + 1) if others else ""
    return Table(
        target,
        f"Quarantine{number}",
        database=target.database,
        dataset=quarantined(dataset),
        table_name=f"{target.table_name}_quarantine{number}",
        zone=zone,
        prefix=prefix,
    )
