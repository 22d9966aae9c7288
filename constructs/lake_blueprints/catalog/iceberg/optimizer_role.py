"""A role that the optimizers of all Iceberg tables of a database share."""

from __future__ import annotations

from constructs import Construct

from lake_blueprints.catalog.iceberg.permissions import KINDS, optimize
from lake_blueprints.catalog.table_location import EVERY_TABLE, Access
from lake_blueprints.catalog.table_owner import TableOwner
from lake_blueprints.foundation.access import ServiceRole, allow
from lake_blueprints.foundation.arguments import checked


@checked
class OptimizerRole(Construct):
    """Define one role for the optimizers of all Iceberg tables of a database.

    A table has a role of its own otherwise, which may touch that table alone. With many tables that is two resources
    for each of them, where a stack takes 500.

    Parameters
    ----------
    database: Database
        Whose tables are optimized; all of them must lie in the database's zone.

    Defines
    -------
    One role, as `role`, which may read, rewrite and delete all objects of the zone and commit to all tables of the
    database, and its policy.

    Example
    -------
        >>> optimizers = OptimizerRole(self, "Optimizers", database=database)
        >>> for dataset in contract.datasets:
        ...     database.add_iceberg_table(dataset, optimizer_role=optimizers)
    """

    def __init__(self, scope: Construct, construct_id: str, *, database: TableOwner) -> None:
        super().__init__(scope, construct_id)
        self.database = database
        # No page says that optimizers send `aws:SourceAccount`; only principals of the account can pass the role.
        self.role = ServiceRole(
            self,
            "Role",
            services=["glue.amazonaws.com"],
            description="Optimizes the Iceberg tables of a database",
            source_account=False,
        )
        allow(self.role, *optimize(database.resource, database.zone, "", KINDS))

    def prepare(self, optimizers: Construct) -> None:
        """Let optimizers of a table commit to it from their creation on.

        The grant is the same for each table; what repeats it adds nothing.
        """
        with self.role.used_for("optimizes the table"):
            self.database.grant_entry(self.role, EVERY_TABLE, Access.MAINTAIN, before=optimizers)
