"""Athena: queries on the Glue catalog's tables, run by DuckDB, with Athena's states, results and statistics.

DuckDB is not Trino. What is known to differ is rewritten or refused (see `trino`); what passes here is a
functional test of a pipeline's SQL, not proof that Athena takes it.

Above 200 lines: one class with the operations of one service, most of them a few lines.
"""

from __future__ import annotations

import json
import re
import threading
import time
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb
from botocore.exceptions import ClientError
from moto.athena.models import athena_backends
from moto.core.exceptions import JsonRESTError

from local_cloud.engines.engine import Engine
from local_cloud.errors import LocalCloudError
from local_cloud.server.patching import Patches
from local_cloud.sql import trino
from local_cloud.sql.catalog import Catalog
from local_cloud.sql.catalogs import context_of
from local_cloud.sql.duck import Session
from local_cloud.sql.statements import Outcome, Runner, statement_type, substitute

MAX_PAGE = 1000
_MODELS = "moto.athena.models"
_RESPONSES = "moto.athena.responses"
_EXECUTE = re.compile(r"EXECUTE\s+(\w+)(?:\s+USING\s+(.*))?", re.IGNORECASE | re.DOTALL)
_FINAL = ("SUCCEEDED", "FAILED", "CANCELLED")


@dataclass(kw_only=True)
class Execution:
    """One query execution; moto's listings read `id`, `status` and `workgroup` of it."""

    id: str
    query: str
    workgroup: Any
    context: dict[str, str]
    result_configuration: dict[str, Any]
    enforced: bool
    cutoff: int | None
    execution_parameters: list[str] | None
    token: str
    status: str = "QUEUED"
    reason: str | None = None
    submitted: float = field(default_factory=time.time)
    started: float = 0.0
    completed: float | None = None
    scanned: int = 0
    manifest: str | None = None
    outcome: Outcome = field(default_factory=Outcome)
    session: Session | None = None
    closed: threading.Event = field(default_factory=threading.Event)

    @property
    def writes_table_buckets(self) -> bool:
        """Whether its workgroup lets it write tables of S3 Tables, which one does not that encrypts with a KMS key.

        https://docs.aws.amazon.com/athena/latest/ug/gdc-register-s3-table-bucket-cat.html
        """
        encryption = self.result_configuration.get("EncryptionConfiguration") or {}
        return not str(encryption.get("EncryptionOption", "")).endswith("KMS")

    def finish(self, status: str, reason: str | None = None) -> None:
        """Enter a final state; the first one stays."""
        if self.status not in _FINAL:
            self.completed = time.time()
            self.reason = reason
            self.status = status

    def interrupt(self) -> None:
        """Make a running statement end; one interrupt would be lost on a statement that is not running yet."""
        while not self.closed.wait(0.02):
            if self.session:
                self.session.interrupt()

    def describe(self) -> dict[str, Any]:
        """Return what GetQueryExecution says."""
        now = self.completed or time.time()
        queued = 1000 * ((self.started or now) - self.submitted)
        running = 1000 * (now - self.started) if self.started else 0
        times = {"CompletionDateTime": self.completed} if self.completed else {}
        reason = {"StateChangeReason": self.reason} if self.reason else {}
        failed = {"AthenaError": {"ErrorCategory": 2, "ErrorMessage": self.reason}} if self.status == "FAILED" else {}
        manifest = {"DataManifestLocation": self.manifest} if self.manifest else {}
        parameters = {"ExecutionParameters": self.execution_parameters} if self.execution_parameters else {}
        return {
            "QueryExecutionId": self.id,
            "Query": self.query,
            "StatementType": statement_type(self.query),
            "ResultConfiguration": self.result_configuration,
            "ResultReuseConfiguration": {"ResultReuseByAgeConfiguration": {"Enabled": False}},
            "QueryExecutionContext": self.context,
            "Status": {"State": self.status, "SubmissionDateTime": self.submitted, **times, **reason, **failed},
            "Statistics": {
                "EngineExecutionTimeInMillis": int(running),
                "DataScannedInBytes": self.scanned,
                "TotalExecutionTimeInMillis": int(queued + running),
                "QueryQueueTimeInMillis": int(queued),
                "ServiceProcessingTimeInMillis": 0,
                "ResultReuseInformation": {"ReusedPreviousResult": False},
                **manifest,
            },
            "WorkGroup": self.workgroup.name,
            "EngineVersion": {
                "SelectedEngineVersion": "AUTO",
                "EffectiveEngineVersion": "Athena engine version 3",
            },
            **parameters,
        }


class AthenaEngine(Engine):
    """Runs what StartQueryExecution is given."""

    def patches(self) -> Patches:
        patches = Patches()
        runtime = self.runtime

        @patches.replace(_RESPONSES, "AthenaResponse.start_query_execution")
        def start_query_execution(self: Any) -> str:
            execution = _prepare(self)
            known = _known(self.athena_backend.executions.values(), execution)
            if known is not None:
                return json.dumps({"QueryExecutionId": known.id})
            self.athena_backend.executions[execution.id] = execution
            region = self.athena_backend.region_name
            # On behalf of the caller.
            role = runtime.recording.role_of(self.headers.get("Authorization", ""))
            runtime.background(
                lambda: _run(execution, Session(runtime, region, role=role), Catalog(runtime, region, role=role)),
                f"query {execution.id}",
            )
            return json.dumps({"QueryExecutionId": execution.id})

        @patches.replace(_RESPONSES, "AthenaResponse.get_query_execution")
        def get_query_execution(self: Any) -> str:
            return json.dumps({"QueryExecution": _find(self).describe()})

        @patches.replace(_RESPONSES, "AthenaResponse.get_query_results")
        def get_query_results(self: Any) -> str:
            return json.dumps(_page(_find(self), self._get_param("MaxResults"), self._get_param("NextToken")))

        @patches.replace(_MODELS, "AthenaBackend.stop_query_execution")
        def stop_query_execution(self: Any, exec_id: str) -> None:
            execution = self.executions.get(exec_id)
            if execution is None:
                raise _invalid(f"QueryExecution {exec_id} was not found")
            execution.finish("CANCELLED", "Query cancelled by user")
            runtime.background(execution.interrupt, f"cancel {exec_id}")

        return patches

    def stop(self) -> None:
        """Cancel what runs."""
        for backend in list(athena_backends[self.runtime.account].values()):
            for execution in list(backend.executions.values()):
                if execution.status not in _FINAL:
                    execution.finish("CANCELLED", "the local cloud was stopped")
                    self.runtime.background(execution.interrupt, f"cancel {execution.id}")


def _invalid(text: str) -> Exception:
    error: Exception = JsonRESTError("InvalidRequestException", text)
    return error


def _find(response: Any) -> Execution:
    execution_id = response._get_param("QueryExecutionId")
    execution: Execution | None = response.athena_backend.executions.get(execution_id)
    if execution is None:
        raise _invalid(f"QueryExecution {execution_id} was not found")
    return execution


def _prepare(response: Any) -> Execution:
    """Check a request and settle whose configuration holds, as the service does before it queues a query."""
    name = response._get_param("WorkGroup") or "primary"
    workgroup = response.athena_backend.work_groups.get(name)
    if workgroup is None:
        raise _invalid(f"WorkGroup {name} is not found.")
    if workgroup.state == "DISABLED":
        raise _invalid(f"WorkGroup {name} is disabled.")
    settings = workgroup.configuration
    enforced = bool(settings.get("EnforceWorkGroupConfiguration"))
    of_workgroup = settings.get("ResultConfiguration") or {}
    of_client = response._get_param("ResultConfiguration") or {}
    chosen = dict(of_workgroup if enforced else {**of_workgroup, **of_client})
    if not chosen.get("OutputLocation"):
        raise _invalid(
            "No output location provided. An output location is required either through the Workgroup result "
            "configuration setting or as an API input."
        )
    query = response._get_param("QueryString")
    context = response._get_param("QueryExecutionContext") or {}
    execution_id = str(uuid.uuid4())
    suffix = _suffix(query)
    chosen["OutputLocation"] = f"{chosen['OutputLocation'].rstrip('/')}/{execution_id}{suffix}"
    return Execution(
        id=execution_id,
        query=query,
        workgroup=workgroup,
        context=context,
        result_configuration=chosen,
        enforced=enforced and bool(of_workgroup.get("OutputLocation")),
        cutoff=settings.get("BytesScannedCutoffPerQuery"),
        execution_parameters=response._get_param("ExecutionParameters"),
        token=response._get_param("ClientRequestToken") or execution_id,
    )


def _known(executions: Iterable[Execution], requested: Execution) -> Execution | None:
    """Return the execution of an earlier request with the same token, which is not run again."""
    known = next((one for one in executions if one.token == requested.token), None)
    if known is not None and (known.query, known.workgroup) != (requested.query, requested.workgroup):
        raise _invalid("Idempotent parameters do not match")
    return known


def _suffix(query: str) -> str:
    """Return the ending of a statement's result object: rows are CSV, printed lines text, written data has none."""
    if re.match(r"\s*UNLOAD\b|\s*INSERT\b|\s*CREATE\s+TABLE\b.*\bAS\b", query, re.IGNORECASE | re.DOTALL):
        return ""
    return ".csv" if statement_type(query) == "DML" else ".txt"


def _run(execution: Execution, session: Session, catalog: Catalog) -> None:
    execution.session = session
    execution.started = time.time()
    if execution.status == "QUEUED":
        execution.status = "RUNNING"
    try:
        database = context_of(execution.context.get("Catalog", ""), execution.context.get("Database", "default"))
        session.prepare(trino.install)
        location = execution.result_configuration["OutputLocation"]
        runner = Runner(
            session=session,
            catalog=catalog,
            database=database,
            execution_id=execution.id,
            output=location.rsplit("/", 1)[0] + "/",
            enforced=execution.enforced,
            writes_table_buckets=execution.writes_table_buckets,
        )
        outcome = runner.run(_resolve(execution, catalog))
        execution.scanned = session.bytes_read
        if execution.cutoff and execution.scanned > execution.cutoff:
            execution.finish("CANCELLED", f"Bytes scanned limit was exceeded: {execution.scanned} > {execution.cutoff}")
            return
        if execution.status == "RUNNING":
            _store(execution, outcome, catalog)
            execution.outcome = outcome
        execution.finish("SUCCEEDED")
    except (LocalCloudError, duckdb.Error) as error:
        execution.finish("FAILED", trino.failure(error))
    except ClientError as error:
        execution.finish("FAILED", error.response["Error"].get("Message") or str(error))
    except Exception as error:
        # A query must reach a final state whatever happens, or its caller waits forever.
        execution.finish("FAILED", f"INTERNAL_ERROR: {type(error).__name__}: {error}")
    finally:
        execution.scanned = session.bytes_read
        execution.closed.set()
        session.close()
        execution.session = None


def _resolve(execution: Execution, catalog: Catalog) -> str:
    """Return the statement to run: parameters put in, a prepared statement looked up."""
    sql = re.sub(r"^\s*--[^\n]*\n|^\s*/\*.*?\*/", "", execution.query, flags=re.DOTALL).strip().rstrip(";").rstrip()
    parameters = execution.execution_parameters or []
    called = _EXECUTE.fullmatch(sql)
    if called:
        stored = execution.workgroup.athena_backend.get_prepared_statement(
            statement_name=called[1], work_group=execution.workgroup.name
        )
        if stored is None:
            raise LocalCloudError(f"NOT_FOUND: Prepared statement not found: {called[1]}")
        given = trino.parse(f"select {called[2]}").expressions if called[2] else []
        sql, parameters = stored.query_statement, [item.sql(dialect="athena") for item in given] or parameters
    return substitute(sql, parameters) if parameters or "?" in sql else sql


def _store(execution: Execution, outcome: Outcome, catalog: Catalog) -> None:
    """Write what Athena leaves in the output location."""
    location = execution.result_configuration["OutputLocation"]
    if outcome.written is not None:
        execution.manifest = f"{location}-manifest.csv"
        catalog.objects.write(execution.manifest, "".join(f"{uri}\n" for uri in outcome.written).encode())
        catalog.objects.write(f"{location}.metadata", b"")
        return
    if outcome.is_table:
        lines = [_csv_line(row) for row in ([column["Name"] for column in outcome.columns], *outcome.rows)]
    else:
        lines = [f"{row[0]}\n" for row in outcome.rows]
    catalog.objects.write(location, "".join(lines).encode())
    catalog.objects.write(f"{location}.metadata", json.dumps(outcome.columns).encode())


def _csv_line(row: Sequence[str | None]) -> str:
    """Quote everything, and write NULL as nothing at all: so readers can tell it from an empty text."""
    return ",".join("" if value is None else '"' + value.replace('"', '""') + '"' for value in row) + "\n"


def _page(execution: Execution, limit: int | None, token: str | None) -> dict[str, Any]:
    if execution.status != "SUCCEEDED":
        if execution.status in _FINAL:
            raise _invalid(f"Query did not finish successfully. Final query state: {execution.status}")
        raise _invalid(f"Query has not yet finished. Current state: {execution.status}")
    if limit is not None and not 1 <= limit <= MAX_PAGE:
        raise _invalid(f"MaxResults is more than maximum allowed length {MAX_PAGE}.")
    outcome = execution.outcome
    header = [[column["Name"] for column in outcome.columns]] if outcome.is_table else []
    rows = [*header, *outcome.rows]
    start = int(token or 0)
    end = start + (limit or MAX_PAGE)
    return {
        "UpdateCount": outcome.update_count,
        "ResultSet": {
            "Rows": [
                {"Data": [{} if value is None else {"VarCharValue": value} for value in row]} for row in rows[start:end]
            ],
            "ResultSetMetadata": {"ColumnInfo": outcome.columns},
        },
        **({"NextToken": str(end)} if end < len(rows) else {}),
    }
