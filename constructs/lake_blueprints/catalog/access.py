"""Grants on the catalog entries of a zone's data."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Annotations, Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from lake_blueprints.catalog.lake_formation import LakeFormation
from lake_blueprints.catalog.prefix_index import PrefixIndex
from lake_blueprints.catalog.table_location import EVERY_TABLE, Access, TableLocation
from lake_blueprints.foundation.access import combine, grant_on
from lake_blueprints.foundation.access.principals import check_principal, is_out_of_reach, name_of

ACTIONS = {
    # https://docs.aws.amazon.com/athena/latest/ug/fine-grained-access-to-glue-resources.html
    Access.READ: (
        "glue:GetDatabase",
        "glue:GetDatabases",
        "glue:GetTable",
        "glue:GetTables",
        "glue:GetPartition",
        "glue:GetPartitions",
        "glue:BatchGetPartition",
    ),
    Access.WRITE: (
        "glue:GetDatabase",
        "glue:GetTable",
        "glue:GetPartition",
        "glue:CreatePartition",
        "glue:BatchCreatePartition",
        "glue:UpdatePartition",
    ),
    Access.DESCRIBE: ("glue:GetTable",),
    Access.MANAGE_PARTITIONS: (
        "glue:GetTable",
        "glue:GetPartitions",
        "glue:BatchCreatePartition",
        "glue:UpdatePartition",
    ),
    # https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html#using-iam-glue
    Access.SCHEMA: ("glue:GetTable", "glue:GetTableVersion", "glue:GetTableVersions"),
}


# Only the catalog and the database have a say in these:
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsglue.html
_OF_DATABASES = {"glue:CreateDatabase", "glue:GetDatabase", "glue:GetDatabases"}


def catalog_arns(scope: Construct, database_name: str, *tables: str) -> list[str]:
    """Return the ARNs that Glue checks for a table: its own, its database's and the catalog's."""
    stack = Stack.of(scope)
    return [
        stack.format_arn(service="glue", resource="catalog"),
        stack.format_arn(service="glue", resource="database", resource_name=database_name),
        *(stack.format_arn(service="glue", resource="table", resource_name=f"{database_name}/{t}") for t in tables),
    ]


def grant_entries(
    scope: Construct,
    grantee: iam.IGrantable,
    actions: Sequence[str],
    database_name: str,
    *tables: str,
    because: str | None = None,
) -> iam.Grant:
    """Grant actions on a database and its tables, each on what Glue checks for it.

    Parameters
    ----------
    scope: Construct
        Whose stack has the catalog.
    grantee: iam.IGrantable
        Who is allowed.
    actions: sequence of str
        What.
    database_name, *tables: str
        On what; tables as IAM writes them.
    because: str, optional
        Why tables are named by a wildcard, where they are. By default it remains a finding.
    """
    of_databases = [action for action in actions if action in _OF_DATABASES]
    of_tables = [action for action in actions if action not in _OF_DATABASES]
    database, entries = catalog_arns(scope, database_name), catalog_arns(scope, database_name, *tables)
    return combine(
        *([grant_on(None, grantee, of_databases, database)] if of_databases else []),
        *([grant_on(None, grantee, of_tables, entries, because=because)] if of_tables else []),
    )


def grant_default_database(scope: Construct, grantee: iam.IGrantable) -> iam.Grant:
    """Allow looking for the database `default`, and making it where there is none.

    The metastore client of Spark and Hive does so when it starts, whatever it is started for, and not to be allowed to
    look is an error to it. An account begins without the database.

    - https://github.com/awslabs/aws-glue-data-catalog-client-for-apache-hive-metastore
    - https://docs.aws.amazon.com/glue/latest/dg/data-quality-trouble.html#data-quality-trouble-error-7
    - https://docs.aws.amazon.com/athena/latest/ug/fine-grained-access-to-glue-resources.html
    """
    return grant_entries(scope, grantee, ["glue:GetDatabase", "glue:CreateDatabase"], "default")


class CatalogEntries:
    """Catalog entries of one zone's data; grants are replayed for tables defined after them.

    Parameters
    ----------
    database: Construct
        Where the entries belong.
    database_name: str
        Name of the database.
    whole: bool
        Whether all tables of the database are about this zone, so that a grant on all of the zone is one on all
        tables, whatever their number.
    lake_formation: LakeFormation, optional
        Repeats every grant in Lake Formation. By default IAM alone decides.
    """

    def __init__(
        self, database: Construct, database_name: str, *, whole: bool, lake_formation: LakeFormation | None
    ) -> None:
        self._database = database
        self._name = database_name
        self._whole = whole
        self._lake_formation = lake_formation
        self._entries: PrefixIndex[TableLocation] = PrefixIndex()
        self._given: PrefixIndex[tuple[iam.IGrantable, str | None, Access, bool]] = PrefixIndex()
        self._everything_selected = False

    def add(self, entry: TableLocation) -> None:
        """Add tables, which everyone who has access to their data may see.

        Raises
        ------
        ValueError
            If the table has restricted columns that Lake Formation already lets someone select.
        """
        if entry.restricted and self._everything_selected:
            raise ValueError(
                f"table '{entry.tables}' has restricted columns, but in Lake Formation someone has been granted every "
                f"table of database '{self._name}'; define the table before the grant on the whole zone"
            )
        self._entries.add(entry.prefix, entry)
        for grantee, prefix, access, restricted in self._given.near(entry.prefix):
            if entry.concerns(prefix):
                self._grant(grantee, entry, access, restricted)

    def grant_catalog_read(self, grantee: iam.IGrantable, prefix: str | None, *, restricted: bool = False) -> iam.Grant:
        """Allow reading the entries of the data below a prefix.

        Everyone may see that there are restricted columns; in Lake Formation, which also lends the data, only with
        `restricted` may they be selected.
        """
        return self._give(grantee, prefix, Access.READ, restricted)

    def grant_catalog_write(self, grantee: iam.IGrantable, prefix: str | None) -> iam.Grant:
        """Allow adding partitions to the entries of the data below a prefix."""
        return self._give(grantee, prefix, Access.WRITE)

    def _give(self, grantee: iam.IGrantable, prefix: str | None, access: Access, restricted: bool = False) -> iam.Grant:
        if self._whole and not prefix and not self._table_by_table(access, restricted):
            return self._grant(grantee, EVERY_TABLE, access, restricted)
        self._given.add(prefix, (grantee, prefix, access, restricted))
        found = [
            self._grant(grantee, entry, access, restricted)
            for entry in self._entries.near(prefix)
            if entry.concerns(prefix)
        ]
        return combine(*found) if found else iam.Grant.drop(grantee, "no table lies below the prefix yet")

    def _table_by_table(self, access: Access, restricted: bool) -> bool:
        """Tell whether Lake Formation must leave columns out, which it cannot do for every table at once."""
        if not self._lake_formation or restricted or access is not Access.READ:
            return False
        must = any(entry.restricted for entry in self._entries.near(None))
        self._everything_selected = self._everything_selected or not must
        return must

    def _grant(self, grantee: iam.IGrantable, entry: TableLocation, access: Access, restricted: bool) -> iam.Grant:
        check_principal(grantee)
        if is_out_of_reach(grantee):
            Annotations.of(self._database).add_warning_v2(
                "lake-blueprints:catalog-of-another-account",
                f"'{self._name}' is granted to {name_of(grantee)}, of another account or without policies here, which "
                "may use the objects and the key, but not the catalog: its one policy belongs to the account; share "
                "the database through Lake Formation, or grant a role of this account",
            )
            return iam.Grant.drop(grantee, "the catalog is shared through Lake Formation")
        if self._lake_formation:
            self._lake_formation.grant(grantee, entry, access, restricted=restricted)
        because = "tables that are not defined beforehand"
        return grant_entries(self._database, grantee, ACTIONS[access], self._name, entry.tables, because=because)
