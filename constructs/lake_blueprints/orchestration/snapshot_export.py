"""Protocol of a step that exports a table as it was at one snapshot, for the steps that read the export."""

from __future__ import annotations

from typing import Protocol

from lake_blueprints.catalog.catalog_table import CatalogTable
from lake_blueprints.storage.s3 import Zone


class SnapshotExport(Protocol):
    """A step that writes to a folder of each execution, whose account later steps find in the state machine's data."""

    @property
    def table(self) -> CatalogTable:
        """The table that is exported."""
        ...

    @property
    def zone(self) -> Zone:
        """Zone of the exports."""
        ...

    @property
    def prefix(self) -> str:
        """Prefix of all exports."""
        ...

    @property
    def step_name(self) -> str:
        """Name of the step."""
        ...

    @property
    def output_path(self) -> str:
        """Path of the account: its `location`, `database`, `table`, `snapshot` and `contract.version`."""
        ...
