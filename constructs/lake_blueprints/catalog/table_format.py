"""Formats of curated tables."""

from __future__ import annotations

from enum import StrEnum


class TableFormat(StrEnum):
    """A format of tables whose data is Parquet: folders of Hive, or snapshots of Apache Iceberg."""

    HIVE = "hive"
    ICEBERG = "iceberg"
