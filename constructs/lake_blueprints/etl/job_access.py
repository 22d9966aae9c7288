"""What every Glue job's role needs besides its data."""

from __future__ import annotations

from collections.abc import Iterable

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3_assets as s3_assets

from lake_blueprints.access import ServiceRole, grant_on

_NO_RESOURCE = "IAM knows no resource for metrics and security configurations"


def grant_glue_job(role: ServiceRole, *, key: kms.IKey, assets: Iterable[s3_assets.Asset]) -> None:
    """Let a Glue job read its assets, write logs and metrics, and use its security configuration.

    The `default` database is looked up by every Spark session that uses the Data Catalog, and `global_temp` as
    well; without the permission the session fails before the script begins
    (https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-glue-data-catalog-hive.html).
    """
    stack = Stack.of(role)
    for asset in assets:
        grant_on(None, role, ["s3:GetObject"], [asset.bucket.arn_for_objects(asset.s3_object_key)])
    log_groups = stack.format_arn(
        service="logs", resource="log-group", resource_name="/aws-glue/*", arn_format=ArnFormat.COLON_RESOURCE_NAME
    )
    grant_on(
        None,
        role,
        ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents", "logs:AssociateKmsKey"],
        [log_groups],
        because="Glue names the log groups of jobs with a security configuration itself",
    )
    grant_on(
        None,
        role,
        ["cloudwatch:PutMetricData"],
        ["*"],
        {"StringEquals": {"cloudwatch:namespace": "Glue"}},
        because=_NO_RESOURCE,
    )
    grant_on(None, role, ["glue:GetSecurityConfiguration"], ["*"], because=_NO_RESOURCE)
    grant_on(None, role, ["kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey"], [key.key_arn])
    grant_on(
        None,
        role,
        ["glue:GetDatabase"],
        [
            stack.format_arn(service="glue", resource=resource)
            for resource in ("catalog", "database/default", "database/global_temp")
        ],
    )
