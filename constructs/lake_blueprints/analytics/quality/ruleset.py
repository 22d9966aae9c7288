"""The quality rules of a dataset, evaluated on its table."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import Annotations, Duration, Names, Stack
from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam
from constructs import Construct

from lake_blueprints.analytics.quality import permissions
from lake_blueprints.catalog import Table
from lake_blueprints.catalog.catalog_table import CatalogTable
from lake_blueprints.catalog.iceberg import IcebergTable
from lake_blueprints.contracts.dqdl import Ruleset, compile_ruleset
from lake_blueprints.foundation.access import ServiceRole, allow
from lake_blueprints.foundation.arguments import checked, checked_function
from template_checks.limits.glue import WORKERS


@checked
class QualityRuleset(Construct):
    """Define the ruleset of a table: what its contract promises, in the language of Glue Data Quality.

    A rule that nobody can evaluate is a synth warning with its name. docs/quality.md says what becomes of each rule.
    Nothing runs by itself: `orchestration.Evaluate` evaluates the ruleset in a pipeline.

    Parameters
    ----------
    table: Table or IcebergTable
        What is evaluated; its dataset holds the rules.
    references: sequence of Table or IcebergTable
        Tables that rules may read as well: those of the contract's relationships. By default none; the role has room
        for about 100.
    workers: int
        Workers of a run, G.1X, 2 to 299. By default 2; a run costs by the worker and second, one minute at least.

    Defines
    -------
    One ruleset, named `ruleset_name`, and the `role` of its runs.

    Raises
    ------
    ValueError
        If the dataset has no rule that can be evaluated (see `define_promised`), the rules are longer than Glue
        takes, a table projects its partitions, the workers are out of range, or the references need more permissions
        than a role holds.

    Example
    -------
        >>> rules = QualityRuleset(self, "FlightRules", table=flights)
        >>> steps = [Curate(job=curate), Evaluate(ruleset=rules)]
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        table: Table | IcebergTable,
        references: Sequence[Table | IcebergTable] = (),
        workers: int = 2,
    ) -> None:
        super().__init__(scope, construct_id)
        WORKERS.check("workers", workers)
        others = {reference.dataset.name: reference for reference in references}
        self.rules = compile_ruleset(table.dataset, others={name: one.dataset for name, one in others.items()})
        _report(self, self.rules)
        if not self.rules.rules:
            raise ValueError(f"dataset '{table.dataset.name}' has no quality rule that can be evaluated; leave it out")
        self.table = table
        self.references = [{**others, table.dataset.name: table}[name] for name in self.rules.reads]
        self._workers = workers
        for read in (table, *self.references):
            _check_registered(read)

        self.role = ServiceRole(
            self,
            "Role",
            services=["glue.amazonaws.com"],
            description=f"Evaluates the rules of {table.dataset.name}",
            relief="name fewer 'references'",
        )
        for read in (table, *self.references):
            with self.role.used_for("reads the table", permissions.RUN):
                read.grant_read(self.role, restricted=True)
        allow(self.role, *permissions.evaluate(self.role))
        database, name = table.database.database_name, table.table_name
        # Glue cannot point a ruleset at another table, so that another table is another name. Its rules may change.
        digest = hashlib.sha256(f"{database}.{name}".encode()).hexdigest()[:8]
        resource = glue.CfnDataQualityRuleset(
            self,
            "Ruleset",
            name=f"{Names.unique_resource_name(self, max_length=200, separator='-')}-{digest}",
            description=f"Quality of the dataset {table.dataset.name}, contract version {table.dataset.version}",
            ruleset=self.rules.text,
            target_table=glue.CfnDataQualityRuleset.DataQualityTargetTableProperty(
                # The reference, so that the table comes first.
                database_name=database,
                table_name=table.resource.ref,
            ),
        )
        self.ruleset_name: str = resource.ref
        self.ruleset_arn = Stack.of(self).format_arn(
            service="glue", resource="dataQualityRuleset", resource_name=resource.ref
        )
        allow(self.role, permissions.read_rules(self.ruleset_arn))

    def start_run(self, *, timeout: Duration) -> Mapping[str, Any]:
        """Return the parameters with which a run starts; the run ends by itself after the timeout."""
        more = {item.dataset.name: _source(item) for item in self.references}
        return {
            "DataSource": _source(self.table),
            **({"AdditionalDataSources": more} if more else {}),
            "RulesetNames": [self.ruleset_name],
            "Role": self.role.role_arn,
            "NumberOfWorkers": self._workers,
            "Timeout": math.ceil(timeout.to_seconds() / 60),
            "AdditionalRunOptions": {"CloudWatchMetricsEnabled": True},
        }

    def grant_run(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow starting runs and reading their results."""
        tables = (self.table, *self.references)
        run = permissions.run_ruleset(self, ruleset_arn=self.ruleset_arn, role=self.role, tables=tables)
        return allow(grantee, *run)


@checked_function
def define_promised(
    scope: Construct,
    construct_id: str,
    *,
    table: Table | IcebergTable,
    references: Sequence[Table | IcebergTable] = (),
) -> QualityRuleset | None:
    """Define the ruleset of a table if its contract promises more than curation ensures by itself.

    That is a rule, a unique column or a relationship; for a primary key alone no run is worth its cost. Rules that
    nobody can evaluate are reported either way.
    """
    dataset = table.dataset
    if not (dataset.quality or dataset.relationships or any(column.unique for column in dataset.columns)):
        return None
    found = compile_ruleset(dataset, others={item.dataset.name: item.dataset for item in references})
    if found.rules:
        return QualityRuleset(scope, construct_id, table=table, references=references)
    _report(scope, found)
    return None


def _check_registered(table: Table | IcebergTable) -> None:
    # https://docs.aws.amazon.com/athena/latest/ug/partition-projection.html
    if isinstance(table, Table) and table.layout.projection(table.dataset):
        raise ValueError(
            f"table '{table.table_name}' projects its partitions, which only Athena sees: Glue would evaluate no rows; "
            "lay it out with registered partitions"
        )


def _report(scope: Construct, rules: Ruleset) -> None:
    for note in rules.notes:
        Annotations.of(scope).add_warning_v2(f"lake-blueprints:quality {note.place}", note.text)


def _source(table: CatalogTable) -> dict[str, Any]:
    return {"GlueTable": {"DatabaseName": table.database.database_name, "TableName": table.table_name}}
