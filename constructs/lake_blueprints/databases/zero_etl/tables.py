"""Tables of an integration: their names in the source, and the filter that selects them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aws_cdk import Token

from lake_blueprints.contracts import Dataset
from lake_blueprints.foundation.connections import DatabaseEndpoint, DatabaseEngine
from template_checks.limits import zero_etl as limits

# What a pattern of the filter takes as it is.
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*")


@dataclass(frozen=True, kw_only=True)
class SourceTable:
    """A table of the source, and the dataset that its rows are; `schema` is empty in MySQL."""

    dataset: Dataset
    schema: str
    name: str


def source_tables(
    endpoint: DatabaseEndpoint, datasets: Sequence[Dataset], names: Mapping[str, str]
) -> tuple[SourceTable, ...]:
    """Return the table of each dataset.

    Raises
    ------
    ValueError
        If there is no dataset, one has no primary key, or a name is not that of a dataset or none that a filter takes.
    """
    if not datasets:
        raise ValueError("'datasets' must name at least one dataset, whose table is replicated")
    known = [dataset.name for dataset in datasets]
    if unknown := [name for name in names if name not in known]:
        raise ValueError(f"'tables' names '{unknown[0]}', which is not in 'datasets': {', '.join(known)}")
    found = tuple(_source_table(endpoint, one, names.get(one.name, one.name)) for one in datasets)
    places = [(table.schema, table.name) for table in found]
    for table in found:
        if places.count((table.schema, table.name)) > 1:
            raise ValueError(f"table '{table.name}' is that of two datasets, '{table.dataset.name}' and another")
    return found


def _source_table(endpoint: DatabaseEndpoint, dataset: Dataset, given: str) -> SourceTable:
    check_key(dataset)
    schema, dot, name = given.rpartition(".")
    of_mysql = endpoint.engine is DatabaseEngine.MYSQL
    if (dot and of_mysql) or not all(map(_NAME.fullmatch, (*([schema] if dot else []), name))):
        example = "orders" if of_mysql else "sales.orders"
        raise ValueError(
            f"'tables' must be names such as {example}, of letters, digits, '_' and '$', got '{given}' of dataset "
            f"'{dataset.name}'"
        )
    return SourceTable(dataset=dataset, schema=schema or ("" if of_mysql else "public"), name=name)


def check_key(dataset: Dataset) -> None:
    """Refuse a dataset whose rows no key tells apart.

    Raises
    ------
    ValueError
        With the dataset.
    """
    if not dataset.primary_key:
        raise ValueError(
            f"dataset '{dataset.name}' must have a primary key: a table without one is not replicated into Redshift"
        )


def data_filter(database: str, tables: Sequence[SourceTable]) -> str:
    """Return the filter that includes the tables, and nothing else.

    Raises
    ------
    ValueError
        If it is too long.

    Notes
    -----
    https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/zero-etl.filtering.html
    """
    text = ", ".join(
        f"include: {'.'.join(part for part in (database, table.schema, table.name) if part)}" for table in tables
    )
    if not Token.is_unresolved(text) and len(text) not in limits.FILTER_LENGTH:
        raise ValueError(
            f"the data filter of {len(tables)} tables has {len(text):,} characters, and must have "
            f"{limits.FILTER_LENGTH}: spread them over several integrations"
        )
    return text
