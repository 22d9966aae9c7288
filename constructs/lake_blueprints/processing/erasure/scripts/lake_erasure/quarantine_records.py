"""Records that curation refused: rows of Parquet with the record as it came."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from lake_erasure.parquet_records import without_rows
from lake_erasure.text_records import Wanted, csv_holds, json_holds


def without_refused(content: bytes, wanted: Wanted, format: str, delimiter: str) -> tuple[bytes, int]:
    """Return a file of the quarantine without the records of the persons, and how many these were."""

    def holds(row: dict[str, Any]) -> bool:
        record = row["record"]
        if record is None:
            # An object that is refused as a whole; the reason may quote it.
            return any(keys.anywhere(reason) for reason in row["reasons"] or () for _, keys in wanted)
        if format == "csv":
            return csv_holds(record, row["header"] or "", wanted, delimiter)
        return json_holds(record, wanted)

    def mask(rows: pa.Table) -> Any:
        # Files of earlier versions have fewer columns.
        missing = {name: None for name in ("record", "header", "reasons") if name not in rows.schema.names}
        return pa.array([holds({**missing, **row}) for row in rows.to_pylist()], pa.bool_())

    return without_rows(content, mask)
