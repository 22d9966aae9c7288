"""States that run SQL by the Redshift Data API, and wait for its end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aws_cdk import Duration

from lake_blueprints.databases.redshift.sql_warehouse import SqlWarehouse
from lake_blueprints.orchestration.asl import IDEMPOTENCY_TOKEN, ONE_CALL, Fragment, busy, retry, task
from lake_blueprints.orchestration.poll import Poll
from lake_blueprints.orchestration.retryable_errors import REDSHIFT, REDSHIFT_BUSY

STATUS, ERROR = "$.poll.answer.Status", "$.poll.answer.Error"
STATEMENT_ID = "$.poll.id"
RETRIES = (busy([*REDSHIFT_BUSY]), retry(REDSHIFT))


def run_sql(
    name: str, warehouse: SqlWarehouse, sql: Mapping[str, Any], *, interval: Duration, limit: Duration
) -> Fragment:
    """Return the states that run one statement, `Sql`, or those of one transaction, `Sqls`."""
    batch = any(member.startswith("Sqls") for member in sql)
    start = task(
        name,
        f"aws-sdk:redshiftdata:{'batchExecuteStatement' if batch else 'executeStatement'}",
        # With a token of its own, a call that is repeated does not run a second time beside the first.
        {**warehouse.connection, **sql, "ClientToken.$": IDEMPOTENCY_TOKEN},
        timeout=ONE_CALL,
        retries=RETRIES,
        result={"id.$": "$.Id"},
    )
    poll = Poll(
        action="aws-sdk:redshiftdata:describeStatement",
        parameters={"Id.$": STATEMENT_ID},
        transient=(*REDSHIFT_BUSY, *REDSHIFT),
        succeeded={"Variable": STATUS, "StringEquals": "FINISHED"},
        failures=[
            ({"Variable": STATUS, "StringEquals": "FAILED"}, ERROR),
            ({"Variable": STATUS, "StringEquals": "ABORTED"}, STATUS),
        ],
    )
    found = poll.fragment(name, start, interval=interval, limit=limit)
    return Fragment(start=found.start, end=found.end, states=dict(found.states))
