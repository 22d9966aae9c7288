"""States that run SQL by the Redshift Data API and wait for its end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aws_cdk import Duration

from lake_blueprints.orchestration.asl import IDEMPOTENCY_TOKEN, ONE_CALL, Fragment, busy, retry, task
from lake_blueprints.orchestration.poll import Poll
from lake_blueprints.orchestration.retryable_errors import REDSHIFT, REDSHIFT_BUSY

STATUS, ERROR = "$.poll.answer.Status", "$.poll.answer.Error"


def run_sql(
    name: str, sql: Mapping[str, Any], *, connection: Mapping[str, str], interval: Duration, limit: Duration
) -> Fragment:
    """Return the states that run `Sql`, or the transaction of `Sqls`; its id stays at `$.poll.id`."""
    many = any(parameter.startswith("Sqls") for parameter in sql)
    start = task(
        name,
        f"aws-sdk:redshiftdata:{'batchExecuteStatement' if many else 'executeStatement'}",
        # With a token of its own, a call that is repeated does not run a second time beside the first.
        {**connection, **sql, "ClientToken.$": IDEMPOTENCY_TOKEN},
        timeout=ONE_CALL,
        retries=[busy([*REDSHIFT_BUSY]), retry(REDSHIFT)],
        result={"id.$": "$.Id"},
    )
    poll = Poll(
        action="aws-sdk:redshiftdata:describeStatement",
        parameters={"Id.$": "$.poll.id"},
        transient=(*REDSHIFT_BUSY, *REDSHIFT),
        succeeded={"Variable": STATUS, "StringEquals": "FINISHED"},
        failures=[
            ({"Variable": STATUS, "StringEquals": "FAILED"}, ERROR),
            ({"Variable": STATUS, "StringEquals": "ABORTED"}, STATUS),
        ],
    )
    return poll.fragment(name, start, interval=interval, limit=limit)
