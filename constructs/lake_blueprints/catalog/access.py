"""Grants on the catalog entries of a zone's data."""

from __future__ import annotations

from aws_cdk import Annotations
from aws_cdk import aws_iam as iam
from constructs import Construct

from lake_blueprints.catalog.lake_formation import LakeFormation
from lake_blueprints.catalog.permissions import use_entries
from lake_blueprints.catalog.prefix_index import PrefixIndex
from lake_blueprints.catalog.table_location import EVERY_TABLE, Access, TableLocation
from lake_blueprints.foundation.access import allow, combine
from lake_blueprints.foundation.access.principals import check_principal, is_out_of_reach, name_of


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
        # Those who add data to the whole zone: Iceberg tables need more than the partitions of every table.
        self._writers: list[iam.IGrantable] = []

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
        for grantee in self._writers if entry.iceberg else ():
            self._grant(grantee, entry, Access.WRITE)

    def grant_catalog_read(self, grantee: iam.IGrantable, prefix: str | None, *, restricted: bool = False) -> iam.Grant:
        """Allow reading the entries of the data below a prefix.

        Everyone may see that there are restricted columns; in Lake Formation, which also lends the data, only with
        `restricted` may they be selected.
        """
        return self._give(grantee, prefix, Access.READ, restricted)

    def grant_catalog_write(self, grantee: iam.IGrantable, prefix: str | None) -> iam.Grant:
        """Allow adding partitions to the entries of the data below a prefix, and snapshots to Iceberg tables."""
        return self._give(grantee, prefix, Access.WRITE)

    def _give(self, grantee: iam.IGrantable, prefix: str | None, access: Access, restricted: bool = False) -> iam.Grant:
        if self._whole and not prefix and not self._table_by_table(access, restricted):
            return combine(self._grant(grantee, EVERY_TABLE, access, restricted), *self._commits(grantee, access))
        self._given.add(prefix, (grantee, prefix, access, restricted))
        found = [
            self._grant(grantee, entry, access, restricted)
            for entry in self._entries.near(prefix)
            if entry.concerns(prefix)
        ]
        return combine(*found) if found else iam.Grant.drop(grantee, "no table lies below the prefix yet")

    def _commits(self, grantee: iam.IGrantable, access: Access) -> list[iam.Grant]:
        """Allow who adds data to the whole zone to commit it to its Iceberg tables."""
        if access is not Access.WRITE:
            return []
        self._writers.append(grantee)
        return [self._grant(grantee, entry, access) for entry in self._entries.near(None) if entry.iceberg]

    def _table_by_table(self, access: Access, restricted: bool) -> bool:
        """Tell whether Lake Formation must leave columns out, which it cannot do for every table at once."""
        if not self._lake_formation or restricted or access is not Access.READ:
            return False
        must = any(entry.restricted for entry in self._entries.near(None))
        self._everything_selected = self._everything_selected or not must
        return must

    def _grant(
        self, grantee: iam.IGrantable, entry: TableLocation, access: Access, restricted: bool = False
    ) -> iam.Grant:
        access = entry.using(access)
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
        wildcard = "tables that are not defined beforehand"
        return allow(grantee, *use_entries(self._database, access, self._name, entry.tables, wildcard=wildcard))
