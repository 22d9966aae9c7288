"""The table that a curation job writes to, by the names that its script is given."""

from __future__ import annotations

from dataclasses import dataclass

from lake_blueprints.catalog.iceberg import IcebergTable
from lake_blueprints.catalog.s3_tables import S3Table
from lake_blueprints.storage.s3 import Zone


@dataclass(frozen=True, kw_only=True)
class Destination:
    """Names of a table, and the zone in which the job keeps its ledger.

    Parameters
    ----------
    database, table: str
        Database or namespace, and name.
    state: Zone
        Zone of the ledger and the reports.
    """

    database: str
    table: str
    state: Zone

    @classmethod
    def of(cls, target: IcebergTable | S3Table, *, quarantine: Zone) -> Destination:
        """Return the names of a table; a table bucket holds nothing else, so that the ledger is in the quarantine."""
        if isinstance(target, S3Table):
            return cls(database=target.namespace, table=target.table_name, state=quarantine)
        return cls(database=target.database.database_name, table=target.table_name, state=target.zone)

    def arguments(self, state_prefix: str) -> dict[str, str]:
        """Return the arguments of the script."""
        return {
            "--state": self.state.uri(state_prefix),
            "--database": self.database,
            "--table": self.table,
        }
