"""The table that a Glue job reads, as permissions of its role and arguments of its script."""

from __future__ import annotations

from lake_blueprints.catalog.iceberg import IcebergTable
from lake_blueprints.catalog.table import Table
from lake_blueprints.foundation.access import ServiceRole, allow
from lake_blueprints.processing.glue.iceberg_session import session_of
from lake_blueprints.processing.glue.permissions import look_for_folder


def read_table(role: ServiceRole, source: IcebergTable | Table, *, restricted: bool) -> dict[str, str]:
    """Let a job read a table, and return the arguments that say where: an Iceberg table's name, or the URI of files."""
    with role.used_for("reads the table"):
        if isinstance(source, IcebergTable):
            source.grant_read(role, restricted=restricted)
        else:
            source.zone.grant_objects(role, prefix=source.prefix, restricted=restricted)
    if isinstance(source, IcebergTable):
        return {
            "--database": source.database.database_name,
            "--table_name": source.table_name,
            **session_of([source]),
        }
    allow(role, *look_for_folder(source))
    return {"--source": source.uri}
