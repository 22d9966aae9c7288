"""Permissions of Redshift, which carries rows from a source into a warehouse under its own name."""

from __future__ import annotations

from typing import Any

from aws_cdk import ArnFormat, Aws, Stack
from aws_cdk import aws_kms as kms
from constructs import Construct

from lake_blueprints.foundation.access import Permission, arn_of
from lake_blueprints.foundation.access.permissions import Conditions

REDSHIFT = "redshift.amazonaws.com"
CREATE = "redshift:CreateInboundIntegration"
_TARGET = "https://docs.aws.amazon.com/redshift/latest/mgmt/zero-etl-using.redshift-iam.html"
_TABLE = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/RedshiftforDynamoDB-zero-etl.html"


def take_rows(source_arn: str, namespace_arn: str) -> Permission:
    """Take the rows of one source."""
    return Permission(
        actions=("redshift:AuthorizeInboundIntegration",),
        on=(namespace_arn,),
        because="takes the rows of a zero-ETL source",
        sources=(_TARGET,),
        conditions={"StringEquals": {"aws:SourceArn": source_arn}},
    )


def export_table(scope: Construct, table_arn: str) -> Permission:
    """Export a table for integrations of this account."""
    return Permission(
        actions=("dynamodb:ExportTableToPointInTime", "dynamodb:DescribeTable"),
        on=(table_arn,),
        because="exports the table for a zero-ETL integration",
        sources=(_TABLE,),
        conditions=_ours(scope),
    )


def follow_export(scope: Construct, table_arn: str) -> Permission:
    """Follow the exports of a table for integrations of this account."""
    return Permission(
        actions=("dynamodb:DescribeExport",),
        on=(f"{table_arn}/export/*",),
        because="exports the table for a zero-ETL integration",
        sources=(_TABLE,),
        conditions=_ours(scope),
        wildcard="an export is named by DynamoDB when it begins",
    )


def decrypt_table(scope: Construct, key: kms.IKey) -> Permission:
    """Decrypt a table that it exports."""
    return Permission(
        actions=("kms:Decrypt",),
        on=(arn_of(key),),
        because="exports the table for a zero-ETL integration",
        sources=(_TABLE,),
        conditions=_ours(scope),
    )


def _ours(scope: Construct) -> Conditions:
    integrations: Any = Stack.of(scope).format_arn(
        service="redshift", resource="integration", resource_name="*", arn_format=ArnFormat.COLON_RESOURCE_NAME
    )
    return {"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}, "ArnLike": {"aws:SourceArn": integrations}}
