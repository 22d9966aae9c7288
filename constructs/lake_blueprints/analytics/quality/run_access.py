"""Permissions of an evaluation run's role besides its data."""

from __future__ import annotations

from aws_cdk import Aws, Stack

from lake_blueprints.catalog.access import grant_default_database, grant_entries
from lake_blueprints.foundation.access import ServiceRole, grant_on

RUNS = "a run and its result have no name before they exist"


def grant_evaluation(role: ServiceRole) -> None:
    """Let a run fetch Glue's own program, look at itself, publish its result and write metrics and logs.

    A run is a Spark session with the Data Catalog as its metastore, which looks for two databases when it begins.

    https://docs.aws.amazon.com/glue/latest/dg/data-quality-authorization.html and, for the program,
    https://docs.aws.amazon.com/glue/latest/dg/data-quality-trouble.html
    """
    stack = Stack.of(role)
    grant_on(
        None,
        role,
        ["s3:GetObject"],
        [f"arn:{Aws.PARTITION}:s3:::aws-glue-ml-data-quality-assets-{Aws.REGION}/*"],
        because="AWS keeps the program that evaluates rules in this bucket and names its parts",
    )
    grant_on(
        None,
        role,
        [
            "glue:GetDataQualityRulesetEvaluationRun",
            "glue:GetDataQualityResult",
            "glue:PublishDataQuality",
        ],
        [every_ruleset(role)],
        because=RUNS,
    )
    grant_on(
        None,
        role,
        ["cloudwatch:PutMetricData"],
        ["*"],
        {"StringEquals": {"cloudwatch:namespace": "Glue Data Quality"}},
        because="IAM knows no resource for metrics",
    )
    grant_on(
        None,
        role,
        ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"],
        [f"arn:{Aws.PARTITION}:logs:{stack.region}:{stack.account}:log-group:/aws-glue/data-quality/*"],
        because="Glue names the streams of its runs, in two groups that all runs of an account share",
    )

    grant_default_database(role, role)
    grant_entries(role, role, ["glue:GetDatabase"], "global_temp")


def every_ruleset(role: ServiceRole) -> str:
    """Return what IAM checks for actions on runs and results."""
    return Stack.of(role).format_arn(service="glue", resource="dataQualityRuleset", resource_name="*")
