"""Types of PostgreSQL's columns in a database of Redshift that an integration writes.

https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/zero-etl.querying.html#zero-etl.data-type-mapping
"""

from __future__ import annotations

from local_cloud.errors import LocalCloudError
from local_cloud.sql.duck import identifier

_MOST_DIGITS = 38
_PLAIN = {
    "smallint": "SMALLINT",
    "integer": "INTEGER",
    "bigint": "BIGINT",
    "real": "FLOAT",
    "double precision": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "time without time zone": "TIME",
    "timestamp without time zone": "TIMESTAMP",
    "timestamp with time zone": "TIMESTAMPTZ",
    "json": "JSON",
    "jsonb": "JSON",
    "bytea": "BLOB",
    **dict.fromkeys(("text", "character varying", "character", "uuid", "enum"), "VARCHAR"),
}


def column_type(name: str, kind: str, modifier: int) -> str:
    """Return the type of a column in DuckDB.

    Parameters
    ----------
    name: str
        Name of the column, for the message.
    kind: str
        Type as `format_type` writes it, without modifiers.
    modifier: int
        Modifier of the type; below 0 there is none.

    Raises
    ------
    LocalCloudError
        If nothing here replicates the type.
    """
    if kind == "numeric" and modifier >= 4:
        digits, scale = (modifier - 4) >> 16, (modifier - 4) & 0x7FF
        if digits <= _MOST_DIGITS:
            return f"DECIMAL({digits}, {scale})"
    if kind in _PLAIN:
        return _PLAIN[kind]
    shown = "numeric without digits, or with more than 38," if kind == "numeric" else kind
    raise LocalCloudError(f"column {name} is {shown} which the local cloud does not replicate into Redshift")


def converted(name: str, kind: str) -> str:
    """Return the value of a column whose text is called by its name."""
    column = identifier(name)
    return f"from_hex(substr({column}, 3))" if kind == "BLOB" else f"cast({column} as {kind})"
