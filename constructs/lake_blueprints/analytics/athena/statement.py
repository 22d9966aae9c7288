"""States that run one statement of Athena to its end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aws_cdk import Duration

from lake_blueprints.analytics.athena.workgroup import Workgroup
from lake_blueprints.orchestration.asl import DISCARD, IDEMPOTENCY_TOKEN, ONE_CALL, State, busy, retry, task
from lake_blueprints.orchestration.retryable_errors import ATHENA, ATHENA_BUSY

# The first row is the header.
_FIRST_VALUE = "$.ResultSet.Rows[1].Data[0].VarCharValue"


def run_statement(
    name: str,
    query: Mapping[str, str],
    *,
    workgroup: Workgroup,
    database: str,
    timeout: Duration,
    restricted: bool,
    result: Mapping[str, Any] | None = None,
    result_path: str = DISCARD,
) -> dict[str, State]:
    """Return the states that run a statement.

    Parameters
    ----------
    name: str
        Name of the task.
    query: mapping of str to str
        `QueryString`, or `QueryString.$` with the path or intrinsic of it.
    workgroup, database:
        Where it runs, and where its tables are looked up.
    timeout: Duration
        Time after which it is stopped.
    restricted: bool
        Whether it may read restricted columns.
    result, result_path:
        Selected of the answer, and the path at which it is kept. By default nothing is.
    """
    parameters = {
        **query,
        "WorkGroup": workgroup.workgroup_name,
        "QueryExecutionContext": {"Database": database},
        # An attempt whose answer was lost has begun: without it the next one would write again.
        "ClientRequestToken.$": IDEMPOTENCY_TOKEN,
    }
    states = task(
        name,
        "athena:startQueryExecution.sync",
        parameters,
        timeout=timeout,
        retries=[busy(ATHENA_BUSY), retry(ATHENA)],
        result=result,
        result_path=result_path,
    )
    if restricted:
        # Athena's reason may quote a value: `Cannot cast 'Jane' to INT`.
        failed = {key: found for key, found in states[f"{name} failed"].items() if key != "CausePath"}
        states[f"{name} failed"] = failed | {"Cause": "the query failed; Athena's history of queries says why"}
    return states


def read_value(name: str, query_path: str, *, result_path: str, then: str) -> dict[str, State]:
    """Return the states that keep the one value which a query returned, as `text`."""
    return task(
        name,
        "athena:getQueryResults",
        {"QueryExecutionId.$": query_path, "MaxResults": 2},
        timeout=ONE_CALL,
        retries=[retry((*ATHENA_BUSY, *ATHENA))],
        result={"text.$": _FIRST_VALUE},
        result_path=result_path,
        then=then,
    )
