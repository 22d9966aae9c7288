"""A crawler: tables for data whose schema nobody declared.

Above 200 lines: half of it is the signature and documentation of one construct.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from enum import StrEnum

from aws_cdk import RemovalPolicy, Token
from aws_cdk import aws_glue as glue
from aws_cdk import aws_logs as logs
from constructs import Construct

from lake_blueprints.catalog.database import Database
from lake_blueprints.catalog.names import check_name, check_prefix
from lake_blueprints.catalog.table_location import TableLocation
from lake_blueprints.foundation.access import ServiceRole, allow
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.encryption import GlueSecurityConfiguration
from lake_blueprints.ingestion.crawler.permissions import crawl
from lake_blueprints.storage.s3 import Zone
from template_checks.core.schedules import glue_schedule_problem

_SAMPLE_MAX = 249
# Partitions with columns of their own make queries fail with HIVE_PARTITION_SCHEMA_MISMATCH:
# https://docs.aws.amazon.com/glue/latest/dg/crawler-schema-changes-prevent.html
_CONFIGURATION = {
    "Version": 1.0,
    "CrawlerOutput": {"Partitions": {"AddOrUpdateBehavior": "InheritFromTable"}},
    "CreatePartitionIndex": False,
}


class Recrawl(StrEnum):
    """Recrawl behavior: the folders that a further run reads."""

    EVERYTHING = "CRAWL_EVERYTHING"
    NEW_FOLDERS = "CRAWL_NEW_FOLDERS_ONLY"


class SchemaUpdate(StrEnum):
    """Update behavior for a table whose files have other columns than before."""

    UPDATE = "UPDATE_IN_DATABASE"
    LOG = "LOG"


class SchemaDelete(StrEnum):
    """Delete behavior for a table or partition whose files are gone."""

    DEPRECATE = "DEPRECATE_IN_DATABASE"
    DELETE = "DELETE_FROM_DATABASE"
    LOG = "LOG"


@checked
class Crawler(Construct):
    """Define a crawler that keeps tables and partitions for what lies below prefixes of a zone.

    What it finds becomes part of the zone's grants on those prefixes.

    Parameters
    ----------
    database: Database
        Where the tables go.
    prefixes: sequence of str
        Where to look, each ending in a slash; at least one. The role has room for about 200.
    zone: Zone, optional
        Where the prefixes are. By default the database's zone.
    table_prefix: str
        What the names of its tables start with: lower case letters, digits and underscores. Without one, who may
        read a crawled prefix may see every table of the database. By default none.
    schedule: str, optional
        Six-field cron expression in UTC, for instance `cron(15 2 * * ? *)`. By default it runs on demand.
    recrawl: Recrawl
        What to look at again. By default everything; with NEW_FOLDERS, both schema policies must be LOG.
    on_update: SchemaUpdate
        What to do when columns changed. By default the table is updated, or logged with NEW_FOLDERS.
    on_delete: SchemaDelete
        What to do when files are gone. By default it is logged only, so that a mistake in S3 loses no table.
    exclusions: sequence of str
        Glob patterns of objects to leave out, relative to each prefix, for instance `**/_temporary/**`. By default
        none.
    sample_size: int, optional
        Files to read in each leaf folder, 1 to 249. By default all.
    security_configuration: GlueSecurityConfiguration, optional
        How its logs are encrypted. By default a new one is defined, with the zone's key.
    log_retention: logs.RetentionDays
        How long its logs are kept. By default one year.
    removal_policy: RemovalPolicy
        What happens to its logs when it leaves the stack, subject to the removal guard. By default they are retained.

    Defines
    -------
    One Glue crawler, named `crawler_name`; its role, as `role`; its log group, as `log_group`; a security
    configuration, unless it is given.

    Raises
    ------
    ValueError
        If a prefix is missing or invalid, the schedule is not what Glue takes, the policies contradict each other,
        the zone archives crawled objects, or the prefixes need more permissions than a role holds.

    Notes
    -----
    https://docs.aws.amazon.com/glue/latest/dg/define-crawler.html

    Example
    -------
        >>> crawler = Crawler(self, "Reference", database=raw_database, prefixes=["reference/"], table_prefix="ref_")
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        database: Database,
        prefixes: Sequence[str],
        zone: Zone | None = None,
        table_prefix: str = "",
        schedule: str | None = None,
        recrawl: Recrawl = Recrawl.EVERYTHING,
        on_update: SchemaUpdate | None = None,
        on_delete: SchemaDelete = SchemaDelete.LOG,
        exclusions: Sequence[str] = (),
        sample_size: int | None = None,
        security_configuration: GlueSecurityConfiguration | None = None,
        log_retention: logs.RetentionDays = logs.RetentionDays.ONE_YEAR,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        super().__init__(scope, construct_id)
        self.database = database
        self.zone = zone or database.zone
        self.prefixes = tuple(prefixes)
        self.on_delete = on_delete
        on_update = on_update or (SchemaUpdate.UPDATE if recrawl is Recrawl.EVERYTHING else SchemaUpdate.LOG)
        _check(self.prefixes, recrawl, on_update, on_delete, sample_size)
        if table_prefix:
            check_name("a table prefix", table_prefix)
        if schedule and not Token.is_unresolved(schedule) and (problem := glue_schedule_problem(schedule)):
            raise ValueError(f"a schedule must be {problem}, got '{schedule}'")
        for prefix in self.prefixes:
            self.zone.require_queryable(prefix, f"crawler '{self.node.path}'")
            database.add_entry(TableLocation(prefix=prefix, tables=f"{table_prefix}*"), zone=self.zone)

        security = security_configuration or GlueSecurityConfiguration(self, "Security", encryption_key=self.zone.key)
        self.role = ServiceRole(
            self,
            "Role",
            services=["glue.amazonaws.com"],
            description="Crawls prefixes of a zone for the catalog",
            relief="crawl a folder above the prefixes, or divide them among several crawlers",
        )
        crawling = crawl(
            database,
            self.zone,
            self.prefixes,
            f"{table_prefix}*",
            security_configuration=security.name,
            deletes=on_delete is SchemaDelete.DELETE,
        )
        allow(self.role, *crawling)
        # Glue would make it, and keep every log forever:
        # https://docs.aws.amazon.com/glue/latest/dg/console-security-configurations.html
        self.log_group = security.define_log_group(
            self,
            "Log",
            log_group_name=f"/aws-glue/crawlers-role/{self.role.role_name}-{security.name}",
            retention=log_retention,
            removal_policy=removal_policy,
        )
        crawler = glue.CfnCrawler(
            self,
            "Crawler",
            role=self.role.role_arn,
            database_name=database.resource.ref,
            table_prefix=table_prefix or None,
            crawler_security_configuration=security.name,
            schedule=glue.CfnCrawler.ScheduleProperty(schedule_expression=schedule) if schedule else None,
            recrawl_policy=glue.CfnCrawler.RecrawlPolicyProperty(recrawl_behavior=recrawl.value),
            schema_change_policy=glue.CfnCrawler.SchemaChangePolicyProperty(
                update_behavior=on_update.value, delete_behavior=on_delete.value
            ),
            configuration=json.dumps(_CONFIGURATION),
            targets=glue.CfnCrawler.TargetsProperty(
                s3_targets=[
                    glue.CfnCrawler.S3TargetProperty(
                        path=self.zone.uri(prefix), exclusions=list(exclusions) or None, sample_size=sample_size
                    )
                    for prefix in self.prefixes
                ]
            ),
        )
        crawler.node.add_dependency(security, self.log_group)
        self.crawler_name = crawler.ref


def _check(
    prefixes: Sequence[str],
    recrawl: Recrawl,
    on_update: SchemaUpdate,
    on_delete: SchemaDelete,
    sample_size: int | None,
) -> None:
    if not prefixes:
        raise ValueError("a crawler needs at least one prefix; use for instance prefixes=['reference/']")
    for prefix in prefixes:
        check_prefix(prefix)
    logs_only = on_update is SchemaUpdate.LOG and on_delete is SchemaDelete.LOG
    if recrawl is Recrawl.NEW_FOLDERS and not logs_only:
        raise ValueError(
            f"a crawler of new folders only logs schema changes, got on_update={on_update.name} and "
            f"on_delete={on_delete.name}; use LOG for both or Recrawl.EVERYTHING"
        )
    if sample_size is not None and not 1 <= sample_size <= _SAMPLE_MAX:
        raise ValueError(f"'sample_size' must be 1 to {_SAMPLE_MAX} files, got {sample_size}")
