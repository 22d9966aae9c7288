"""Permissions that every Glue job's role needs besides its data."""

from __future__ import annotations

from collections.abc import Iterable

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3_assets as s3_assets

from lake_blueprints.catalog.table import Table
from lake_blueprints.foundation.access import ServiceRole, grant_on, grants
from lake_blueprints.storage.s3 import Zone

_NO_RESOURCE = "IAM knows no resource for metrics and security configurations"


def grant_state(role: ServiceRole, zone: Zone, prefix: str) -> None:
    """Let a script keep small documents below a prefix; listing it tells a missing one from a forbidden one."""
    zone.grant_objects(role, prefix=prefix, restricted=True)
    documents = [zone.bucket.arn_for_objects(f"{prefix}*")]
    grant_on(zone.bucket, role, ["s3:PutObject"], documents, because="reports are named after their runs")
    grant_on(zone.key, role, grants.KEY_WRITE, [zone.key.key_arn])


def grant_spark_files(role: ServiceRole, zone: Zone, prefix: str) -> None:
    """Let Spark write files below a prefix, with the uploads and deletions of its committers.

    https://hadoop.apache.org/docs/stable/hadoop-aws/tools/hadoop-aws/assumed_roles.html
    """
    zone.grant_objects(role, prefix=prefix, restricted=True)
    files = [zone.bucket.arn_for_objects(f"{prefix}*")]
    actions = ["s3:PutObject", "s3:AbortMultipartUpload", "s3:DeleteObject"]
    grant_on(zone.bucket, role, actions, files, because="Spark names the files that it writes")
    grant_on(zone.bucket, role, grants.BUCKET_WRITE, [zone.bucket.bucket_arn])
    grant_on(zone.key, role, grants.KEY_WRITE, [zone.key.key_arn])


def grant_spark_folder(role: ServiceRole, table: Table) -> None:
    """Let Spark ask whether the name of a table's folder is that of an object.

    Hadoop's file system does so before it lists a folder. That there is none must be the answer: to be forbidden to
    ask is an error, and a caller that may not list the name is forbidden
    (https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html).
    """
    bucket, name = table.zone.bucket, table.prefix.removesuffix("/")
    grant_on(bucket, role, grants.OBJECT_READ, [bucket.arn_for_objects(name)])
    grant_on(bucket, role, grants.BUCKET_LIST, [bucket.bucket_arn], {"StringEquals": {"s3:prefix": name}})


def grant_glue_job(role: ServiceRole, *, key: kms.IKey, assets: Iterable[s3_assets.Asset], log_groups: str) -> None:
    """Let a Glue job read its assets, write logs and metrics, and use its security configuration."""
    stack = Stack.of(role)
    for asset in assets:
        grant_on(None, role, ["s3:GetObject"], [asset.bucket.arn_for_objects(asset.s3_object_key)])
    groups = stack.format_arn(
        service="logs", resource="log-group", resource_name=f"{log_groups}/*", arn_format=ArnFormat.COLON_RESOURCE_NAME
    )
    grant_on(
        None,
        role,
        ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents", "logs:AssociateKmsKey"],
        [groups],
        because="Glue names the log groups after the security configuration and the role, which needs them first",
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
