"""API calls of readers and writers of the catalog, and of Lake Formation."""

from __future__ import annotations

from aws_cdk import aws_iam as iam
from constructs import Construct

from lake_blueprints.catalog.access import catalog_arns
from lake_blueprints.catalog.table import Table
from lake_blueprints.foundation.access.declared import Call, Declared
from lake_blueprints.storage.s3 import Zone
from lake_blueprints.storage.s3 import calls as objects

_ENTRIES = "https://docs.aws.amazon.com/athena/latest/ug/fine-grained-access-to-glue-resources.html"
_LAKE_FORMATION = "https://docs.aws.amazon.com/lake-formation/latest/dg/registration-role.html"

READ_TABLE = ("glue:GetTable", "glue:GetTables", "glue:GetPartition", "glue:GetPartitions", "glue:BatchGetPartition")
READ_DATABASE = ("glue:GetDatabase", "glue:GetDatabases")


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
    return in_database(table, READ_DATABASE, because, source), in_catalog(table, READ_TABLE, because, source)


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
