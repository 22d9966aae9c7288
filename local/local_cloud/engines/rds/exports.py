"""Exports of clusters to S3: the rows of a real PostgreSQL as Parquet, in the folders that Aurora writes.

https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/export-cluster-data.FileNames.html
"""

from __future__ import annotations

import io
import json
import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from moto.rds.exceptions import (
    DBClusterNotFoundError,
    ExportTaskAlreadyExistsError,
    InvalidParameterValue,
    RDSClientError,
)
from moto.rds.models import DBCluster, ExportTask, RDSBackend

from local_cloud.engines.dms.postgresql import OPTIONS, PostgresqlSource, Table
from local_cloud.engines.rds.models import server_of
from local_cloud.server.objects import ObjectStore
from local_cloud.server.patching import Patches
from local_cloud.server.runtime import Runtime

_MOST_DIGITS = 38
_PLAIN: dict[str, tuple[pa.DataType, Any]] = {
    "smallint": (pa.int16(), int),
    "integer": (pa.int32(), int),
    "bigint": (pa.int64(), int),
    "real": (pa.float32(), float),
    "double precision": (pa.float64(), float),
    "boolean": (pa.bool_(), lambda text: text == "true"),
    "bytea": (pa.binary(), lambda text: bytes.fromhex(text[2:])),
}


class Exports:
    """Exports of every Region's clusters.

    Parameters
    ----------
    runtime: Runtime
        The cloud.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def patch(self, patches: Patches) -> None:
        """Have moto's exports write objects."""
        exports = self

        @patches.replace("moto.rds.models", "RDSBackend.start_export_task")
        def start_export_task(self: Any, kwargs: dict[str, Any]) -> ExportTask:
            return exports._start(self, kwargs)

    def _start(self, backend: RDSBackend, request: dict[str, Any]) -> ExportTask:
        name, source = str(request["export_task_identifier"]), str(request["source_arn"])
        if name in backend.export_tasks:
            raise ExportTaskAlreadyExistsError(name)
        kind, _, identifier = source.split(":", 5)[5].partition(":")
        if kind != "cluster":
            raise InvalidParameterValue("the local cloud exports clusters, and keeps no rows of snapshots")
        cluster = backend.clusters.get(identifier)
        if cluster is None:
            raise DBClusterNotFoundError(identifier)
        role = str(request["iam_role_arn"])
        objects = self._runtime.objects_of(role)
        if request["s3_bucket_name"] not in objects.buckets():
            raise RDSClientError("InvalidS3BucketFault", f"The bucket {request['s3_bucket_name']} does not exist.")
        roles = self._runtime.client("iam", backend.region_name).get_paginator("list_roles").paginate()
        if not any(role == one["Arn"] for page in roles for one in page["Roles"]):
            raise RDSClientError("IamRoleNotFound", f"The role {role} does not exist.")
        task = ExportTask(backend, cluster, request)
        task.status, task.percent_progress = "STARTING", 0
        task.snapshot_time = task.task_start_time = datetime.now(UTC)
        backend.export_tasks[name] = task
        self._runtime.background(lambda: self._perform(task, cluster, objects), f"export {name}")
        return task

    @staticmethod
    def _perform(task: Any, cluster: DBCluster, objects: ObjectStore) -> None:
        task.status = "IN_PROGRESS"
        try:
            _write(task, cluster, objects)
        except Exception as error:
            # An export must end whatever happens, or what waits for it waits forever.
            task.status, task.failure_cause = "FAILED", f"{type(error).__name__}: {error}"
        else:
            task.status, task.percent_progress = "COMPLETE", 100
        task.task_end_time = datetime.now(UTC)


def _write(task: Any, cluster: DBCluster, objects: ObjectStore) -> None:
    prefix = f"{task.s3_prefix}/" if task.s3_prefix else ""
    folder = f"s3://{task.s3_bucket}/{prefix}{task.export_task_identifier}"
    only = [tuple(one.split(".")) for one in task.export_only] or [(str(cluster.database_name),)]
    tables = []
    for database in dict.fromkeys(one[0] for one in only):
        for table, content in _tables(cluster, database, [one[1:] for one in only if one[0] == database]):
            target = f"{folder}/{database}/{table.full_name}/1/part-00000-{uuid.uuid4()}-c000.gz.parquet"
            if content.num_rows:
                objects.write(target, _parquet(content))
            tables.append({"target": f"{database}.{table.full_name}", "status": "COMPLETE", "rows": content.num_rows})
    name = task.export_task_identifier
    information = {
        "exportTaskIdentifier": name,
        "sourceArn": task.source_arn,
        "exportOnly": list(task.export_only),
        "snapshotTime": task.snapshot_time.isoformat(),
        "s3Bucket": task.s3_bucket,
        "s3Prefix": task.s3_prefix,
        "status": "COMPLETE",
        "percentProgress": 100,
    }
    objects.write(f"{folder}/export_info_{name}.json", json.dumps(information).encode())
    listed = json.dumps({"perTableStatus": tables}).encode()
    objects.write(f"{folder}/export_tables_info_{name}_from_1_to_{len(tables)}.json", listed)


class _Chosen:
    """Tables that an export names: all of a database, of a schema, or one."""

    def __init__(self, only: Sequence[tuple[str, ...]]) -> None:
        self._only = only

    def includes(self, schema: str, table: str) -> bool:
        return any((schema, table)[: len(one)] == one for one in self._only)


def _tables(cluster: DBCluster, database: str, only: Sequence[tuple[str, ...]]) -> Iterator[tuple[Table, pa.Table]]:
    """Yield tables with their rows, all of the same moment."""
    import psycopg  # noqa: PLC0415

    server = server_of(cluster)
    assert server is not None, cluster.resource_id
    with server.administrator(database, options=OPTIONS) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        source = PostgresqlSource(connection)
        with connection.transaction():
            for table in source.tables(_Chosen(only)):
                yield table, _content(source, table)


def _content(source: PostgresqlSource, table: Table) -> pa.Table:
    kinds = [_kind(source.kind(column.type), column.modifier) for column in table.columns]
    rows = [row for batch in source.rows(table) for row in batch]
    return pa.table(
        {
            column.name: pa.array([None if row[n] is None else parse(row[n]) for row in rows], kind)
            for n, (column, (kind, parse)) in enumerate(zip(table.columns, kinds, strict=True))
        }
    )


def _kind(kind: str, modifier: int) -> tuple[pa.DataType, Any]:
    """Return the type of a column in Parquet, and what makes a value of a text; dates and times stay texts.

    https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ExportSnapshot.data-types.html
    """
    if kind == "numeric" and modifier >= 4 and (modifier - 4) >> 16 <= _MOST_DIGITS:
        return pa.decimal128((modifier - 4) >> 16, (modifier - 4) & 0x7FF), Decimal
    return _PLAIN.get(kind, (pa.string(), str))


def _parquet(content: pa.Table) -> bytes:
    written = io.BytesIO()
    pq.write_table(content, written, compression="gzip")
    return written.getvalue()
