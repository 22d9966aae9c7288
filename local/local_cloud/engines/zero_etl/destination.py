"""A database of a warehouse that an integration writes, and nobody else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from local_cloud.engines.redshift.warehouse import FAILURES, Kept, Result, Warehouse
from local_cloud.engines.zero_etl.dynamodb import DynamoDBFeed
from local_cloud.engines.zero_etl.integration import Integration
from local_cloud.engines.zero_etl.postgresql import PostgresqlFeed
from local_cloud.engines.zero_etl.rows import SCHEMA, Catalog, ReplicatedTable
from local_cloud.errors import LocalCloudError
from local_cloud.server.runtime import Runtime

_READS = re.compile(r"\s*(\(|with|select|show|values|unload|set|grant|revoke|analyze)\b|\s*\(", re.IGNORECASE)


@dataclass(kw_only=True)
class Origin:
    """Origin of the rows of a database: the integration, its database in the source, and how it is refreshed."""

    name: str
    integration: Integration
    source_database: str | None
    interval: int
    failure: str = ""


@dataclass(frozen=True)
class KeptDestination(Kept):
    """A destination while the local cloud is stopped."""

    origin: Origin


class Destination(Warehouse):
    """One database made FROM INTEGRATION."""

    def __init__(
        self, runtime: Runtime, region: str, *, origin: Origin, role: str | None = None, kept: Kept | None = None
    ) -> None:
        super().__init__(runtime, region, role=role, kept=kept)
        self.origin = origin
        integration = origin.integration
        self._feed: DynamoDBFeed | PostgresqlFeed = (
            DynamoDBFeed(runtime.account, integration)
            if origin.source_database is None
            else PostgresqlFeed(runtime.account, integration, origin.source_database)
        )

    def kept(self) -> KeptDestination:
        found = super().kept()
        return KeptDestination(found.region, found.role, found.external, found.content, self.origin)

    def refresh(self, *, again: bool = False) -> None:
        """Bring the rows up to date; `again`: replicate every table as a whole.

        Raises
        ------
        LocalCloudError
            If the source does not answer, or a value does not fit.
        """
        with self._lock:
            try:
                self._feed.refresh(self._session, again=again)
            except FAILURES as error:
                self.origin.failure = str(error)
                raise LocalCloudError(str(error)) from None
            self.origin.failure = ""

    def tables(self) -> list[ReplicatedTable]:
        """Return what is known of its tables."""
        with self._lock:
            return list(Catalog(self._session).all().values())

    def _run(self, sql: str) -> Result:
        if not _READS.match(sql):
            raise LocalCloudError(f"database {self.origin.name} is read-only: its integration alone writes it")
        return super()._run(sql)

    def _check_reach(self, tree: exp.Expr) -> None:
        if not isinstance(tree, exp.Query):
            raise LocalCloudError(f"database {self.origin.name} is read-only: its integration alone writes it")
        super()._check_reach(tree)

    def _own_tables(self) -> set[tuple[str, str]]:
        return {(schema, table) for schema, table in super()._own_tables() if schema != SCHEMA}


def origin_row(origin: Origin, tables: list[ReplicatedTable]) -> dict[str, Any]:
    """Return what the view of integrations says of a destination."""
    failed = sum(bool(table.reason) for table in tables)
    return {
        "state": "ErrorState" if origin.failure else "CdcRefreshState",
        "target_database": origin.name,
        "source_database": origin.source_database,
        "total_tables_replicated": len(tables) - failed,
        "total_tables_failed": failed,
        "refresh_interval": origin.interval,
    }
