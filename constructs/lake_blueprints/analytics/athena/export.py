"""A pipeline step that exports an Iceberg table as it was at one snapshot.

Above 200 lines: half of it is the documentation and the checks of its options.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from aws_cdk import Duration, Token

from lake_blueprints.analytics.athena import permissions
from lake_blueprints.analytics.athena.export_states import ExportStates
from lake_blueprints.analytics.athena.unload import (
    COMPRESSIONS,
    ExportFormat,
    PinnedQuery,
    Timestamps,
    holds_timestamps,
    latest_snapshot,
    pinned_query,
    pinned_sql,
    unload_options,
)
from lake_blueprints.analytics.athena.workgroup import Workgroup
from lake_blueprints.catalog.iceberg import IcebergTable
from lake_blueprints.catalog.names import check_prefix
from lake_blueprints.contracts.dataset import refuse_restricted_folders
from lake_blueprints.foundation.access import ServiceRole, allow, arn_of
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.units import KnownDurationInSeconds
from lake_blueprints.orchestration.asl import Fragment, State, check_name, joined, step_name
from lake_blueprints.orchestration.context import StepContext
from lake_blueprints.orchestration.step import Step
from lake_blueprints.storage.s3 import Zone

_COLUMN = re.compile(r"[a-z_][a-z0-9_]*")
# What neither a literal of SQL nor an intrinsic function would end or change.
_PREFIX = re.compile(r"[A-Za-z0-9/_.=-]+")


@checked
@dataclass(frozen=True, kw_only=True)
class Export(Step):
    """Export the rows that an Iceberg table has at one snapshot to a prefix of a zone, by Athena's UNLOAD.

    Each execution writes to a folder of its own, which is named after it, and never to one that exists: UNLOAD refuses
    a folder with data, or adds to it if it writes partitions. Beside the files lie `_manifest.json`, with table,
    snapshot, contract, rows and location, and `_files.csv`, with the URI of each file; `_latest.json` below the prefix
    is the manifest of the newest export.

    Parameters
    ----------
    workgroup: Workgroup
        Where it runs. Athena encrypts exported files by the workgroup's key, which must be the zone's.
    table: IcebergTable
        The table. The snapshot is the current one when the step begins, or the one that the execution's input names as
        text: `{"snapshots": {"Export flights": "4711"}}`.
    zone: Zone
        Where the export is written.
    prefix: str
        Start of its keys, ending in a slash.
    sql: str, optional
        A query of that table alone, which names it without its database: `SELECT * FROM flights WHERE delay > 15`. By
        default the columns of the dataset.
    file_format: ExportFormat
        Format of the files. By default Parquet.
    compression: str, optional
        `GZIP`, `SNAPPY` or `ZSTD` for Parquet, `LZ4`, `SNAPPY`, `ZLIB` or `ZSTD` for ORC. By default Athena's: GZIP,
        and ZLIB for ORC.
    delimiter: str, optional
        Character between the fields of text. By default Athena's, the control character 1.
    partitioned_by: sequence of str
        Columns by which files are laid out in folders, outermost first; at most 100 folders. With `sql`, its last
        columns. By default none.
    timestamps: Timestamps
        Type of timestamps, unless `sql` says it. By default text with all digits.
    restricted: bool
        Whether restricted columns may be exported; the export is then as restricted as they are. By default a table
        that has some is refused.
    timeout: Duration
        Time after which each of its two long queries is stopped and the step fails. By default 30 minutes, Athena's
        own limit.
    name: str, optional
        Name of the step. By default `Export` and the table's name.

    Raises
    ------
    ValueError
        If the table has restricted columns that may not be exported, the keys differ, or options do not fit together.

    Notes
    -----
    https://docs.aws.amazon.com/athena/latest/ug/unload.html

    Example
    -------
        >>> workgroup = Workgroup(self, "Exports", encryption_key=analytics.key)
        >>> flights = database.add_iceberg_table(contract["flights"])
        >>> Export(workgroup=workgroup, table=flights, zone=analytics, prefix="exports/flights/")
    """

    workgroup: Workgroup
    table: IcebergTable
    zone: Zone
    prefix: str
    sql: str | None = None
    file_format: ExportFormat = ExportFormat.PARQUET
    compression: str | None = None
    delimiter: str | None = None
    partitioned_by: Sequence[str] = ()
    timestamps: Timestamps = Timestamps.TEXT
    restricted: bool = False
    timeout: KnownDurationInSeconds = field(default_factory=lambda: Duration.minutes(30))
    name: str | None = None

    def __post_init__(self) -> None:
        check_prefix(self.prefix)
        if not Token.is_unresolved(self.prefix) and not _PREFIX.fullmatch(self.prefix):
            raise ValueError(f"'prefix' must be letters, digits and any of /_.=-, got '{self.prefix}'")
        check_name(self.step_name)
        self.table.require_unmasked_access(self.restricted)
        if arn_of(self.workgroup.key) != arn_of(self.zone.key):
            raise ValueError(
                f"the files of an export have the key of workgroup '{self.workgroup.node.path}', which readers of "
                f"zone '{self.zone.node.path}' may not use; give both the same 'encryption_key'"
            )
        self._check_files()
        self._check_partitions()
        self._check_query()

    @property
    def step_name(self) -> str:
        """Name of the step."""
        return self.name or step_name("Export", self.table.table_name)

    @property
    def output_path(self) -> str:
        """Path in the state machine's data of what is known of the export: its `location`, `snapshot` and so on."""
        return f"$.exports.x{hashlib.sha256(self.step_name.encode()).hexdigest()[:16]}"

    def render(self, context: StepContext) -> Fragment:
        dataset = self.table.dataset
        account: State = {
            "database": self.table.database.database_name,
            "table": self.table.table_name,
            "contract": {"dataset": dataset.name, "version": dataset.version},
            "format": str(self.file_format),
            "partitioned_by": list(self.partitioned_by),
            **({"sql": self.sql} if self.sql else {}),
        }
        states = ExportStates(
            name=self.step_name,
            path=self.output_path,
            workgroup=self.workgroup,
            database=self.table.database.database_name,
            zone=self.zone,
            prefix=self.prefix,
            timeout=self.timeout,
            restricted=self.restricted,
        )
        options = unload_options(self.file_format, self.compression, self.delimiter, self.partitioned_by)
        return joined(
            states.begin(self._query, options),
            states.pin(latest_snapshot(self.table)),
            states.count(),
            states.unload(),
            states.account(account),
        )

    def grant(self, role: ServiceRole) -> None:
        if self.restricted:
            self.zone.restrict(self.prefix, columns=[one.name for one in self.table.dataset.restricted_columns])
        self.zone.require_queryable(self.prefix, f"step '{self.step_name}'")
        with role.used_for(f"exports table '{self.table.table_name}'"):
            self.workgroup.grant_execute(role)
            self.table.grant_read(role, restricted=self.restricted)
        allow(role, permissions.read_result(self.workgroup.workgroup_arn), *permissions.unload(self.zone, self.prefix))

    @property
    def _query(self) -> PinnedQuery:
        if self.sql is not None:
            return pinned_sql(self.table, self.sql)
        columns = self.table.dataset.columns
        data = [column for column in columns if column.name not in self.partitioned_by]
        keys = [self.table.dataset.column(name) for name in self.partitioned_by]
        return pinned_query(self.table, [*data, *keys], self.timestamps)

    def _check_files(self) -> None:
        allowed = COMPRESSIONS.get(self.file_format, ())
        if self.compression is not None and self.compression not in allowed:
            known = f"one of {', '.join(allowed)}" if allowed else "left out, since Athena has one for it"
            raise ValueError(f"'compression' of {self.file_format} must be {known}, got '{self.compression}'")
        if self.delimiter is not None and (self.file_format is not ExportFormat.TEXTFILE or len(self.delimiter) != 1):
            raise ValueError(f"'delimiter' must be one character, and is for TEXTFILE only, got '{self.delimiter}'")

    def _check_partitions(self) -> None:
        dataset = self.table.dataset
        known = {column.name: column for column in dataset.columns}
        for name in self.partitioned_by:
            if not _COLUMN.fullmatch(name) or (self.sql is None and name not in known):
                raise ValueError(f"'partitioned_by' must be columns of dataset '{dataset.name}', got '{name}'")
        if len(set(self.partitioned_by)) < len(self.partitioned_by) or set(self.partitioned_by) >= set(known):
            raise ValueError("'partitioned_by' must be different columns, and leave one for the files")
        refuse_restricted_folders(dataset.name, [known[name] for name in self.partitioned_by if name in known])

    def _check_query(self) -> None:
        if self.sql is not None:
            pinned_sql(self.table, self.sql)
            return
        for column in self.table.dataset.columns:
            if holds_timestamps(column.type):
                raise ValueError(
                    f"column '{column.name}' of table '{self.table.table_name}' holds timestamps in a nested type, "
                    "which UNLOAD does not write; give 'sql' that casts them or leaves the column out"
                )
