"""Time travel: the snapshot that `FOR TIMESTAMP AS OF` or `FOR VERSION AS OF` names, with Trino's errors.

https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg-time-travel-and-version-travel-queries.html
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from pyiceberg.table import Table
from sqlglot import exp

from local_cloud.errors import LocalCloudError
from local_cloud.sql import trino
from local_cloud.sql.duck import Session

_POINTERS = "Temporal pointers must be of type Timestamp, Timestamp with Time Zone, or Date."


def snapshot_as_of(session: Session, table: Table, version: exp.Version) -> int:
    """Return the id of the snapshot that a clause names.

    Raises
    ------
    LocalCloudError
        In Trino's words, if there is none.
    """
    relation = session.execute(f"select {trino.generate(version.expression)}")
    kind = str((relation.description or [])[0][1]).lower()
    (value,) = relation.fetchone() or (None,)
    if value is None:
        raise LocalCloudError("INVALID_ARGUMENTS: line 1:1: Pointer value cannot be NULL")
    by_time = version.name.upper() == "TIMESTAMP"
    found = _at(table, value, kind) if by_time else _of_version(table, value, kind)
    if table.snapshot_by_id(found) is None:
        raise LocalCloudError(f"INVALID_ARGUMENTS: Iceberg snapshot ID does not exists: {found}")
    return found


def _at(table: Table, value: Any, kind: str) -> int:
    if not isinstance(value, date):
        raise LocalCloudError(f"TYPE_MISMATCH: line 1:1: Type {kind} invalid. {_POINTERS}")
    moment = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)
    # Athena takes a timestamp without a zone to be in UTC.
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    if moment >= datetime.now(UTC):
        raise LocalCloudError(f"INVALID_ARGUMENTS: line 1:1: Pointer value '{value}' is not in the past")
    milliseconds = int(moment.timestamp() * 1000)
    known = [entry for entry in table.history() if entry.timestamp_ms <= milliseconds]
    if not known:
        database, name = table.name()
        shown = moment.isoformat(timespec="milliseconds" if moment.microsecond else "auto").replace("+00:00", "Z")
        raise LocalCloudError(f'INVALID_ARGUMENTS: No version history table "{database}"."{name}" at or before {shown}')
    return max(known, key=lambda entry: entry.timestamp_ms).snapshot_id


def _of_version(table: Table, value: Any, kind: str) -> int:
    if isinstance(value, str):
        reference = table.refs().get(value)
        if reference is None:
            raise LocalCloudError(f"INVALID_ARGUMENTS: Cannot find snapshot with reference name: {value}")
        return reference.snapshot_id
    if isinstance(value, bool) or not isinstance(value, int):
        raise LocalCloudError(f"NOT_SUPPORTED: Unsupported type for table version: {kind}")
    return value
