"""Files of replicated tables: their names, and their columns with what DMS adds."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from local_cloud.engines.dms.errors import ReplicationError
from local_cloud.engines.dms.types import ColumnType
from local_cloud.server.objects import ObjectStore
from local_cloud.server.services import ServiceError

_DEFAULT_INTERVAL, _DEFAULT_SIZE = 60, 1_048_576
_NOT_FOLLOWED = ("CdcPath", "PreserveTransactions", "DatePartitionEnabled", "CdcInsertsOnly", "CdcInsertsAndUpdates")
_TIME = "%Y-%m-%d %H:%M:%S.%f"
_KB = 1024


@dataclass(frozen=True, kw_only=True)
class TargetSettings:
    """Settings of an S3 target, as far as they are followed here."""

    bucket: str
    folder: str
    role: str
    time_column: str
    marks_loaded_rows: bool
    loads_at_start_time: bool
    compressed: bool
    version: str
    interval: float
    most_bytes: int

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> TargetSettings:
        """Read the settings.

        Raises
        ------
        ServiceError
            If they ask for what nothing here does.
        """
        if str(given.get("DataFormat", "csv")).lower() != "parquet":
            raise ServiceError("InvalidParameterValueException", "the local cloud writes parquet only: set DataFormat")
        if wrong := [name for name in _NOT_FOLLOWED if given.get(name)]:
            raise ServiceError("InvalidParameterValueException", f"the local cloud does not follow {wrong[0]}")
        return cls(
            bucket=given["BucketName"],
            folder=str(given.get("BucketFolder") or "").strip("/"),
            role=given["ServiceAccessRoleArn"],
            time_column=str(given.get("TimestampColumnName") or ""),
            marks_loaded_rows=bool(given.get("IncludeOpForFullLoad")),
            loads_at_start_time=bool(given.get("UseTaskStartTimeForFullLoadTimestamp")),
            compressed=str(given.get("CompressionType") or "none").lower() == "gzip",
            version="2.6" if str(given.get("ParquetVersion", "")).lower() == "parquet-2-0" else "1.0",
            interval=float(given.get("CdcMaxBatchInterval") or _DEFAULT_INTERVAL),
            most_bytes=int(given.get("MaxFileSize") or _DEFAULT_SIZE) * _KB,
        )


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row as texts, what happened to it (I, U or D; empty: nothing is said) and when."""

    operation: str
    values: Sequence[str | None]
    time: datetime


class TableFiles:
    """Files of one table below its folder."""

    def __init__(self, target: TargetSettings, objects: ObjectStore, schema: str, table: str) -> None:
        self._target, self._objects = target, objects
        parts = (target.folder, schema, table)
        self._prefix = f"s3://{target.bucket}/{''.join(f'{part}/' for part in parts if part)}"

    def loaded(self, number: int, table: pa.Table) -> None:
        """Write a file of the full load, by its number."""
        self._write(f"LOAD{number:08X}.parquet", table)

    def changed(self, time: datetime, table: pa.Table) -> None:
        """Write a file of changes, by the time at which it is written."""
        self._write(f"{time:%Y%m%d-%H%M%S}{time.microsecond // 1000:03d}.parquet", table)

    def rows(self, names: Sequence[str], types: Sequence[ColumnType], rows: Iterable[Row]) -> pa.Table:
        """Return rows with what DMS adds to them."""
        found = list(rows)
        columns: dict[str, pa.Array] = {}
        if found and found[0].operation:
            columns["Op"] = pa.array([row.operation for row in found], pa.string())
        for number, (name, kind) in enumerate(zip(names, types, strict=True)):
            columns[name] = _column(name, kind, (row.values[number] for row in found))
        if self._target.time_column:
            columns[self._target.time_column] = pa.array([row.time.strftime(_TIME) for row in found], pa.string())
        return pa.table(columns)

    def _write(self, name: str, table: pa.Table) -> None:
        content = io.BytesIO()
        compression = "gzip" if self._target.compressed else "none"
        pq.write_table(table, content, compression=compression, version=self._target.version)
        self._objects.write(f"{self._prefix}{name}", content.getvalue())


def _column(name: str, kind: ColumnType, texts: Iterable[str | None]) -> pa.Array:
    parse: Callable[[str], Any] = kind.parse
    try:
        return pa.array([None if text is None else parse(text) for text in texts], kind.arrow)
    except (ValueError, ArithmeticError, pa.ArrowException) as error:
        raise ReplicationError(f"a value of column {name} is none that DMS writes as {kind.arrow}: {error}") from None


def next_time(last: datetime | None) -> datetime:
    """Return a time for a file's name, later than the last one by a millisecond at least."""
    now = datetime.now(UTC)
    return now if last is None else max(now, last + timedelta(milliseconds=1))
