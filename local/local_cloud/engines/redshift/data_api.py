"""The Redshift Data API over the local warehouse: a smoke test of the SQL, not Redshift.

Above 200 lines: one class with the operations of one service, most of them a few lines.
"""

from __future__ import annotations

import copyreg
import json
import re
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from botocore.exceptions import ClientError
from duckdb.sqltypes import DuckDBPyType
from moto.redshift.models import redshift_backends
from moto.redshiftdata.exceptions import ResourceNotFoundException, ValidationException
from moto.redshiftdata.models import redshiftdata_backends

from local_cloud.engines.engine import Engine
from local_cloud.engines.redshift.cluster_roles import role_of, role_problem
from local_cloud.engines.redshift.warehouse import FAILURES, Kept, Result, Warehouse
from local_cloud.engines.zero_etl.destinations import Destinations
from local_cloud.server.patching import Patches
from local_cloud.server.runtime import Runtime
from local_cloud.sql.duck import message

_MOST_STATEMENTS = 40
_MOST_STATEMENT_BYTES = 100_000
PAGE = 1000
_RESPONSES = "moto.redshiftdata.responses"
_RESPONSE = "RedshiftDataAPIServiceResponse"
_PARAMETER = re.compile(r"'(?:[^']|'')*'|(?<![:\w]):([A-Za-z_]\w*)")
# By DuckDBPyType.id.
_TYPES = {
    "boolean": "bool",
    "tinyint": "int2",
    "smallint": "int2",
    "integer": "int4",
    "bigint": "int8",
    "hugeint": "int8",
    "float": "float4",
    "double": "float8",
    "decimal": "numeric",
    "date": "date",
    "timestamp": "timestamp",
    "timestamp with time zone": "timestamptz",
    "blob": "varbyte",
}


@dataclass(kw_only=True)
class Statement:
    """One statement, or a batch of them, given to the Data API."""

    id: str
    target: dict[str, str]
    where: str
    sqls: list[str]
    batch: bool
    name: str = ""
    problem: str = ""
    status: str = "SUBMITTED"
    error: str = ""
    created: float = field(default_factory=time.time)
    updated: float = field(default_factory=time.time)
    results: list[Result] = field(default_factory=list)

    def enter(self, status: str, error: str = "") -> None:
        if self.status not in ("FINISHED", "FAILED", "ABORTED"):
            self.updated = time.time()
            self.error = error
            self.status = status

    def describe(self) -> dict[str, Any]:
        """Return what DescribeStatement says."""
        return {
            "Id": self.id,
            **self.target,
            "CreatedAt": self.created,
            "UpdatedAt": self.updated,
            "Duration": int(1e9 * (self.updated - self.created)),
            "Status": self.status,
            "QueryString": self.sqls[0] if not self.batch else "",
            "RedshiftPid": 0,
            "RedshiftQueryId": 0,
            **({"StatementName": self.name} if self.name else {}),
            **({"Error": self.error} if self.error else {}),
            **({"SubStatements": list(map(self._sub, range(len(self.sqls))))} if self.batch else {}),
            **_summary(self.results[-1] if self.results else None),
        }

    def _sub(self, position: int) -> dict[str, Any]:
        return {
            "Id": f"{self.id}:{position + 1}",
            "QueryString": self.sqls[position],
            "Status": self.status,
            "CreatedAt": self.created,
            "UpdatedAt": self.updated,
            **({"Error": self.error} if self.error else {}),
            **_summary(self.results[position] if self.results else None),
        }

    def result(self, position: int, start: int) -> dict[str, Any]:
        """Return one page of a statement's result."""
        columns, rows = self.results[position]
        end = start + PAGE
        return {
            "ColumnMetadata": [_column(name, kind) for name, kind in columns],
            "Records": [[_field(value) for value in row] for row in rows[start:end]],
            "TotalNumRows": len(rows),
            **({"NextToken": str(end)} if end < len(rows) else {}),
        }


def _check_limits(sqls: list[str]) -> None:
    # https://docs.aws.amazon.com/redshift-data/latest/APIReference/API_BatchExecuteStatement.html,
    # https://docs.aws.amazon.com/redshift/latest/mgmt/data-api.html
    if len(sqls) > _MOST_STATEMENTS:
        raise ValidationException(
            "1 validation error detected: Value at 'sqls' failed to satisfy constraint: Member must have length less "
            f"than or equal to {_MOST_STATEMENTS}"
        )
    if any(len(sql.encode()) > _MOST_STATEMENT_BYTES for sql in sqls):
        raise ValidationException("Cannot process query string larger than 100kB")


class RedshiftDataEngine(Engine):
    """Runs what the Data API is given, one warehouse for each database of a workgroup or cluster."""

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime)
        self._warehouses: dict[tuple[str, ...], Warehouse] = {}
        self._destinations = Destinations(runtime, self._warehouses, self._role)
        runtime.cleanup.callback(self._close)

    def state(self) -> dict[tuple[str, ...], Kept]:
        return {key: warehouse.kept() for key, warehouse in self._warehouses.items()}

    def restore(self, state: dict[tuple[str, ...], Kept] | None) -> None:
        for key, kept in (state or {}).items():
            self._warehouses[key] = self._destinations.restore(kept)

    def drain(self) -> None:
        """Bring what zero-ETL integrations write up to date."""
        self._destinations.drain()

    def stop(self) -> None:
        """Cancel what runs."""
        for backend in list(redshiftdata_backends[self.runtime.account].values()):
            for statement in list(backend.statements.values()):
                if statement.status in ("SUBMITTED", "STARTED"):
                    self._cancel(statement, backend.region_name)

    def _close(self) -> None:
        for warehouse in self._warehouses.values():
            warehouse.close()

    def patches(self) -> Patches:
        patches = Patches()

        @patches.replace(_RESPONSES, f"{_RESPONSE}.execute_statement")
        def execute_statement(self: Any) -> Any:
            sql = _with_parameters(self._get_param("Sql"), self._get_param("Parameters") or [])
            return submit(self, [sql], batch=False)

        @patches.add(_RESPONSES, f"{_RESPONSE}.batch_execute_statement")
        def batch_execute_statement(self: Any) -> Any:
            return submit(self, self._get_param("Sqls"), batch=True)

        @patches.replace(_RESPONSES, f"{_RESPONSE}.describe_statement")
        def describe_statement(self: Any) -> Any:
            statement, _ = _find(self)
            return _answer(statement.describe())

        @patches.replace(_RESPONSES, f"{_RESPONSE}.get_statement_result")
        def get_statement_result(self: Any) -> Any:
            statement, position = _find(self)
            if statement.status != "FINISHED" or not statement.results[position][0]:
                raise ValidationException(
                    "Query does not have result. Please check query status with DescribeStatement."
                )
            return _answer(statement.result(position, int(self._get_param("NextToken") or 0)))

        @patches.add(_RESPONSES, f"{_RESPONSE}.list_statements")
        def list_statements(self: Any) -> Any:
            wanted = self._get_param("Status")
            found = sorted(self.redshiftdata_backend.statements.values(), key=lambda item: -item.created)
            return _answer(
                {
                    "Statements": [
                        {key: described[key] for key in ("Id", "CreatedAt", "UpdatedAt", "Status", "QueryString")}
                        | {"IsBatchStatement": item.batch, "QueryStrings": item.sqls}
                        for item in found
                        if (described := item.describe()) and wanted in (None, "ALL", item.status)
                    ]
                }
            )

        @patches.replace(_RESPONSES, f"{_RESPONSE}.cancel_statement")
        def cancel_statement(self: Any) -> Any:
            statement, _ = _find(self)
            if statement.status not in ("SUBMITTED", "STARTED"):
                raise ValidationException(
                    f"Could not cancel a query that is already in {statement.status} state with ID: {statement.id}"
                )
            engine._cancel(statement, self.redshiftdata_backend.region_name)
            return _answer({"Status": True})

        def submit(response: Any, sqls: list[str], *, batch: bool) -> Any:
            target = {
                key: response._get_param(key)
                for key in ("WorkgroupName", "ClusterIdentifier", "Database", "DbUser", "SecretArn")
                if response._get_param(key)
            }
            if "Database" not in target or not target.keys() & {"WorkgroupName", "ClusterIdentifier"}:
                raise ValidationException("Database and either WorkgroupName or ClusterIdentifier must be given.")
            _check_limits(sqls)
            name = response._get_param("StatementName") or ""
            backend = response.redshiftdata_backend
            where, problem = target.get("WorkgroupName", ""), ""
            if cluster_name := target.get("ClusterIdentifier"):
                cluster = engine._cluster(backend.region_name, cluster_name)
                where, problem = f"{cluster_name}.{cluster.unique_cluster_id}", role_problem(cluster, sqls)
            statement = Statement(
                id=str(uuid.uuid4()), target=target, where=where, sqls=sqls, batch=batch, name=name, problem=problem
            )
            backend.statements[statement.id] = statement
            region = backend.region_name
            self.runtime.background(
                lambda: _run(statement, lambda: self._results(statement, region)), f"statement {statement.id}"
            )
            return _answer({"Id": statement.id, "CreatedAt": statement.created, **target})

        engine = self
        return patches

    def _cancel(self, statement: Statement, region: str) -> None:
        running = statement.status == "STARTED"
        statement.enter("ABORTED")
        if running:
            self._warehouse(statement, region).interrupt(statement.id)

    def _results(self, statement: Statement, region: str) -> list[Result]:
        """Run a statement, and return its results."""

        def started() -> bool:
            statement.enter("STARTED")
            return statement.status == "STARTED"

        place = _place(statement, region)
        done = self._destinations.run(place, statement.sqls, started)
        if done is not None:
            return done
        shown = [self._destinations.shown(place, sql) for sql in statement.sqls]
        return self._warehouse(statement, region).run(statement.id, shown, started)

    def _warehouse(self, statement: Statement, region: str) -> Warehouse:
        key = _place(statement, region)
        if key not in self._warehouses:
            cluster = statement.target.get("ClusterIdentifier")
            role = role_of(self._cluster(region, cluster)) if cluster else self._role(region, statement.where)
            self._warehouses[key] = Warehouse(self.runtime, region, role=role)
        return self._warehouses[key]

    def _cluster(self, region: str, name: str) -> Any:
        """Return a cluster that takes statements."""
        cluster = redshift_backends[self.runtime.account][region].clusters.get(name)
        if cluster is None:
            raise ValidationException("Redshift endpoint doesn't exist in this region.")
        if cluster.status != "available":
            raise ValidationException(f"Cluster {name} is {cluster.status}: it takes statements once it is available.")
        return cluster

    def _role(self, region: str, workgroup: str) -> str | None:
        """Return the role under which statements read the lake: the namespace's default one."""
        serverless = self.runtime.client("redshift-serverless", region)
        try:
            namespace = serverless.get_workgroup(workgroupName=workgroup)["workgroup"]["namespaceName"]
        except ClientError:
            return None  # a workgroup that was never made
        found = serverless.get_namespace(namespaceName=namespace)["namespace"].get("defaultIamRoleArn")
        return str(found) if found else None


def _place(statement: Statement, region: str) -> tuple[str, str, str]:
    """Return Region, workgroup or cluster, and database of a statement."""
    return region, statement.where, statement.target["Database"]


def _run(statement: Statement, results: Callable[[], list[Result]]) -> None:
    if statement.problem:
        statement.enter("FAILED", f"ERROR: {statement.problem}")
        return
    try:
        statement.results = results()
        statement.enter("FINISHED")
    except FAILURES as error:
        statement.enter("FAILED", f"ERROR: {message(error)}")
    except ClientError as error:
        statement.enter("FAILED", f"ERROR: {error.response['Error'].get('Message')}")
    except Exception as error:
        # A statement must reach a final state whatever happens, or its caller waits forever.
        statement.enter("FAILED", f"ERROR: internal error: {type(error).__name__}: {error}")


# The types of a result's columns, which pickle does not take.
copyreg.pickle(DuckDBPyType, lambda kind: (DuckDBPyType, (str(kind),)))


def _answer(body: dict[str, Any]) -> tuple[int, dict[str, str], str]:
    return 200, {}, json.dumps(body)


def _find(response: Any) -> tuple[Statement, int]:
    """Return a statement and which of its results is asked for: `<id>:2` is the second of a batch."""
    statement_id, _, position = response._get_param("Id").partition(":")
    statement: Statement | None = response.redshiftdata_backend.statements.get(statement_id)
    if statement is None or int(position or 1) > len(statement.sqls):
        raise ResourceNotFoundException()
    return statement, int(position or 0) - 1


def _with_parameters(sql: str, parameters: Sequence[dict[str, str]]) -> str:
    """Put named parameters in as text; Redshift too gives them the type that their place asks for."""
    values = {item["name"]: item["value"] for item in parameters}

    def value(matched: re.Match[str]) -> str:
        name = matched[1]
        if name is None:
            return matched[0]
        if name not in values:
            raise ValidationException(f"Parameters list does not contain a value for {name}.")
        return "'" + values[name].replace("'", "''") + "'"

    return _PARAMETER.sub(value, sql) if parameters else sql


def _summary(result: Result | None) -> dict[str, Any]:
    columns, rows = result or ([], [])
    return {"HasResultSet": bool(columns), "ResultRows": len(rows) if columns else 0, "ResultSize": len(str(rows))}


def _column(name: str, kind: Any) -> dict[str, Any]:
    scale = dict(kind.children).get("scale", 0) if kind.id == "decimal" else 0
    type_name = "super" if str(kind) == "JSON" else _TYPES.get(kind.id, "varchar")
    return {"name": name, "label": name, "typeName": type_name, "nullable": 1, "scale": scale}


def _field(value: Any) -> dict[str, Any]:
    match value:
        case None:
            return {"isNull": True}
        case bool():
            return {"booleanValue": value}
        case int():
            return {"longValue": value}
        case float():
            return {"doubleValue": value}
        case _:
            return {"stringValue": _text(value)}


def _text(value: Any) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}"
    # A VARBYTE is shown in hexadecimal digits.
    return value.hex() if isinstance(value, bytes) else str(value)
