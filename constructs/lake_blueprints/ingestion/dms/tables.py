"""Tables of the source: their names, the mappings that select them, and the records that they become."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from attrs import evolve

from lake_blueprints.catalog import Envelope, Landing, Unpartitioned
from lake_blueprints.contracts import Column, Dataset, DatasetFormat
from lake_blueprints.foundation.connections import DatabaseEndpoint, DatabaseEngine
from lake_blueprints.storage.s3 import Zone

OPERATION, COMMITTED = "op", "cdc_commit_ts"
_SCHEMAS = {DatabaseEngine.POSTGRESQL: "public", DatabaseEngine.SQL_SERVER: "dbo"}
_ENVELOPE = Envelope(order=COMMITTED, deleted=f"{OPERATION} = 'D'", dropped=(OPERATION,))


@dataclass(frozen=True, kw_only=True)
class SourceTable:
    """A table of the source, and the dataset that its rows are."""

    dataset: Dataset
    schema: str
    name: str

    @property
    def folder(self) -> str:
        """The folder of its files, which DMS names after schema and table."""
        return f"{self.schema}/{self.name}/"

    def landing(self, zone: Zone, prefix: str) -> Landing:
        """Return the records that DMS writes: the columns of the contract, after what happened to the row and when."""
        # Of a deletion there is only the key, so that nothing else can be required here; curation requires it of rows.
        columns = [
            Column(name=OPERATION, source="Op", type="string", description="I, U or D: what happened to the row."),
            *self.dataset.columns,
            Column(
                name=COMMITTED,
                type="timestamp",
                required=True,
                description="Time of the commit in the source, or of the start of the full load.",
            ),
        ]
        dataset: Any = evolve(self.dataset, columns=columns, format=DatasetFormat.PARQUET)
        return Landing(
            zone=zone,
            prefix=f"{prefix}{self.folder}",
            dataset=dataset,
            layout=Unpartitioned(),
            envelope=_ENVELOPE,
        )


def source_tables(
    endpoint: DatabaseEndpoint, datasets: Sequence[Dataset], names: Mapping[str, str], schema: str | None
) -> tuple[SourceTable, ...]:
    """Return the table of each dataset.

    Raises
    ------
    ValueError
        If there is no dataset, one has no primary key or a column of the envelope's name, a name is not that of a
        dataset or has no schema, or two datasets have one table.
    """
    if not datasets:
        raise ValueError("'datasets' must name at least one dataset")
    known = [dataset.name for dataset in datasets]
    if unknown := [name for name in names if name not in known]:
        raise ValueError(f"'tables' names '{unknown[0]}', which is not in 'datasets': {', '.join(known)}")
    found = [_source_table(endpoint, dataset, names.get(dataset.name), schema) for dataset in datasets]
    places: dict[str, str] = {}
    for table in found:
        if (other := places.setdefault(table.folder, table.dataset.name)) != table.dataset.name or known.count(
            other
        ) > 1:
            raise ValueError(f"table '{table.schema}.{table.name}' is that of two datasets, '{other}' and another")
    return tuple(found)


def _source_table(endpoint: DatabaseEndpoint, dataset: Dataset, name: str | None, schema: str | None) -> SourceTable:
    if not dataset.primary_key:
        raise ValueError(
            f"dataset '{dataset.name}' must have a primary key: without one DMS replicates no update and no deletion"
        )
    for column in dataset.columns:
        if column.name in (OPERATION, COMMITTED) or (column.source or column.name).lower() in (OPERATION, COMMITTED):
            raise ValueError(f"dataset '{dataset.name}' has a column '{column.name}', whose name DMS's records need")
    given, dot, table = (name or dataset.name).rpartition(".")
    if not table or (dot and not given):
        raise ValueError(f"'tables' must be names such as public.orders, got '{name}'")
    found = given or schema or _default_schema(endpoint)
    if not found:
        raise ValueError(
            f"'schema' is missing: {endpoint.engine.value} has no usual one, and 'tables' has no '{dataset.name}'"
        )
    return SourceTable(dataset=dataset, schema=found, name=table)


def _default_schema(endpoint: DatabaseEndpoint) -> str | None:
    if endpoint.engine in (DatabaseEngine.MYSQL, DatabaseEngine.MARIADB):
        return endpoint.database
    return _SCHEMAS.get(endpoint.engine)


def table_mappings(tables: Sequence[SourceTable]) -> dict[str, Any]:
    """Return rules that include the tables, and nothing else: DMS excludes no system schema by itself."""
    return {"rules": list(_rules(tables))}


def _rules(tables: Sequence[SourceTable]) -> Iterator[dict[str, Any]]:
    for number, table in enumerate(tables, start=1):
        yield {
            "rule-type": "selection",
            "rule-id": str(number),
            "rule-name": str(number),
            "rule-action": "explicit",
            "object-locator": {"schema-name": table.schema, "table-name": table.name},
            "filters": [],
        }
