"""A pipeline step that makes the database of an integration in its warehouse, which CloudFormation cannot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from aws_cdk import Duration

from lake_blueprints.databases.redshift.permissions import admin_secret, run_statements
from lake_blueprints.databases.redshift.statement_states import ERROR, run_sql
from lake_blueprints.databases.redshift.statements import quoted
from lake_blueprints.databases.zero_etl.zero_etl import ZeroEtl
from lake_blueprints.foundation.access import ServiceRole, allow
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.units import KnownDurationInSeconds
from lake_blueprints.orchestration.asl import Fragment, State, chain, check_name, discard_output, joined
from lake_blueprints.orchestration.context import StepContext
from lake_blueprints.orchestration.step import Step

_EXISTS = "*already exists*"


@checked
@dataclass(frozen=True, kw_only=True)
class CreateDestination(Step):
    """Make the database of an integration in its warehouse, set how often it is refreshed, and grant reading.

    It may run again: a database that is there stays, if it is this integration's.

    Parameters
    ----------
    integration: ZeroEtl
        The integration.
    readers: sequence of str
        Roles of the warehouse, which exist there, that may read every table of the database. By default the admin only
        may.
    timeout: Duration
        Time after which waiting for one statement ends and the step fails. By default 1 hour.
    name: str, optional
        Name of the step. By default `Create` and the name of the database.

    Notes
    -----
    https://docs.aws.amazon.com/redshift/latest/mgmt/zero-etl-using.creating-db.html,
    https://docs.aws.amazon.com/redshift/latest/dg/t_scoped-permissions.html
    """

    integration: ZeroEtl
    readers: Sequence[str] = ()
    timeout: KnownDurationInSeconds = field(default_factory=lambda: Duration.hours(1))
    name: str | None = None

    def render(self, context: StepContext) -> Fragment:
        name = check_name(self.name or f"Create {self.integration.database}")
        create = self._statement(name, {"Sql": self._create}, context)
        # Redshift has no CREATE DATABASE IF NOT EXISTS; whose it is, its view of integrations tells.
        checks = self._statement(f"{name} checks", {"Sql": self._check}, context)
        another = f"the warehouse has a database '{self.integration.database}' already that is not this integration's"
        checks.states[f"{name} checks ended badly 1"].pop("CausePath")
        checks.states[f"{name} checks ended badly 1"]["Cause"] = another
        exists = {
            "And": [{"Variable": ERROR, "IsPresent": True}, {"Variable": ERROR, "StringMatches": _EXISTS}],
            "Next": checks.start,
        }
        create.states[f"{name} decides"]["Choices"].insert(1, exists)
        onward = {checks.end: checks.states[checks.end] | {"Next": create.end}}
        made = Fragment(start=create.start, end=create.end, states={**create.states, **checks.states, **onward})
        settings = list(self._settings())
        return joined(made, self._for_each(f"{name} settings", settings, context)) if settings else made

    def grant(self, role: ServiceRole) -> None:
        warehouse = self.integration.target
        found = run_statements(
            warehouse_arn=warehouse.workgroup_arn,
            secret=admin_secret(warehouse, warehouse.namespace_name),
            encryption_key=warehouse.key,
            run=("redshift-data:ExecuteStatement",),
            follow=("redshift-data:DescribeStatement",),
        )
        allow(role, *(one.used_for("makes the database of a zero-ETL integration") for one in found))

    @property
    def _create(self) -> str:
        one = self.integration
        of = f" DATABASE {quoted(one.source_database)}" if one.source_database else ""
        interval = "" if one.refresh_seconds is None else f" SET REFRESH_INTERVAL {one.refresh_seconds}"
        return f"CREATE DATABASE {quoted(one.database)} FROM INTEGRATION '{one.integration_id}'{of}{interval}"

    @property
    def _check(self) -> str:
        """A statement that fails, as a division by zero, unless the database is this integration's."""
        one = self.integration
        return (
            f"SELECT 1 / COUNT(*) FROM svv_integration WHERE integration_id = '{one.integration_id}' "
            f"AND target_database = '{one.database}'"
        )

    def _settings(self) -> Iterator[str]:
        """Yield the statements that may run again: of what can change, and of readers."""
        one = self.integration
        if one.refresh_seconds is not None:
            yield f"ALTER DATABASE {quoted(one.database)} INTEGRATION SET REFRESH_INTERVAL {one.refresh_seconds}"
        for reader in self.readers:
            yield f"GRANT USAGE FOR SCHEMAS IN DATABASE {quoted(one.database)} TO ROLE {quoted(reader)}"
            yield f"GRANT SELECT FOR TABLES IN DATABASE {quoted(one.database)} TO ROLE {quoted(reader)}"

    def _statement(self, name: str, sql: dict[str, str], context: StepContext) -> Fragment:
        """Return the states that run one statement, outside a transaction, and wait for its end."""
        return run_sql(name, self.integration.target, sql, interval=context.poll_interval, limit=self.timeout)

    def _for_each(self, name: str, statements: Sequence[str], context: StepContext) -> Fragment:
        """Return the states that run statements one after the other."""
        each = discard_output(self._statement(f"{name} statement", {"Sql.$": "$.sql"}, context))
        given = f"{name} given"
        states: dict[str, State] = {
            given: {
                "Type": "Pass",
                "Result": [{"sql": sql} for sql in statements],
                "ResultPath": "$.statements",
                "Next": name,
            },
            name: {
                "Type": "Map",
                "ItemsPath": "$.statements",
                "MaxConcurrency": 1,
                "ItemProcessor": {"ProcessorConfig": {"Mode": "INLINE"}, **chain([each])},
                "ResultSelector": {},
                "ResultPath": "$.statements",
            },
        }
        return Fragment(start=given, end=name, states=states)
