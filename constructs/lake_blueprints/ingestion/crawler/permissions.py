"""Permissions of a crawler, and of those who run it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from aws_cdk import Stack
from constructs import Construct

from lake_blueprints.catalog.database import Database
from lake_blueprints.catalog.permissions import READ, on_entries
from lake_blueprints.foundation.access import Permission
from lake_blueprints.foundation.access.permissions import metrics
from lake_blueprints.foundation.access.statements import in_parts
from lake_blueprints.storage.s3 import Zone
from lake_blueprints.storage.s3 import permissions as objects

_CRAWLER = "https://docs.aws.amazon.com/glue/latest/dg/crawler-prereqs.html"
_LOGS = "https://docs.aws.amazon.com/glue/latest/dg/monitor-continuous-logging-enable.html"
_ENCRYPTION = "https://docs.aws.amazon.com/glue/latest/dg/set-up-encryption.html"
_SCHEMA_CHANGES = "https://docs.aws.amazon.com/glue/latest/dg/crawler-schema-changes-prevent.html"
_SDK = "https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html"

_KEEP_TABLES = (
    *READ,
    "glue:CreateTable",
    "glue:UpdateTable",
    "glue:CreatePartition",
    "glue:BatchCreatePartition",
    "glue:UpdatePartition",
    "glue:BatchUpdatePartition",
)
_FORGET_TABLES = ("glue:DeleteTable", "glue:DeletePartition", "glue:BatchDeletePartition")
# Without AssociateKmsKey, Glue does not log under a security configuration, as it documents for jobs.
_LOG = ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents", "logs:AssociateKmsKey")
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsglue.html,
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html
_NO_RESOURCE = "IAM knows no resource for metrics and security configurations"


def crawl(
    database: Database,
    zone: Zone,
    prefixes: Sequence[str],
    tables: str,
    *,
    security_configuration: str,
    deletes: bool,
) -> Iterator[Permission]:
    """Crawl prefixes of a zone into tables of a database.

    Parameters
    ----------
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
    because, wildcard = "reads samples of objects", "objects below a crawled prefix, whose names vary"
    for part in in_parts(f"{prefix}*" for prefix in prefixes):
        yield objects.list_objects(zone, part, because)
    yield objects.on_bucket(zone.bucket, objects.LOCATE, because, _CRAWLER)
    yield objects.on_objects(zone, objects.GET, prefixes, because, wildcard=wildcard)
    yield objects.with_key(zone, objects.DECRYPT, prefixes, because)
    kept = [(_KEEP_TABLES, "keeps tables and partitions", _CRAWLER)]
    gone = [(_FORGET_TABLES, "removes what is gone", _SCHEMA_CHANGES)]
    for actions, keeps, source in (*kept, *(gone if deletes else [])):
        yield from on_entries(
            database,
            actions,
            database.database_name,
            tables,
            because=keeps,
            source=source,
            wildcard="tables that the crawler names itself",
        )
    yield Permission(
        actions=_LOG,
        on=tuple(
            Stack.of(database).format_arn(service="logs", resource=f"log-group:/aws-glue/{name}:*")
            for name in ("crawlers", f"crawlers-role/*-{security_configuration}")
        ),
        because="writes encrypted logs",
        sources=(_CRAWLER, _LOGS),
        wildcard="Glue names the log group after the role, which needs it first",
    )
    yield Permission(
        actions=("glue:GetSecurityConfiguration",),
        because="learns how to encrypt",
        sources=(_ENCRYPTION,),
        wildcard=_NO_RESOURCE,
    )
    yield metrics("Glue", _CRAWLER, wildcard=_NO_RESOURCE)


def run_crawler(crawler: Construct, name: str) -> Permission:
    """Run a crawler to its end."""
    return Permission(
        actions=("glue:StartCrawler", "glue:GetCrawler"),
        on=(Stack.of(crawler).format_arn(service="glue", resource="crawler", resource_name=name),),
        because="runs the crawler",
        sources=(_SDK,),
    )
