"""What a crawler may do: read its prefixes, keep its tables, write its logs."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Stack

from lake_blueprints.access import ServiceRole, grant_on, grants
from lake_blueprints.catalog.access import ACTIONS, catalog_arns
from lake_blueprints.catalog.database import Database
from lake_blueprints.catalog.entry import Access
from lake_blueprints.storage import Zone

# https://docs.aws.amazon.com/glue/latest/dg/crawler-prereqs.html
_KEEP_TABLES = (
    *ACTIONS[Access.READ],
    "glue:CreateTable",
    "glue:UpdateTable",
    "glue:DeleteTable",
    "glue:CreatePartition",
    "glue:BatchCreatePartition",
    "glue:UpdatePartition",
    "glue:BatchUpdatePartition",
    "glue:DeletePartition",
    "glue:BatchDeletePartition",
)
# Without AssociateKmsKey a security configuration silently switches logging off:
# https://docs.aws.amazon.com/glue/latest/dg/monitor-continuous-logging-enable.html
_LOG = ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents", "logs:AssociateKmsKey")


def allow_crawl(role: ServiceRole, database: Database, zone: Zone, prefixes: Sequence[str], tables: str) -> None:
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
    """
    bucket = zone.bucket
    below = {"StringLike": {"s3:prefix": [f"{prefix}*" for prefix in prefixes]}}
    grant_on(bucket, role, grants.BUCKET_LIST, [bucket.bucket_arn], below)
    grant_on(bucket, role, grants.BUCKET_READ, [bucket.bucket_arn])
    objects = [bucket.arn_for_objects(f"{prefix}*") for prefix in prefixes]
    grant_on(bucket, role, grants.OBJECT_READ, objects)
    grant_on(zone.key, role, grants.KEY_READ, [zone.key.key_arn])
    entries = catalog_arns(database, database.database_name, tables)
    grant_on(None, role, _KEEP_TABLES, entries)
    # The name of the log group follows from role and security configuration in a way that Glue does not document.
    log_groups = Stack.of(role).format_arn(service="logs", resource="log-group:/aws-glue/crawlers*")
    grant_on(None, role, _LOG, [log_groups])
    # Neither action knows resources: https://docs.aws.amazon.com/service-authorization/latest/reference/
    grant_on(None, role, ["glue:GetSecurityConfiguration"], ["*"])
    metrics = {"StringEquals": {"cloudwatch:namespace": "Glue"}}
    grant_on(None, role, ["cloudwatch:PutMetricData"], ["*"], metrics)
    role.explain_wildcards(
        {
            **dict.fromkeys(objects, "objects below a crawled prefix, whose names are not known"),
            entries[-1]: "tables that the crawler names itself",
            log_groups: "Glue names the log group after the role and security configuration",
            "::*": "actions that know no resource; metrics are limited to Glue's namespace",
        },
    )
