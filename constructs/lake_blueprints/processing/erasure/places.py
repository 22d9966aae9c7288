"""The places in which an erasure job looks for persons, derived from curation jobs, tables and exports."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from lake_blueprints.catalog.catalog_table import CatalogTable
from lake_blueprints.catalog.iceberg import IcebergTable
from lake_blueprints.catalog.s3_tables import S3Table
from lake_blueprints.catalog.table import Table
from lake_blueprints.contracts import Dataset, DatasetFormat, Masking
from lake_blueprints.foundation.encryption import HashSalt
from lake_blueprints.processing.curation import CurationJob
from lake_blueprints.processing.erasure.exported_objects import ExportedObjects
from lake_blueprints.processing.erasure.place import Place
from lake_blueprints.processing.erasure.subject import TAG, Subject, subjects_of

# Transforms that do not tell a value.
_OPAQUE = ("bucket", "void")


def places_of(
    curations: Sequence[CurationJob], tables: Sequence[CatalogTable], exports: Sequence[ExportedObjects]
) -> list[Place]:
    """Return every place.

    Raises
    ------
    ValueError
        If persons cannot be found in one, two are at the same prefix, or there is none.
    """
    found: list[Place] = []
    for place in _all(curations, tables, exports):
        for number, other in enumerate(found):
            if place.overlaps(other):
                found[number] = _merged(other, place)
                break
        else:
            found.append(place)
    if not found:
        raise ValueError("there is nothing to erase from; give 'curations', 'tables' or 'exports'")
    return found


def _merged(one: Place, other: Place) -> Place:
    # Two jobs may curate the same records.
    if replace(one, ledgers=()) != replace(other, ledgers=()):
        raise ValueError(f"'{one.name}' and '{other.name}' overlap; erase from one prefix once")
    return replace(one, ledgers=(*one.ledgers, *other.ledgers))


def _all(
    curations: Sequence[CurationJob], tables: Sequence[CatalogTable], exports: Sequence[ExportedObjects]
) -> Iterator[Place]:
    for job in curations:
        yield from _of_curation(job)
    for table in tables:
        yield _of_table(table, _tagged(table.dataset, f"table '{table.table_name}'"), salt=None)
    for export in exports:
        yield _of_export(export)


def _of_curation(job: CurationJob) -> Iterator[Place]:
    dataset, sent, curated = job.dataset, subjects_of(job.dataset), subjects_of(job.target.dataset)
    if not curated:
        raise ValueError(
            f"table '{job.target.table_name}' has no column tagged '{TAG}', by which a person could be found; tag one "
            f"in the contract of dataset '{dataset.name}' and keep it in the curation"
        )
    if isinstance(job.target, S3Table):
        raise ValueError(
            f"table '{job.target.table_name}' is one of S3 Tables, whose files nobody but S3 removes; curate into "
            "an IcebergTable"
        )
    if dataset.format is DatasetFormat.DYNAMODB_JSON:
        raise ValueError(
            f"dataset '{dataset.name}' is exports of DynamoDB, whose manifests have checksums of every file; let a "
            "lifecycle rule of the zone delete the exports instead"
        )
    if sent:
        records: dict[str, Any] = {
            "subjects": _sent(sent),
            "format": dataset.format.value,
            "delimiter": dataset.delimiter,
        }
        ledger = (job.target.zone, job.state_prefix)
        yield Place(kind="records", storage=job.source, prefix=job.source_prefix, ledgers=(ledger,), **records)
        yield Place(kind="quarantine", storage=job.quarantine, prefix=job.quarantine_prefix, **records)
    yield _of_table(job.target, curated, salt=None)
    if job.masked:
        hidden = [one for one in curated if one.column.restricted]
        for one in hidden:
            if one.column.masking is not Masking.HASH or len(one.path) > 1:
                raise ValueError(
                    f"the masked copy '{job.masked.table_name}' has no '{one.name}' by which a person could be found; "
                    f"set its masking to '{Masking.HASH}'"
                )
        if hidden and len(hidden) < len(curated):
            raise ValueError(
                f"the masked copy '{job.masked.table_name}' has keys of persons of which only some are hashed; "
                f"classify {', '.join(one.name for one in curated)} alike"
            )
        # As its target is.
        assert isinstance(job.masked, IcebergTable)
        yield _of_table(job.masked, curated, salt=job.salt if hidden else None)


def _of_table(table: CatalogTable, subjects: Sequence[Subject], *, salt: HashSalt | None) -> Place:
    named = tuple((one.path, one.type) for one in subjects)
    place = Place(kind="parquet", storage=table.zone, prefix=table.prefix, subjects=named, salt=salt)
    if isinstance(table, IcebergTable):
        for transform in table.partitioning:
            if transform.column in {one.column.name for one in subjects} and transform.word not in _OPAQUE:
                raise ValueError(
                    f"table '{table.table_name}' is partitioned by '{transform.text}' of the key '{transform.column}', "
                    "whose values are in the names of files then; use bucket[n] or another column"
                )
        return replace(place, kind="iceberg", table=table)
    assert isinstance(table, Table)
    if table.format is not DatasetFormat.PARQUET:
        sent: dict[str, Any] = {
            "subjects": _sent(subjects),
            "format": table.format.value,
            "delimiter": table.dataset.delimiter,
        }
        return replace(place, kind="records", **sent)
    return place


def _of_export(export: ExportedObjects) -> Place:
    dataset = export.dataset
    if dataset is None:
        # Of text, as a key stands in it.
        return Place(kind="objects", storage=export.storage, prefix=export.prefix, subjects=(((), "string"),))
    subjects = _tagged(dataset, f"the export at '{export.prefix}'")
    if dataset.format is DatasetFormat.DYNAMODB_JSON:
        raise ValueError(
            f"the export at '{export.prefix}' is one of DynamoDB, whose manifests have checksums of every file; leave "
            "'dataset' out, and let a lifecycle rule delete it"
        )
    return Place(
        kind="records",
        storage=export.storage,
        prefix=export.prefix,
        subjects=_sent(subjects),
        format=dataset.format.value,
        delimiter=dataset.delimiter,
    )


def _tagged(dataset: Dataset, what: str) -> list[Subject]:
    found = subjects_of(dataset)
    if not found:
        raise ValueError(f"{what} has no column tagged '{TAG}', by which a person could be found")
    for one in found:
        if one.column.classification == "masked":
            raise ValueError(
                f"{what} has '{one.name}' masked; give the curation job that writes it, which knows the salt"
            )
    return found


def _sent(subjects: Sequence[Subject]) -> tuple[tuple[tuple[str, ...], str], ...]:
    return tuple((one.sent, one.type) for one in subjects)
