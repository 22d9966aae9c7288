"""Permissions of an evaluation of a ruleset, and of those who start one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from aws_cdk import Aws, Stack
from constructs import Construct

from lake_blueprints.catalog.catalog_table import CatalogTable
from lake_blueprints.catalog.permissions import find_default_database, on_entries
from lake_blueprints.foundation.access import Permission, ServiceRole
from lake_blueprints.foundation.access.permissions import metrics, pass_role

RUN = "https://docs.aws.amazon.com/glue/latest/dg/data-quality-authorization.html"
_PROGRAM = "https://docs.aws.amazon.com/glue/latest/dg/data-quality-trouble.html"
_SESSION = "https://docs.aws.amazon.com/glue/latest/dg/data-quality-trouble.html#data-quality-trouble-error-7"
_FOLLOW = ("glue:GetDataQualityRulesetEvaluationRun", "glue:GetDataQualityResult")
_RUNS = "a run and its result have no name before they exist"


def evaluate(scope: Construct) -> Iterator[Permission]:
    """Fetch Glue's own program, follow the run itself, publish its result and write metrics and logs.

    A run is a Spark session with the Data Catalog as its metastore, which looks for two databases when it begins.
    """
    stack = Stack.of(scope)
    yield Permission(
        actions=("s3:GetObject",),
        on=(f"arn:{Aws.PARTITION}:s3:::aws-glue-ml-data-quality-assets-{Aws.REGION}/*",),
        because="loads Glue's program",
        sources=(_PROGRAM,),
        wildcard="AWS keeps the program that evaluates rules in this bucket and names its parts",
    )
    yield Permission(
        actions=(*_FOLLOW, "glue:PublishDataQuality"),
        on=(_every_run(scope),),
        because="follows itself and publishes its result",
        sources=(RUN,),
        wildcard=_RUNS,
    )
    yield metrics("Glue Data Quality", RUN)
    yield Permission(
        actions=("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"),
        on=(f"arn:{Aws.PARTITION}:logs:{stack.region}:{stack.account}:log-group:/aws-glue/data-quality/*",),
        because="writes logs",
        sources=(RUN,),
        wildcard="Glue names the streams of its runs, in two groups that all runs of an account share",
    )
    yield from find_default_database(scope)
    session = "begins a session with the Data Catalog as its metastore"
    yield from on_entries(scope, ["glue:GetDatabase"], "global_temp", because=session, source=_SESSION)


def read_rules(ruleset_arn: str) -> Permission:
    """Read the rules that are evaluated."""
    actions = ("glue:GetDataQualityRuleset",)
    return Permission(actions=actions, on=(ruleset_arn,), because="reads the rules", sources=(RUN,))


def run_ruleset(
    scope: Construct, *, ruleset_arn: str, role: ServiceRole, tables: Iterable[CatalogTable]
) -> Iterator[Permission]:
    """Start runs under a role and read their results; the tables are looked up under the identity that starts them."""
    because = "evaluates the ruleset"
    start = ("glue:StartDataQualityRulesetEvaluationRun",)
    yield Permission(actions=start, on=(ruleset_arn,), because=because, sources=(RUN,))
    yield Permission(actions=_FOLLOW, on=(_every_run(role),), because=because, sources=(RUN,), wildcard=_RUNS)
    for table in tables:
        yield from on_entries(
            scope,
            ["glue:GetTable"],
            table.database.database_name,
            table.table_name,
            because="looks tables up to start a run",
            source=RUN,
        )
    yield pass_role(role.role_arn, "glue.amazonaws.com", because)


def _every_run(scope: Construct) -> str:
    """Return what IAM checks for actions on runs and results, which it takes for rulesets."""
    return Stack.of(scope).format_arn(service="glue", resource="dataQualityRuleset", resource_name="*")
