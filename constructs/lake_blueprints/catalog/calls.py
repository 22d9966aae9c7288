"""What a crawler calls, and what readers and writers of the catalog call."""

from __future__ import annotations

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from lake_blueprints.catalog.access import catalog_arns
from lake_blueprints.catalog.table import Table
from lake_blueprints.foundation.access.declared import Call, Declared, calls_on_logs
from lake_blueprints.ingestion.crawler.crawler import Crawler, SchemaDelete
from lake_blueprints.storage.s3 import Zone
from lake_blueprints.storage.s3 import calls as objects

_ENTRIES = "https://docs.aws.amazon.com/athena/latest/ug/fine-grained-access-to-glue-resources.html"
_CRAWLER = "https://docs.aws.amazon.com/glue/latest/dg/crawler-prereqs.html"
_ENCRYPTION = "https://docs.aws.amazon.com/glue/latest/dg/set-up-encryption.html"
_SCHEMA_CHANGES = "https://docs.aws.amazon.com/glue/latest/dg/crawler-schema-changes-prevent.html"
_LAKE_FORMATION = "https://docs.aws.amazon.com/lake-formation/latest/dg/registration-role.html"

_READ_TABLE = ("glue:GetTable", "glue:GetTables", "glue:GetPartition", "glue:GetPartitions", "glue:BatchGetPartition")
_READ_DATABASE = ("glue:GetDatabase", "glue:GetDatabases")


def in_catalog(table: Table, actions: tuple[str, ...], because: str, source: str) -> Call:
    """Call something on a table, for which Glue checks its database and the catalog as well."""
    resources = tuple(catalog_arns(table, table.database.database_name, table.table_name))
    return Call(actions=actions, resources=resources, because=because, source=source)


def in_database(table: Table, actions: tuple[str, ...], because: str, source: str) -> Call:
    """Call something on a table's database, for which Glue checks the catalog as well."""
    resources = tuple(catalog_arns(table, table.database.database_name))
    return Call(actions=actions, resources=resources, because=because, source=source)


def read_entries(table: Table, because: str, source: str = _ENTRIES) -> tuple[Call, ...]:
    """Find a table and its partitions."""
    return in_database(table, _READ_DATABASE, because, source), in_catalog(table, _READ_TABLE, because, source)


def write_entries(table: Table, because: str) -> tuple[Call, ...]:
    """Add partitions to a table."""
    actions = ("glue:GetTable", "glue:GetPartition", "glue:CreatePartition", "glue:BatchCreatePartition")
    return (
        in_database(table, ("glue:GetDatabase",), because, _ENTRIES),
        in_catalog(table, (*actions, "glue:UpdatePartition"), because, _ENTRIES),
    )


def find_default_database(scope: Construct, because: str, source: str) -> Call:
    """Look for the database `default`, as the metastore client does when it starts, and make it if there is none."""
    actions, resources = ("glue:GetDatabase", "glue:CreateDatabase"), tuple(catalog_arns(scope, "default"))
    return Call(actions=actions, resources=resources, because=because, source=source)


def unchanged_entries(table: Table) -> Call:
    """What nobody may do to a table who only works with its data."""
    actions = ("glue:UpdateTable", "glue:DeleteTable", "glue:BatchDeletePartition")
    return in_catalog(table, actions, "changing the table", _ENTRIES)


def read_calls(table: Table, reader: iam.IRole) -> Declared:
    """Return what a reader of a table does, whatever engine it uses."""
    because = "reads the table"
    return Declared(
        name="Reader of a table",
        principal=reader,
        required=(
            *objects.reading(table.zone, table.prefix, because),
            objects.locating(table.zone, because),
            *read_entries(table, because),
        ),
        refused=(
            *objects.beside(table.zone, table.prefix),
            objects.unchanged(table.zone, table.prefix),
            *objects.ruling(table.zone),
            unchanged_entries(table),
            in_catalog(table, ("glue:CreatePartition", "glue:UpdatePartition"), "adding partitions", _ENTRIES),
        ),
    )


def write_calls(table: Table, writer: iam.IRole) -> Declared:
    """Return what a writer of a table does, who does not read it."""
    because = "adds to the table"
    return Declared(
        name="Writer of a table",
        principal=writer,
        required=(
            *objects.uploading(table.zone, table.prefix, because, "s3:ListMultipartUploadParts"),
            objects.finding_uploads(table.zone, because),
            objects.locating(table.zone, because),
            *write_entries(table, because),
        ),
        refused=(
            *objects.beside(table.zone, table.prefix),
            objects.kept(table.zone, table.prefix),
            objects.unread(table.zone, table.prefix),
            *objects.ruling(table.zone),
            unchanged_entries(table),
        ),
    )


def crawler_calls(crawler: Crawler, *tables: str) -> Declared:
    """Return what a crawl does; `tables` are examples of names that it gives."""
    zone, database, stack = crawler.zone, crawler.database, Stack.of(crawler)
    entries = tuple(catalog_arns(database, database.database_name, *tables))
    groups = tuple(
        stack.format_arn(service="logs", resource=f"log-group:{name}")
        for name in ("/aws-glue/crawlers", crawler.log_group.log_group_name)
    )
    deletes = crawler.on_delete is SchemaDelete.DELETE
    keeps = (
        *_READ_TABLE,
        "glue:CreateTable",
        "glue:UpdateTable",
        "glue:CreatePartition",
        "glue:BatchCreatePartition",
        "glue:UpdatePartition",
        "glue:BatchUpdatePartition",
    )
    forgets = ("glue:DeleteTable", "glue:DeletePartition", "glue:BatchDeletePartition")
    because, forgetting = "keeps tables and partitions", "removes what is gone"
    return Declared(
        name="Crawler",
        principal=crawler.role,
        assumed_by=("glue.amazonaws.com",),
        required=(
            *(
                call
                for prefix in crawler.prefixes
                for call in objects.reading(zone, prefix, "reads samples of objects")
            ),
            objects.locating(zone, "reads samples of objects", _CRAWLER),
            Call(actions=_READ_DATABASE, resources=entries[:2], because=because, source=_CRAWLER),
            Call(actions=keeps, resources=entries, because=because, source=_CRAWLER),
            *(
                [Call(actions=forgets, resources=entries, because=forgetting, source=_SCHEMA_CHANGES)]
                if deletes
                else []
            ),
            *calls_on_logs(groups, ("logs:CreateLogGroup", "logs:AssociateKmsKey"), "writes encrypted logs", _CRAWLER),
            Call(actions=("glue:GetSecurityConfiguration",), because="learns how to encrypt", source=_ENCRYPTION),
            Call(
                actions=("cloudwatch:PutMetricData",),
                contexts=({"cloudwatch:namespace": "Glue"},),
                because="writes metrics",
                source=_CRAWLER,
            ),
        ),
        refused=(
            *objects.beside(zone, crawler.prefixes[0]),
            objects.unchanged(zone, crawler.prefixes[0]),
            *objects.ruling(zone),
            *([] if deletes else [Call(actions=forgets, resources=entries[2:], because=forgetting, source=_CRAWLER)]),
            Call(
                actions=("cloudwatch:PutMetricData",),
                contexts=({"cloudwatch:namespace": "Elsewhere"},),
                because="metrics of others",
                source=_CRAWLER,
            ),
        ),
    )


def location_calls(zone: Zone, role: iam.IRole) -> Declared:
    """Return what Lake Formation lends to those whom it has granted access to a registered zone."""
    because = "lends access to the registered location"
    return Declared(
        name="Lake Formation location",
        principal=role,
        assumed_by=("lakeformation.amazonaws.com",),
        required=(
            Call(
                actions=("s3:ListBucket", "s3:GetBucketLocation", "s3:ListBucketMultipartUploads"),
                resources=(zone.bucket.bucket_arn,),
                because=because,
                source=_LAKE_FORMATION,
            ),
            *objects.getting(zone, "", because),
            *objects.uploading(zone, "", because, "s3:ListMultipartUploadParts"),
            objects.deleting(zone, "", because),
        ),
        refused=objects.ruling(zone),
    )
