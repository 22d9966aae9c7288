"""Iceberg tables of one region's Glue catalog, by pyiceberg's own catalog on top of Glue's API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.io import FileIO
from pyiceberg.partitioning import UNPARTITIONED_PARTITION_SPEC, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table import StagedTable, Table
from pyiceberg.table.sorting import UNSORTED_SORT_ORDER, SortOrder
from pyiceberg.typedef import EMPTY_DICT, Properties

from local_cloud.iceberg.commits import commit_of
from local_cloud.iceberg.object_io import ObjectIO
from local_cloud.server.runtime import Runtime


class IcebergCatalog(GlueCatalog):
    """The tables whose `table_type` is ICEBERG, under a role if one is given.

    Parameters
    ----------
    runtime: Runtime
        The local cloud.
    region: str
        Region of the catalog.
    role: str, optional
        Role under which Glue and S3 are called. By default the calls are not recorded.
    warehouse: str, optional
        Where a table lies that is created without a location, in a database without one.
    """

    def __init__(self, runtime: Runtime, region: str, *, role: str | None = None, warehouse: str | None = None) -> None:
        given = {"warehouse": warehouse} if warehouse else {}
        super().__init__("glue", client=runtime.client("glue", region, role=role), **given)
        self._objects = runtime.objects_of(role)

    def _load_file_io(self, properties: Properties = EMPTY_DICT, location: str | None = None) -> FileIO:
        return ObjectIO(self._objects)

    def _get_default_warehouse_location(self, database_name: str, table_name: str) -> str:
        location = self.load_namespace_properties(database_name).get("location")
        warehouse = self.properties.get("warehouse")
        if location:
            return f"{location.rstrip('/')}/{table_name}"
        if warehouse:
            # As Iceberg's GlueCatalog does; pyiceberg leaves out the `.db`.
            return f"{warehouse.rstrip('/')}/{database_name}.db/{table_name}"
        raise ValueError(
            f"Cannot derive default warehouse location of {database_name}.{table_name}: neither the table nor its "
            "database has a location, and the catalog has no warehouse"
        )

    def stage(
        self,
        database: str,
        name: str,
        *,
        schema: Schema,
        location: str | None = None,
        partition_spec: PartitionSpec = UNPARTITIONED_PARTITION_SPEC,
        sort_order: SortOrder = UNSORTED_SORT_ORDER,
        properties: Properties = EMPTY_DICT,
    ) -> StagedTable:
        """Return a table as it would be created, with field ids of Iceberg's own choice."""
        return self._create_staged_table((database, name), schema, location, partition_spec, sort_order, properties)

    def apply(
        self,
        database: str,
        name: str,
        *,
        requirements: Sequence[Mapping[str, Any]] = (),
        updates: Sequence[Mapping[str, Any]],
    ) -> Table:
        """Create or change a table by requirements and updates of Iceberg's REST specification, and return it.

        Raises
        ------
        CommitFailedException
            If a requirement does not hold, or the table was changed meanwhile.
        ValidationError
            If an update is one that the specification does not have, or pyiceberg does not know.
        """
        commit = commit_of(database, name, requirements, updates)
        # A commit reads nothing of it but its name.
        named = StagedTable((database, name), self._empty_table_metadata(), "", ObjectIO(self._objects), self)
        self.commit_table(named, commit.requirements, commit.updates)
        return self.load_table((database, name))
