"""Permissions of a crawler: its prefixes, tables and logs."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Stack

from lake_blueprints.catalog.access import ACTIONS, grant_entries
from lake_blueprints.catalog.database import Database
from lake_blueprints.catalog.table_location import Access
from lake_blueprints.foundation.access import ServiceRole, grant_on, grants
from lake_blueprints.foundation.access.statements import in_parts
from lake_blueprints.storage.s3 import Zone

# https://docs.aws.amazon.com/glue/latest/dg/crawler-prereqs.html
_KEEP_TABLES = (
    *ACTIONS[Access.READ],
    "glue:CreateTable",
    "glue:UpdateTable",
    "glue:CreatePartition",
    "glue:BatchCreatePartition",
    "glue:UpdatePartition",
    "glue:BatchUpdatePartition",
)
_FORGET_TABLES = ("glue:DeleteTable", "glue:DeletePartition", "glue:BatchDeletePartition")
# Without AssociateKmsKey, Glue does not log under a security configuration, as it documents for jobs:
# https://docs.aws.amazon.com/glue/latest/dg/monitor-continuous-logging-enable.html
_LOG = ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents", "logs:AssociateKmsKey")
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsglue.html,
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html
_NO_RESOURCE = "IAM knows no resource for metrics and security configurations"


def allow_crawl(
    role: ServiceRole,
    database: Database,
    zone: Zone,
    prefixes: Sequence[str],
    tables: str,
    *,
    security_configuration: str,
    deletes: bool,
) -> None:
    """Allow a role to crawl prefixes of a zone into tables of a database.

    Parameters
    ----------
    role: ServiceRole
        The crawler's.
    database: Database
        Where the tables are.
    zone: Zone
        Where the prefixes are.
    prefixes: sequence of str
        What is crawled.
    tables: str
        The names that the crawler gives, ending in `*`.
    security_configuration: str
        The name of the security configuration, after which and the role Glue names the log group.
    deletes: bool
        Whether it deletes tables and partitions whose files are gone.
    """
    bucket = zone.bucket
    for part in in_parts(f"{prefix}*" for prefix in prefixes):
        grant_on(bucket, role, grants.BUCKET_LIST, [bucket.bucket_arn], {"StringLike": {"s3:prefix": part}})
    grant_on(bucket, role, grants.BUCKET_READ, [bucket.bucket_arn])
    objects = [bucket.arn_for_objects(f"{prefix}*") for prefix in prefixes]
    grant_on(bucket, role, grants.OBJECT_READ, objects, because="objects below a crawled prefix, whose names vary")
    grant_on(zone.key, role, grants.KEY_READ, [zone.key.key_arn])
    actions = (*_KEEP_TABLES, *_FORGET_TABLES) if deletes else _KEEP_TABLES
    because = "tables that the crawler names itself"
    grant_entries(database, role, actions, database.database_name, tables, because=because)
    log_groups = [
        Stack.of(role).format_arn(service="logs", resource=f"log-group:/aws-glue/{name}:*")
        for name in ("crawlers", f"crawlers-role/*-{security_configuration}")
    ]
    grant_on(None, role, _LOG, log_groups, because="Glue names the log group after the role, which needs it first")
    grant_on(None, role, ["glue:GetSecurityConfiguration"], ["*"], because=_NO_RESOURCE)
    metrics = {"StringEquals": {"cloudwatch:namespace": "Glue"}}
    grant_on(None, role, ["cloudwatch:PutMetricData"], ["*"], metrics, because=_NO_RESOURCE)
