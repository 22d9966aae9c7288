"""Loading the warehouse."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from aws_cdk import Duration

from lake_blueprints.catalog import Table
from lake_blueprints.catalog.iceberg import IcebergTable
from lake_blueprints.databases.redshift.statement_states import ERROR, run_sql
from lake_blueprints.databases.redshift.statements import SHAPE_PREFIX
from lake_blueprints.databases.redshift.warehouse import Warehouse
from lake_blueprints.databases.redshift.warehouse_cluster import WarehouseCluster
from lake_blueprints.foundation.access import ServiceRole
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.units import KnownDurationInSeconds
from lake_blueprints.orchestration.asl import Fragment, State, bytes_of, chain, check_name, discard_output, joined
from lake_blueprints.orchestration.context import StepContext
from lake_blueprints.orchestration.step import Step

# https://docs.aws.amazon.com/redshift-data/latest/APIReference/API_BatchExecuteStatement.html
_MOST_STATEMENTS = 40
# https://docs.aws.amazon.com/redshift/latest/mgmt/data-api.html
_MOST_STATEMENT_BYTES = 100_000
# What states hand on: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html. Some of it is for the
# execution's own input and output.
_MOST_BYTES = 240 * 1024
# Definitions in one transaction, so that these fit, too.
_MOST_SETUP_BYTES = 60_000
# https://docs.aws.amazon.com/step-functions/latest/dg/state-map-inline.html
_MOST_ITERATIONS = 40


@checked
@dataclass(frozen=True, kw_only=True)
class Load(Step):
    """Define tables in the warehouse and load them side by side, each in a transaction of its own.

    A table whose columns have changed since it was defined is recreated and fully reloaded.

    Parameters
    ----------
    warehouse: Warehouse or WarehouseCluster
        Where to.
    tables: sequence of Table or IcebergTable, optional
        What is loaded. By default all tables that were added to the warehouse.
    concurrency: int
        How many tables are loaded at the same time, 1 to 40. By default 5.
    timeout: Duration
        Time after which waiting for one transaction ends and the step fails. By default 1 hour.
    name: str, optional
        Name of the step. By default `Load` and the warehouse's id.
    """

    warehouse: Warehouse | WarehouseCluster
    tables: Sequence[Table | IcebergTable] | None = None
    concurrency: int = 5
    timeout: KnownDurationInSeconds = field(default_factory=lambda: Duration.hours(1))
    name: str | None = None

    def render(self, context: StepContext) -> Fragment:
        name = check_name(self.name or f"Load {self.warehouse.node.id}")
        if not 1 <= self.concurrency <= _MOST_ITERATIONS:
            raise ValueError(f"'concurrency' of '{name}' must be 1 to {_MOST_ITERATIONS}, got {self.concurrency}")
        # Definitions come first, in order: what is loaded refers to them.
        setup = self._attempt(f"{name} definitions", "$.sqls", context)
        first = self._attempt(f"{name} batch", "$.sqls", context)
        # A table whose columns have changed since it was defined is recreated.
        second = self._attempt(f"{name} recreate", "$.recreate", context)
        other_shape = {
            "And": [
                {"Variable": ERROR, "IsPresent": True},
                {"Variable": ERROR, "StringMatches": f"*{SHAPE_PREFIX}*"},
            ],
            "Next": second.start,
        }
        first.states[f"{name} batch decides"]["Choices"].insert(1, other_shape)
        work = chain([first])
        load = {**work, "States": {**work["States"], **chain([second])["States"]}}
        definitions, loads = self._batches()
        return joined(
            _for_each(f"{name} setup", definitions, chain([setup]), concurrency=1),
            _for_each(name, loads, load, concurrency=self.concurrency),
        )

    def _attempt(self, name: str, statements: str, context: StepContext) -> Fragment:
        """Return the states that run the statements at a path in one transaction, and wait for its end."""
        found = run_sql(
            name, self.warehouse, {"Sqls.$": statements}, interval=context.poll_interval, limit=self.timeout
        )
        return discard_output(found)

    def grant(self, role: ServiceRole) -> None:
        with role.used_for("loads tables"):
            self.warehouse.grant_load(role)

    def _batches(self) -> tuple[list[dict[str, list[str]]], list[dict[str, list[str]]]]:
        """Return the transactions that define, and those that load, one for each table."""
        tables = self.warehouse.tables if self.tables is None else self.tables
        # Definitions share a transaction: it is external tables, not schemas, that Redshift refuses to create in one.
        setup = [{"sqls": sqls} for sqls in _in_batches(self.warehouse.setup_statements())]
        batches = []
        for table in tables:
            load = self.warehouse.load_statements(table)
            recreate = [*self.warehouse.recreate_statements(table), *load]
            if len(recreate) > _MOST_STATEMENTS:
                raise ValueError(
                    f"loading table '{table.table_name}' takes {len(recreate)} statements; "
                    f"one call of the Redshift Data API takes at most {_MOST_STATEMENTS}"
                )
            longest = max(map(bytes_of, recreate))
            if longest > _MOST_STATEMENT_BYTES:
                raise ValueError(
                    f"a statement for table '{table.table_name}' takes {longest:,} bytes; the Redshift Data API takes "
                    f"at most {_MOST_STATEMENT_BYTES:,}, so load fewer columns or split the table"
                )
            batch = {"sqls": [self.warehouse.verify_schema_statement(table), *load], "recreate": recreate}
            # Beside them lies the answer of DescribeStatement, which repeats those that run.
            if (size := bytes_of(batch) + bytes_of(recreate)) > _MOST_BYTES:
                raise ValueError(
                    f"loading table '{table.table_name}' takes {size:,} bytes with the answers about it; a state "
                    f"machine hands on {_MOST_BYTES:,}, so load fewer columns or split the table"
                )
            batches.append(batch)
        if (size := max(bytes_of(setup), bytes_of(batches))) > _MOST_BYTES:
            raise ValueError(
                f"loading {len(tables)} tables takes {size:,} bytes of SQL; a state machine hands on {_MOST_BYTES:,}, "
                "so load them in several steps, each with some of the 'tables'"
            )
        return setup, batches


def _for_each(name: str, batches: list[dict[str, list[str]]], work: State, *, concurrency: int) -> Fragment:
    """Return the states that do the same for each batch."""
    given = f"{name} batches"
    states: dict[str, State] = {
        given: {"Type": "Pass", "Result": batches, "ResultPath": "$.batches", "Next": name},
        name: {
            "Type": "Map",
            "ItemsPath": "$.batches",
            "MaxConcurrency": concurrency,
            "ItemProcessor": {"ProcessorConfig": {"Mode": "INLINE"}, **work},
            # What has been loaded need not be handed on.
            "ResultSelector": {},
            "ResultPath": "$.batches",
        },
    }
    return Fragment(start=given, end=name, states=states)


def _in_batches(statements: Sequence[str]) -> Iterator[list[str]]:
    """Yield statements in batches that one call and one answer hold."""
    batch: list[str] = []
    for statement in statements:
        if batch and (len(batch) == _MOST_STATEMENTS or bytes_of([*batch, statement]) > _MOST_SETUP_BYTES):
            yield batch
            batch = []
        batch.append(statement)
    if batch:
        yield batch
