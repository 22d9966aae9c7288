"""Running an Athena statement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from aws_cdk import Duration

from lake_blueprints.analytics.athena.statement import run_statement
from lake_blueprints.analytics.athena.workgroup import Workgroup
from lake_blueprints.catalog import Table
from lake_blueprints.foundation.access import ServiceRole
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.units import KnownDurationInSeconds
from lake_blueprints.orchestration.asl import Fragment, check_name
from lake_blueprints.orchestration.context import StepContext
from lake_blueprints.orchestration.step import Step


@checked
@dataclass(frozen=True, kw_only=True)
class Query(Step):
    """Run one Athena statement to its end, for instance to maintain a table.

    Parameters
    ----------
    workgroup: Workgroup
        Where it runs.
    sql: str
        The statement.
    database: str
        Catalog database in which its tables are looked up.
    name: str
        Name of the step.
    reads, writes: sequence of Table
        The tables that it reads, and those that it adds data to.
    restricted: bool
        Whether it may read restricted columns; its result is then as restricted as they are. By default tables that
        have some are refused. A failure's reason is then not passed on, as it may quote a value; the execution's own
        history holds it.
    timeout: Duration
        Time after which the query is stopped and the step fails. By default 30 minutes, Athena's own limit.
    """

    workgroup: Workgroup
    sql: str
    database: str
    name: str
    reads: Sequence[Table] = ()
    writes: Sequence[Table] = ()
    restricted: bool = False
    timeout: KnownDurationInSeconds = field(default_factory=lambda: Duration.minutes(30))

    def render(self, context: StepContext) -> Fragment:
        name = check_name(self.name)
        states = run_statement(
            name,
            {"QueryString": self.sql},
            workgroup=self.workgroup,
            database=self.database,
            timeout=self.timeout,
            restricted=self.restricted,
        )
        return Fragment(start=name, end=name, states=states)

    def grant(self, role: ServiceRole) -> None:
        with role.used_for(f"runs the query '{self.name}'"):
            self.workgroup.grant_execute(role)
            for table in self.reads:
                table.grant_read(role, restricted=self.restricted)
            for table in self.writes:
                table.grant_write(role)
