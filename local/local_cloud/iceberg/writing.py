"""Table properties that Athena writes without regard to.

`UPDATE`, `MERGE INTO` and `DELETE FROM` are merge-on-read "regardless of specified table properties"
(https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg-updating-iceberg-table-data.html), and the size of files
is a property of its own, `write_target_data_file_size_bytes`
(https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg-creating-tables.html). DuckDB would refuse such tables,
so the local Athena's sessions do not get to see these properties.
"""

from __future__ import annotations

from collections.abc import Collection

from werkzeug.datastructures import Headers

ATHENA = "X-Local-Cloud-Athena"
"""Header of the requests that a session of the local Athena makes."""

_WITHOUT_EFFECT = (
    "write.delete.mode",
    "write.merge.mode",
    "write.update.mode",
    "write.parquet.row-group-size-bytes",
    "write.target-file-size-bytes",
)


def hidden_from(headers: Headers) -> Collection[str]:
    """Return the table properties that a client does not get to see, by the headers of its request."""
    return _WITHOUT_EFFECT if ATHENA in headers else ()
