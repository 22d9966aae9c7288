"""Calls of an evaluation of a ruleset, and of those that start one."""

from __future__ import annotations

from aws_cdk import Aws, Stack
from aws_cdk import aws_iam as iam

from lake_blueprints.analytics.quality.ruleset import QualityRuleset
from lake_blueprints.catalog.access import catalog_arns
from lake_blueprints.catalog.calls import find_default_database, in_catalog, read_entries, unchanged_entries
from lake_blueprints.foundation.access.declared import Call, Declared, calls_on_logs
from lake_blueprints.storage.s3 import calls as objects

_RUN = "https://docs.aws.amazon.com/glue/latest/dg/data-quality-authorization.html"
_PROGRAM = "https://docs.aws.amazon.com/glue/latest/dg/data-quality-trouble.html"
_FOLLOW = ("GetDataQualityRulesetEvaluationRun", "GetDataQualityResult")
_SESSION = "https://docs.aws.amazon.com/glue/latest/dg/data-quality-trouble.html#data-quality-trouble-error-7"
_PASS = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html"


def ruleset_calls(ruleset: QualityRuleset) -> Declared:
    """Return what a run does."""
    stack = Stack.of(ruleset)
    program = f"arn:{Aws.PARTITION}:s3:::aws-glue-ml-data-quality-assets-{Aws.REGION}/engine.jar"
    groups = tuple(
        stack.format_arn(service="logs", resource=f"log-group:/aws-glue/data-quality/{name}")
        for name in ("error", "output")
    )
    because, session = "reads the table", "begins a Spark session with the Data Catalog as its metastore"
    tables = (ruleset.table, *ruleset.references)
    return Declared(
        name="Evaluation of a ruleset",
        principal=ruleset.role,
        assumed_by=("glue.amazonaws.com",),
        required=(
            *(
                call
                for table in tables
                for call in (
                    *objects.reading(table.zone, table.prefix, because),
                    objects.locating(table.zone, because, _RUN),
                    *read_entries(table, because, _RUN),
                )
            ),
            Call(actions=("s3:GetObject",), resources=(program,), because="loads Glue's program", source=_PROGRAM),
            find_default_database(ruleset, session, _SESSION),
            Call(
                actions=("glue:GetDatabase",),
                resources=tuple(catalog_arns(ruleset, "global_temp")),
                because=session,
                source=_SESSION,
            ),
            _on_ruleset(ruleset, "reads the rules", "GetDataQualityRuleset"),
            _on_run(ruleset, "follows itself and publishes its result", *_FOLLOW, "PublishDataQuality"),
            _metric("Glue Data Quality", "writes metrics"),
            *calls_on_logs(groups, ("logs:CreateLogGroup",), "writes logs", _RUN),
        ),
        refused=(
            *objects.beside(ruleset.table.zone, ruleset.table.prefix),
            *(objects.unchanged(table.zone, table.prefix) for table in tables),
            *objects.ruling(ruleset.table.zone),
            unchanged_entries(ruleset.table),
            _other_database(ruleset, "making other databases"),
            _metric("Elsewhere", "metrics of others"),
            _on_ruleset(ruleset, "changing rules", "UpdateDataQualityRuleset", "DeleteDataQualityRuleset"),
        ),
    )


def run_ruleset(ruleset: QualityRuleset, because: str) -> tuple[Call, ...]:
    """Start a run and read its result."""
    told = ({"iam:PassedToService": "glue.amazonaws.com"},)
    role = (ruleset.role.role_arn,)
    return (
        _on_ruleset(ruleset, because, "StartDataQualityRulesetEvaluationRun"),
        _on_run(ruleset, because, *_FOLLOW),
        *(
            in_catalog(table, ("glue:GetTable",), "looks tables up to start a run", _RUN)
            for table in (ruleset.table, *ruleset.references)
        ),
        Call(actions=("iam:PassRole",), resources=role, contexts=told, because=because, source=_PASS),
    )


def run_ruleset_calls(ruleset: QualityRuleset, user: iam.IRole) -> Declared:
    """Return the calls of a principal that evaluates a ruleset."""
    told = ({"iam:PassedToService": "ec2.amazonaws.com"},)
    return Declared(
        name="Runner of a ruleset",
        principal=user,
        required=run_ruleset(ruleset, "evaluates the ruleset"),
        refused=(
            _on_ruleset(ruleset, "changing rules", "UpdateDataQualityRuleset", "DeleteDataQualityRuleset"),
            Call(
                actions=("iam:PassRole",),
                resources=(ruleset.role.role_arn,),
                contexts=told,
                because="lending the role to other services",
                source=_PASS,
            ),
        ),
    )


def _on_ruleset(ruleset: QualityRuleset, because: str, *actions: str) -> Call:
    called = tuple(f"glue:{action}" for action in actions)
    return Call(actions=called, resources=(ruleset.ruleset_arn,), because=because, source=_RUN)


def _other_database(ruleset: QualityRuleset, because: str) -> Call:
    database = catalog_arns(ruleset, ruleset.table.database.database_name)[1]
    return Call(actions=("glue:CreateDatabase",), resources=(database,), because=because, source=_SESSION)


def _on_run(ruleset: QualityRuleset, because: str, *actions: str) -> Call:
    """Call something on a run or its result, which IAM takes for a ruleset without knowing its name."""
    run = Stack.of(ruleset).format_arn(service="glue", resource="dataQualityRuleset", resource_name="dqrun-1")
    return Call(actions=tuple(f"glue:{action}" for action in actions), resources=(run,), because=because, source=_RUN)


def _metric(namespace: str, because: str) -> Call:
    told = ({"cloudwatch:namespace": namespace},)
    return Call(actions=("cloudwatch:PutMetricData",), contexts=told, because=because, source=_RUN)
