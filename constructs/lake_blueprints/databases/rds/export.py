"""Parts that exports of a cluster and of an instance share: a role that writes, and the tables that it writes."""

from __future__ import annotations

from collections.abc import Sequence

from constructs import Construct

from lake_blueprints.catalog.names import check_prefix
from lake_blueprints.databases.rds import permissions
from lake_blueprints.foundation.access import ServiceRole, allow
from lake_blueprints.foundation.connections import DatabaseEndpoint, DatabaseEngine
from lake_blueprints.storage.s3 import Zone


class DatabaseExport(Construct):
    """The role by which RDS exports a database to a zone; its subclasses say which.

    Parameters
    ----------
    endpoint: DatabaseEndpoint
        The database.
    what: str
        What is exported, such as a cluster.
    source: str
        Page of AWS about its exports.
    zone, prefix, tables
        As of the subclasses.

    Raises
    ------
    ValueError
        If the prefix or a table has a name that an export does not take.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        endpoint: DatabaseEndpoint,
        what: str,
        source: str,
        zone: Zone,
        prefix: str,
        tables: Sequence[str],
    ) -> None:
        super().__init__(scope, construct_id)
        check_prefix(prefix)
        if ":" in prefix:
            raise ValueError(f"'prefix' must have no colon, which no export takes, got '{prefix}'")
        self.zone, self.prefix = zone, prefix
        parts = 1 if endpoint.engine is DatabaseEngine.MYSQL else 2
        for table in tables:
            names = table.split(".")
            if len(names) != parts or not all(_exportable(name) for name in names):
                example = "orders" if parts == 1 else "public.orders"
                raise ValueError(
                    f"'tables' must be names such as {example}, of letters, digits, '_' and '$', got '{table}'"
                )
        self.export_only = [f"{endpoint.database}.{table}" for table in tables] or [endpoint.database]
        self.role = ServiceRole(
            self,
            "Role",
            services=[permissions.EXPORTS],
            description=f"Writes exports of {what} to a zone",
            # Nothing says that an export sends the account when it assumes the role.
            source_account=False,
        )
        allow(self.role, *permissions.write_export(zone, prefix, source))


def _exportable(name: str) -> bool:
    return bool(name) and all(mark.isascii() and (mark.isalnum() or mark in "_$") for mark in name)
