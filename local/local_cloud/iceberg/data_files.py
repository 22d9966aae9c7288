"""Data files of Iceberg tables, whose partitions are calculated here: pyiceberg does so only with a package in Rust."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa
from pyiceberg.io.pyarrow import bin_pack_arrow_table, schema_to_pyarrow, write_file
from pyiceberg.manifest import DataFile
from pyiceberg.partitioning import PartitionKey, partition_record_value
from pyiceberg.table import Table, WriteTask
from pyiceberg.typedef import Record


def arrow_schema(table: Table) -> pa.Schema:
    """Return the Arrow types of a table's columns."""
    return schema_to_pyarrow(table.schema(), include_field_ids=False)


def partition_of_file(table: Table, file: DataFile) -> tuple[Any, ...]:
    """Return the values of a file's partition, by the table's current spec."""
    return tuple(file.partition[i] for i in range(len(table.spec().fields)))


def partition_of(table: Table, row: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return the values of a row's partition; there are none in a table without partitions."""
    schema = table.schema()
    found = []
    for field in table.spec().fields:
        value: Any = row
        for name in (schema.find_column_name(field.source_id) or "").split("."):
            value = value[name] if value is not None else None
        transform = field.transform.transform(schema.find_type(field.source_id))
        found.append(transform(partition_record_value(field, value, schema)))
    return tuple(found)


def write_rows(
    table: Table, rows: pa.Table, partition: tuple[Any, ...], *, target: int, numbers: Iterator[int]
) -> list[DataFile]:
    """Write the rows of one partition into files of about a size.

    Parameters
    ----------
    table: Table
        The table.
    rows: Table
        The rows, of which there may be none.
    partition: tuple
        Values of their partition.
    target: int
        Size of a file in memory, in bytes.
    numbers: iterator of int
        Numbers in the names of the files.
    """
    if not rows.num_rows:
        return []
    key = PartitionKey([], table.spec(), table.schema())
    # The partition is known; pyiceberg would derive it from values.
    key.__dict__["partition"] = Record(*partition)
    tasks = [
        WriteTask(
            write_uuid=uuid.uuid4(),
            task_id=next(numbers),
            schema=table.schema(),
            record_batches=batch,
            partition_key=key if table.spec().fields else None,
        )
        for batch in bin_pack_arrow_table(rows.cast(arrow_schema(table)), target)
    ]
    return list(write_file(table.io, table.metadata, iter(tasks)))
