"""Records that are rows of Parquet files: curated tables, raw Parquet, and the quarantine."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lake_erasure.errors import UnreadableError
from lake_erasure.subject_keys import SubjectKeys
from lake_erasure.text_records import Wanted

MAGIC = b"PAR1"


def without(content: bytes, wanted: Wanted) -> tuple[bytes, int]:
    """Return a file without the rows of the persons, and how many these were; nothing if no row is left."""

    def mask(rows: pa.Table) -> Any:
        found = pa.array([False] * len(rows), pa.bool_())
        for path, keys in wanted:
            values = _values(rows, path)
            if values is not None:
                found = pc.or_(found, _in(values, keys))
        return found

    return without_rows(content, mask)


def without_rows(content: bytes, mask: Callable[[pa.Table], Any]) -> tuple[bytes, int]:
    """Return a file without the rows that a mask names; statistics are those of the rows that stay."""
    file = opened(content)
    rows = file.read()
    found = mask(rows)
    removed = pc.sum(found).as_py() or 0
    if not removed:
        return content, 0
    kept = rows.filter(pc.invert(found))
    return (_written(kept, file) if len(kept) else b""), removed


def opened(content: bytes) -> pq.ParquetFile:
    """Return a file.

    Raises
    ------
    UnreadableError
        If it is not Parquet.
    """
    try:
        return pq.ParquetFile(io.BytesIO(content))
    except (pa.ArrowException, OSError):
        raise UnreadableError("it is no Parquet file") from None


def _written(rows: pa.Table, file: pq.ParquetFile) -> bytes:
    metadata = file.metadata
    first = metadata.row_group(0)
    columns = [first.column(number) for number in range(first.num_columns)]
    sizes = [metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)]
    written = io.BytesIO()
    pq.write_table(
        rows,
        written,
        compression={"UNCOMPRESSED": "none"}.get(columns[0].compression, columns[0].compression),
        row_group_size=max(sizes),
        store_schema=b"ARROW:schema" in (metadata.metadata or {}),
        use_deprecated_int96_timestamps=any(column.physical_type == "INT96" for column in columns),
    )
    return written.getvalue()


def _in(values: pa.ChunkedArray, keys: SubjectKeys) -> Any:
    plain = pa.types.is_integer(values.type) or (pa.types.is_string(values.type) and keys.kind == "string")
    if plain:
        return pc.is_in(values.cast(pa.string()), value_set=pa.array(sorted(keys.texts), pa.string())).combine_chunks()
    return pa.array([value in keys for value in values.to_pylist()], pa.bool_())


def _values(rows: pa.Table, path: Sequence[str]) -> Any:
    """Return the values at a path, whose names are found in any case; None without such a column."""
    found: Any = None
    for number, name in enumerate(path):
        names = rows.schema.names if number == 0 else [field.name for field in found.type]
        actual = next((one for one in names if one.lower() == name.lower()), None)
        if actual is None:
            return None
        found = rows[actual] if number == 0 else pc.struct_field(found, actual)
    return found
