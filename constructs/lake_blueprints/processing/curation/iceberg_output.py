"""The Iceberg table that a curation job writes to, as arguments of its script."""

from __future__ import annotations

from lake_blueprints.catalog.iceberg import IcebergTable
from lake_blueprints.catalog.s3_tables import S3Table
from lake_blueprints.foundation.access import ServiceRole
from lake_blueprints.processing.glue.iceberg_session import S3_TABLES


def write_iceberg(role: ServiceRole, target: IcebergTable | S3Table) -> dict[str, str]:
    """Let a script commit to a table, and return the arguments that tell it so."""
    with role.used_for("writes the table"):
        target.grant_read_write(role, restricted=True)
    # No template can change the columns of a table of S3 Tables.
    evolving = {"--catalog": S3_TABLES, "--evolve": "true"} if isinstance(target, S3Table) else {}
    return {"--table_format": "iceberg", **evolving}
