"""One commit of a delivery into an Iceberg table.

An update is a delete and an insert, and finds its row in the partition that the record has and in no other
(https://docs.aws.amazon.com/firehose/latest/dev/apache-iceberg-considerations.html). Firehose leaves delete files;
here the files that have such rows are rewritten, since not every reader of the local cloud knows equality deletes.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pyarrow as pa
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.expressions import AlwaysTrue
from pyiceberg.io.pyarrow import ArrowScan
from pyiceberg.manifest import DataFile
from pyiceberg.table import Table, TableProperties

from local_cloud.engines.firehose.iceberg.routing import Operation
from local_cloud.iceberg.catalog import IcebergCatalog
from local_cloud.iceberg.data_files import arrow_schema, partition_of, partition_of_file, write_rows
from local_cloud.iceberg.overwriting import overwrite

# Iceberg's commit.retry.num-retries.
_RETRIES = 4
# Properties of a snapshot.
_DELIVERY, _STREAM, _RECORDS = "firehose.delivery-id", "firehose.delivery-stream", "firehose.records"
_TARGET = (TableProperties.WRITE_TARGET_FILE_SIZE_BYTES, TableProperties.WRITE_TARGET_FILE_SIZE_BYTES_DEFAULT)

Partition = tuple[Any, ...]
Key = tuple[Any, ...]
Values = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Change:
    """One record as its table gets it; of a deleted row, only unique keys and columns of partitions are known."""

    operation: Operation
    values: Values


@dataclass(frozen=True, kw_only=True)
class TableCommit:
    """The records of one delivery for one table, which become one commit.

    Parameters
    ----------
    catalog: IcebergCatalog
        Knows the table.
    database, table: str
        Its names.
    unique_keys: sequence of str
        Columns by which updates and deletes find rows.
    changes: sequence of Change
        In the order in which the records arrived.
    stream: str
        Name of the delivery stream, which the snapshot says.
    """

    catalog: IcebergCatalog
    database: str
    table: str
    unique_keys: Sequence[str]
    changes: Sequence[Change]
    stream: str
    delivery_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    def write(self) -> None:
        """Commit, unless that has been done and only its answer was lost; after another's commit, try again.

        Raises
        ------
        CommitFailedException
            If others commit each time.
        """
        for _ in range(_RETRIES):
            try:
                return self._commit()
            except CommitFailedException:
                continue
        return self._commit()

    def _commit(self) -> None:
        table = self.catalog.load_table((self.database, self.table))
        if any(snapshot.summary and snapshot.summary[_DELIVERY] == self.delivery_id for snapshot in table.snapshots()):
            return
        added, removed = self._folded(table)
        replaced = _replaced(table, removed, self.unique_keys)
        if not added and not replaced:
            return
        parts: dict[Partition, list[pa.Table]] = defaultdict(list)
        for partition, rows in added.items():
            parts[partition].append(pa.Table.from_pylist(rows, schema=arrow_schema(table)))
        for file, rest in replaced:
            parts[partition_of_file(table, file)].append(rest)
        properties = {_DELIVERY: self.delivery_id, _STREAM: self.stream, _RECORDS: str(len(self.changes))}
        target, numbers = int(table.properties.get(*_TARGET)), count()
        with table.transaction() as transaction:
            update = transaction.update_snapshot(snapshot_properties=properties)
            with overwrite(table, transaction, properties) if replaced else update.fast_append() as snapshot:
                for file, _ in replaced:
                    snapshot.delete_data_file(file)
                for partition, tables in parts.items():
                    together = pa.concat_tables(tables)
                    for file in write_rows(table, together, partition, target=target, numbers=numbers):
                        snapshot.append_data_file(file)

    def _folded(self, table: Table) -> tuple[dict[Partition, list[Values]], dict[Partition, set[Key]]]:
        """Return the rows that the changes leave, and the keys of older rows that are gone, by partition."""
        rows: dict[int, tuple[Partition, Values]] = {}
        places: dict[tuple[Partition, Key], list[int]] = defaultdict(list)
        removed: dict[Partition, set[Key]] = defaultdict(set)
        for number, change in enumerate(self.changes):
            partition = partition_of(table, change.values)
            key = tuple(change.values[name] for name in self.unique_keys)
            place = places[partition, key]
            if change.operation is not Operation.INSERT:
                removed[partition].add(key)
                while place:
                    del rows[place.pop()]
            if change.operation is not Operation.DELETE:
                rows[number] = (partition, change.values)
                place.append(number)
        added: dict[Partition, list[Values]] = defaultdict(list)
        for partition, values in rows.values():
            added[partition].append(values)
        return added, removed


def _replaced(
    table: Table, removed: Mapping[Partition, set[Key]], unique_keys: Sequence[str]
) -> list[tuple[DataFile, pa.Table]]:
    """Return the files that have rows with one of the keys, each with its other rows."""
    if not removed:
        return []
    scan = ArrowScan(table.metadata, table.io, table.schema(), AlwaysTrue())
    found = []
    for task in table.scan().plan_files():
        # Without partitions a delete holds for files of older specs too, with them only for those of its own.
        if not table.spec().is_unpartitioned() and task.file.spec_id != table.spec().spec_id:
            continue
        gone = removed.get(partition_of_file(table, task.file))
        if not gone:
            continue
        rows = scan.to_table([task])
        keys = zip(*(rows[name].to_pylist() for name in unique_keys), strict=True)
        stays = [key not in gone for key in keys]
        if not all(stays):
            found.append((task.file, rows.filter(pa.array(stays)).cast(arrow_schema(table))))
    return found
