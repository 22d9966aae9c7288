"""Loading the warehouse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from aws_cdk import Duration

from lake_blueprints.access import ServiceRole
from lake_blueprints.catalog import Table
from lake_blueprints.orchestration.asl import (
    DISCARD,
    IDEMPOTENCY_TOKEN,
    ONE_CALL,
    Fragment,
    Poll,
    State,
    chain,
    check_name,
    retry,
    task,
)
from lake_blueprints.orchestration.setting import Setting
from lake_blueprints.orchestration.transient import REDSHIFT
from lake_blueprints.warehouse import Warehouse

# https://docs.aws.amazon.com/redshift-data/latest/APIReference/API_BatchExecuteStatement.html
_MOST_STATEMENTS = 40


@dataclass(frozen=True, kw_only=True)
class Load:
    """Define tables in the warehouse and load them, one after the other, each in a transaction of its own.

    Parameters
    ----------
    warehouse: Warehouse
        Where to.
    tables: sequence of Table, optional
        What is loaded. By default all tables that were added to the warehouse.
    timeout: Duration
        Time after which waiting for one transaction ends and the step fails. By default 1 hour.
    name: str, optional
        Name of the step. By default `Load` and the warehouse's id.
    """

    warehouse: Warehouse
    tables: Sequence[Table] | None = None
    timeout: Duration = field(default_factory=lambda: Duration.hours(1))
    name: str | None = None

    def render(self, setting: Setting) -> Fragment:
        name = check_name(self.name or f"Load {self.warehouse.node.id}")
        batches, each = f"{name} batches", f"{name} batch"
        start = task(
            each,
            "aws-sdk:redshiftdata:batchExecuteStatement",
            # With a token of its own, a call that is repeated does not run a second time beside the first.
            {**self.warehouse.connection, "Sqls.$": "$.sqls", "ClientToken.$": IDEMPOTENCY_TOKEN},
            timeout=ONE_CALL,
            retries=[retry(REDSHIFT)],
            result={"id.$": "$.Id", "count": {"value": 0}},
            result_path="$.poll",
        )
        status = "$.poll.answer.Status"
        poll = Poll(
            action="aws-sdk:redshiftdata:describeStatement",
            parameters={"Id.$": "$.poll.id"},
            retries=[retry(REDSHIFT)],
            succeeded={"Variable": status, "StringEquals": "FINISHED"},
            failures=[
                ({"Variable": status, "StringEquals": "FAILED"}, "$.poll.answer.Error"),
                ({"Variable": status, "StringEquals": "ABORTED"}, status),
            ],
        )
        one = poll.fragment(each, start, interval=setting.poll_interval, limit=self.timeout)
        states: dict[str, State] = {
            batches: {
                "Type": "Pass",
                "Result": [{"sqls": batch} for batch in self._batches()],
                "ResultPath": "$.batches",
                "Next": name,
            },
            name: {
                "Type": "Map",
                "ItemsPath": "$.batches",
                "MaxConcurrency": 1,
                "ItemProcessor": {"ProcessorConfig": {"Mode": "INLINE"}, **chain([one])},
                "ResultPath": DISCARD,
            },
        }
        return Fragment(start=batches, end=name, states=states)

    def grant(self, role: ServiceRole) -> None:
        self.warehouse.grant_run_statements(role)

    def _batches(self) -> list[list[str]]:
        tables = self.warehouse.tables if self.tables is None else self.tables
        setup = self.warehouse.setup_statements()
        # Definitions share a transaction: it is external tables, not schemas, that Redshift refuses to create in one.
        batches = [setup[first : first + _MOST_STATEMENTS] for first in range(0, len(setup), _MOST_STATEMENTS)]
        for table in tables:
            statements = self.warehouse.load_statements(table)
            if len(statements) > _MOST_STATEMENTS:
                raise ValueError(
                    f"loading table '{table.table_name}' takes {len(statements)} statements; "
                    f"one call of the Redshift Data API takes at most {_MOST_STATEMENTS}"
                )
            batches.append(statements)
        return batches
