"""Permissions on catalog entries, and those of Lake Formation."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Stack
from constructs import Construct

from lake_blueprints.catalog.table_location import Access
from lake_blueprints.foundation.access import Permission
from lake_blueprints.storage.s3 import Zone
from lake_blueprints.storage.s3 import permissions as objects

_ENTRIES = "https://docs.aws.amazon.com/athena/latest/ug/fine-grained-access-to-glue-resources.html"
_TABLE = "https://docs.aws.amazon.com/glue/latest/webapi/API_GetTable.html"
_PARTITIONS = "https://docs.aws.amazon.com/glue/latest/webapi/API_BatchCreatePartition.html"
_SCHEMA = "https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html#using-iam-glue"
_ICEBERG = "https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg.html"
_COMMIT = "https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-format-iceberg.html"
_OPTIMIZERS = "https://docs.aws.amazon.com/glue/latest/dg/optimization-prerequisites.html"
_METASTORE = "https://github.com/awslabs/aws-glue-data-catalog-client-for-apache-hive-metastore"
_SESSION = "https://docs.aws.amazon.com/glue/latest/dg/data-quality-trouble.html#data-quality-trouble-error-7"
_LOCATION = "https://docs.aws.amazon.com/lake-formation/latest/dg/registration-role.html"
_LEND = "https://docs.aws.amazon.com/lake-formation/latest/dg/access-control-underlying-data.html"

READ = (
    "glue:GetDatabase",
    "glue:GetDatabases",
    "glue:GetTable",
    "glue:GetTables",
    "glue:GetPartition",
    "glue:GetPartitions",
    "glue:BatchGetPartition",
)
_ACTIONS = {
    Access.READ: (READ, "finds tables and partitions", _ENTRIES),
    Access.WRITE: (
        (
            "glue:GetDatabase",
            "glue:GetTable",
            "glue:GetPartition",
            "glue:CreatePartition",
            "glue:BatchCreatePartition",
            "glue:UpdatePartition",
        ),
        "adds partitions",
        _ENTRIES,
    ),
    Access.DESCRIBE: (("glue:GetTable",), "looks the table up", _TABLE),
    Access.MANAGE_PARTITIONS: (
        ("glue:GetTable", "glue:GetPartitions", "glue:BatchCreatePartition", "glue:UpdatePartition"),
        "registers partitions, and renews their columns",
        _PARTITIONS,
    ),
    Access.SCHEMA: (
        ("glue:GetTable", "glue:GetTableVersion", "glue:GetTableVersions"),
        "converts records by the columns of the table",
        _SCHEMA,
    ),
    Access.READ_ICEBERG: (
        ("glue:GetDatabase", "glue:GetDatabases", "glue:GetTable", "glue:GetTables"),
        "finds the table's metadata",
        _ICEBERG,
    ),
    Access.COMMIT: (("glue:GetDatabase", "glue:GetTable", "glue:UpdateTable"), "commits snapshots", _COMMIT),
    Access.MAINTAIN: (("glue:GetTable", "glue:UpdateTable"), "commits snapshots", _OPTIMIZERS),
}
# Only the catalog and the database have a say in these:
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsglue.html
_OF_DATABASES = {"glue:CreateDatabase", "glue:GetDatabase", "glue:GetDatabases"}


def catalog_arns(scope: Construct, database_name: str, *tables: str) -> tuple[str, ...]:
    """Return the ARNs that Glue checks for a table: its own, its database's and the catalog's."""
    stack = Stack.of(scope)
    return (
        stack.format_arn(service="glue", resource="catalog"),
        stack.format_arn(service="glue", resource="database", resource_name=database_name),
        *(stack.format_arn(service="glue", resource="table", resource_name=f"{database_name}/{t}") for t in tables),
    )


def on_entries(
    scope: Construct,
    actions: Sequence[str],
    database_name: str,
    *tables: str,
    because: str,
    source: str = _ENTRIES,
    wildcard: str | None = None,
) -> tuple[Permission, ...]:
    """Call actions on a database and its tables, each on what Glue checks for it.

    Parameters
    ----------
    scope: Construct
        Whose stack has the catalog.
    actions: sequence of str
        What.
    database_name, *tables: str
        On what; tables as IAM writes them.
    because, source: str
        What for, and the page that says so.
    wildcard: str, optional
        Why tables are named by a wildcard, where they are. By default it remains a finding.
    """
    of_databases = tuple(action for action in actions if action in _OF_DATABASES)
    of_tables = tuple(action for action in actions if action not in _OF_DATABASES)
    arns = catalog_arns(scope, database_name, *tables)
    on_database = Permission(actions=of_databases, on=arns[:2], because=because, sources=(source,))
    on_tables = Permission(actions=of_tables, on=arns, because=because, sources=(source,), wildcard=wildcard)
    return tuple(permission for permission in (on_database, on_tables) if permission.actions)


def use_entries(
    scope: Construct, access: Access, database_name: str, *tables: str, wildcard: str | None = None
) -> tuple[Permission, ...]:
    """Use the entries of tables as one kind of access does."""
    actions, because, source = _ACTIONS[access]
    return on_entries(scope, actions, database_name, *tables, because=because, source=source, wildcard=wildcard)


def find_default_database(scope: Construct) -> tuple[Permission, ...]:
    """Look for the database `default`, and make it where there is none.

    The metastore client of Spark and Hive does so when it starts, whatever it is started for, and not to be allowed to
    look is an error to it. An account begins without the database.
    """
    because = "begins a session with the Data Catalog as its metastore"
    (permission,) = on_entries(scope, ["glue:GetDatabase", "glue:CreateDatabase"], "default", because=because)
    return (permission.used_for(because, _SESSION).used_for(because, _METASTORE),)


def lend_location(zone: Zone) -> tuple[Permission, ...]:
    """Read and write a registered zone for those whom Lake Formation has granted access to it."""
    because = "lends access to the registered location"
    bucket = (*objects.LIST, *objects.FIND_UPLOADS)
    actions, wildcard = (*objects.GET, *objects.PUT, *objects.DELETE), "the registered location is the whole zone"
    return (
        objects.on_objects(zone, actions, [""], because, wildcard=wildcard),
        objects.on_bucket(zone.bucket, bucket, because),
        objects.with_key(zone, objects.ENCRYPT, [""], because).used_for(because, _LOCATION),
    )


def get_data_access() -> Permission:
    """Be lent data by Lake Formation, which authorizes the call by its own permissions."""
    return Permission(
        actions=("lakeformation:GetDataAccess",),
        because="reads and writes by way of Lake Formation",
        sources=(_LEND,),
        wildcard="IAM knows no resource for it",
    )
