"""The place, the catalog entry and the readers that tables of every format have in common."""

from __future__ import annotations

from aws_cdk import CfnResource
from aws_cdk import aws_iam as iam
from constructs import Construct

from lake_blueprints.catalog.names import check_prefix
from lake_blueprints.catalog.table_location import Access, TableLocation
from lake_blueprints.catalog.table_owner import TableOwner
from lake_blueprints.contracts import Dataset
from lake_blueprints.storage.s3 import Zone


class CatalogTable(Construct):
    """A table of a dataset in the Glue Data Catalog.

    Parameters
    ----------
    database: Database
        Database of the table.
    dataset: Dataset
        Dataset of the table.
    prefix: str, optional
        Prefix of the data in the zone, ending in a slash. By default the dataset's name: `flights/`.
    table_name: str, optional
        Name of the table. By default the dataset's.
    zone: Zone, optional
        Zone of the data. By default the database's.

    Raises
    ------
    ValueError
        If a name or prefix is invalid, or the database already has a table of that name.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        database: TableOwner,
        dataset: Dataset,
        prefix: str | None,
        table_name: str | None,
        zone: Zone | None,
    ) -> None:
        # Before the construct exists: the tree's own complaint about a second one names neither table nor fix.
        self.table_name = database.claim(table_name or dataset.name)
        super().__init__(scope, construct_id)
        self.database = database
        self.dataset = dataset
        self.zone = zone or database.zone
        self.prefix = check_prefix(f"{dataset.name}/" if prefix is None else prefix)
        self.uri = self.zone.uri(self.prefix)

    def _register(self, resource: CfnResource, *, iceberg: bool = False) -> None:
        """Make the table, once its resource is defined, part of the grants on its data."""
        restricted = tuple(column.name for column in self.dataset.restricted_columns)
        self.zone.restrict(self.prefix, columns=restricted)
        self._entry = TableLocation(
            prefix=self.prefix, tables=self.table_name, described_by=resource, restricted=restricted, iceberg=iceberg
        )
        self.database.add_entry(self._entry, zone=self.zone)

    def grant_read(self, grantee: iam.IGrantable, *, restricted: bool = False) -> iam.Grant:
        """Allow reading the table's data and its catalog entry.

        Parameters
        ----------
        grantee: iam.IGrantable
            Who may read.
        restricted: bool
            Whether the grantee may see restricted columns. By default not, and a table that has some is refused:
            its files hold all columns, so grant the table of `dataset.masked()` instead.

        Raises
        ------
        ValueError
            If the table has restricted columns and the grantee may not see them.
        """
        self.require_unmasked_access(restricted)
        return self.zone.grant_read(grantee, prefix=self.prefix, restricted=restricted)

    def grant_read_write(self, grantee: iam.IGrantable, *, restricted: bool = False) -> iam.Grant:
        """Allow reading and adding data, with the catalog's part of both; not deleting; see `grant_read`."""
        self.require_unmasked_access(restricted)
        return self.zone.grant_read_write(grantee, prefix=self.prefix, restricted=restricted)

    def require_unmasked_access(self, restricted: bool) -> None:
        """Refuse a reader who may not see the table's restricted columns, if it has some.

        Raises
        ------
        ValueError
            With the columns and the ways out.
        """
        if self._entry.restricted and not restricted:
            raise ValueError(
                f"table '{self.table_name}' has the restricted columns {', '.join(self._entry.restricted)}; grant the "
                "table of its masked copy instead, or give restricted=True to a reader who may see them"
            )

    def grant_describe(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow looking the table up; not its data."""
        return self.database.grant_entry(grantee, self._entry, Access.DESCRIBE)
