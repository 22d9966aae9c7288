"""The table of what a curation job refuses."""

from __future__ import annotations

from lake_blueprints.catalog.catalog_table import CatalogTable
from lake_blueprints.catalog.database import Database
from lake_blueprints.catalog.s3_tables import S3Table
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


def quarantine_table(
    dataset: Dataset, *, target: CatalogTable | S3Table, database: Database | None, zone: Zone, prefix: str
) -> Table | None:
    """Return the table of what is refused, defined below the curated table by the first job that sets aside there.

    It is in the curated table's database; beside a table of S3 Tables, in the one that is given. It has no partitions:
    Athena reads every folder below a table's location.
    https://docs.aws.amazon.com/athena/latest/ug/tables-location-format.html
    """
    if database and not isinstance(target, S3Table):
        raise ValueError(
            f"the database of the quarantine is that of 'target', '{target.database.node.path}'; leave "
            "'quarantine_database' out, or curate into an S3Table"
        )
    owner = database if isinstance(target, S3Table) else target.database
    if owner is None:
        return None
    others = [child for child in target.node.children if isinstance(child, Table)]
    for other in others:
        if other.zone is zone and other.prefix == prefix:
            return other
    number = str(len(others) + 1) if others else ""
    return Table(
        target,
        f"Quarantine{number}",
        database=owner,
        dataset=quarantined(dataset),
        table_name=f"{target.table_name}_quarantine{number}",
        zone=zone,
        prefix=prefix,
    )
