"""Partition keys of a schema object: folders of Hive, and hidden partitioning of Iceberg."""

from __future__ import annotations

from collections.abc import Sequence

from lake_blueprints.contracts.column import Column
from lake_blueprints.contracts.partitioning import Identity, PartitionTransform, parse_transform
from lake_blueprints.contracts.standard.elements import Element, custom, name_of
from lake_blueprints.contracts.standard.report import Report

_CUSTOM = "partitionTransform"


def names_folders(prop: Element) -> bool:
    """Tell whether folders are named after the values of a property: it is partitioned, and by no other transform."""
    word = str(custom(prop, _CUSTOM) or Identity.word)
    return bool(prop.get("partitioned")) and word.strip().lower() == Identity.word


def read_partition_keys(
    partitioned: Sequence[tuple[str, Element]], columns: Sequence[Column], report: Report
) -> list[str]:
    """Return the names of the partition keys; one that no folder can be named after is left out with a note.

    Parameters
    ----------
    partitioned: sequence of (str, mapping)
        The partitioned properties in their order, with their places.
    columns: sequence of Column
        The columns of the schema object.
    report: Report
        Receives the notes.
    """
    by_name = {column.name: column for column in columns}
    kept: list[str] = []
    for place, prop in partitioned:
        column = by_name[name_of(prop)]
        if not names_folders(prop):
            text = f"'{column.name}' partitions Iceberg tables alone, by its {custom(prop, _CUSTOM)}"
            report.inform(f"{place}.partitioned", text)
        elif not column.partitionable:
            report.warn(
                f"{place}.partitioned",
                f"'{column.name}' is a {column.type}, of which no folder's name can be made, so the data is not "
                "partitioned by it; partition by a string, a whole number or a date",
            )
        elif len(kept) == len(columns) - 1:
            text = f"'{column.name}' is the last column; the data is not partitioned by it, as files need one"
            report.warn(f"{place}.partitioned", text)
        else:
            kept.append(column.name)
    return kept


def read_partitioning(partitioned: Sequence[tuple[str, Element]], kept: Sequence[str]) -> list[PartitionTransform]:
    """Return the hidden partitioning, which is that of the partition keys where no property has a transform.

    Raises
    ------
    ContractError
        If a transform is none of Iceberg's.
    """
    if all(names_folders(prop) for _, prop in partitioned):
        return []
    return [
        Identity(name_of(prop)) if names_folders(prop) else parse_transform(name_of(prop), str(custom(prop, _CUSTOM)))
        for _, prop in partitioned
        if not names_folders(prop) or name_of(prop) in kept
    ]
