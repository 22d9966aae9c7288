"""Iceberg tables in SQL: read and written by DuckDB through Iceberg's REST API, created and changed by pyiceberg."""

from __future__ import annotations

from typing import Any


def is_iceberg(table: dict[str, Any]) -> bool:
    """Tell whether a table, as Glue's GetTable returns it, is an Iceberg table."""
    kind: str = table.get("Parameters", {}).get("table_type", "")
    return kind.upper() == "ICEBERG"
