"""Permissions of Glue jobs around their scripts, and of those who run them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3_assets as s3_assets
from constructs import Construct

from lake_blueprints.catalog.table import Table
from lake_blueprints.foundation.access import Permission, arn_of
from lake_blueprints.foundation.access.permissions import metrics
from lake_blueprints.storage.s3 import permissions as objects

_JOB = "https://docs.aws.amazon.com/glue/latest/dg/create-service-policy.html"
_RUN = "https://docs.aws.amazon.com/step-functions/latest/dg/connect-glue.html"
_ENCRYPTION = "https://docs.aws.amazon.com/glue/latest/dg/set-up-encryption.html"
_LOGS = "https://docs.aws.amazon.com/glue/latest/dg/monitor-continuous-logging.html"
# Glue writes logs from its own network, all else from the VPC of the job.
_PERIMETER = (
    "https://github.com/aws-samples/data-perimeter-policy-examples/blob/main/service_control_policies/"
    "service_specific_controls/README.md"
)
_METRICS = "https://docs.aws.amazon.com/glue/latest/dg/monitor-profile-glue-job-cloudwatch-metrics.html"
_SPARK = "https://hadoop.apache.org/docs/stable/hadoop-aws/tools/hadoop-aws/assumed_roles.html"
_NO_RESOURCE = "IAM knows no resource for metrics and security configurations"


def look_for_folder(table: Table) -> tuple[Permission, ...]:
    """Ask whether the name of a table's folder is that of an object, as Spark does.

    Hadoop's file system does so before it lists a folder. That there is none must be the answer: to be forbidden to
    ask is an error, and a caller that may not list the name is forbidden
    (https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html).
    """
    bucket, name, because = table.zone.bucket, table.prefix.removesuffix("/"), "asks whether a folder is a file"
    return (
        Permission(
            actions=objects.GET,
            on=(f"{arn_of(bucket)}/{name}",),
            because=because,
            sources=(_SPARK,),
            policy_of=bucket,
        ),
        objects.head_missing(bucket, name, because),
    )


def run_as_job(
    scope: Construct, *, key: kms.IKey, assets: Iterable[s3_assets.Asset], log_groups: str
) -> Iterator[Permission]:
    """Read assets, write logs and metrics, and use a security configuration, as Glue does around every script."""
    for asset in assets:
        yield Permission(
            actions=objects.GET,
            on=(f"{arn_of(asset.bucket)}/{asset.s3_object_key}",),
            because="loads script, package and plan",
            sources=(_JOB,),
        )
    groups = Stack.of(scope).format_arn(
        service="logs", resource="log-group", resource_name=f"{log_groups}/*", arn_format=ArnFormat.COLON_RESOURCE_NAME
    )
    yield Permission(
        actions=("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents", "logs:AssociateKmsKey"),
        on=(groups,),
        because="writes encrypted logs",
        sources=(_LOGS, _PERIMETER),
        by_service=True,
        wildcard="Glue names the log groups after the security configuration and the role, which needs them first",
    )
    yield metrics("Glue", _METRICS, wildcard=_NO_RESOURCE)
    yield Permission(
        actions=("glue:GetSecurityConfiguration",),
        because="learns how to encrypt",
        sources=(_ENCRYPTION,),
        wildcard=_NO_RESOURCE,
    )
    yield Permission(
        actions=("kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey"),
        on=(arn_of(key),),
        because="encrypts what the security configuration says",
        sources=(_ENCRYPTION,),
        contexts=({}, {"kms:ViaService": "glue.${AWS::Region}.amazonaws.com"}),
    )


def run_job(job_arn: str) -> Permission:
    """Run a job to its end, and stop it."""
    return Permission(
        actions=("glue:StartJobRun", "glue:GetJobRun", "glue:GetJobRuns", "glue:BatchStopJobRun"),
        on=(job_arn,),
        because="runs the job",
        sources=(_RUN,),
    )
