"""The masked copy that a curation job writes beside its table."""

from __future__ import annotations

from lake_blueprints.catalog.iceberg import IcebergTable
from lake_blueprints.catalog.s3_tables import S3Table
from lake_blueprints.contracts import Dataset, Masking
from lake_blueprints.foundation.access import ServiceRole
from lake_blueprints.foundation.encryption import HashSalt


def needs_salt(curated: Dataset) -> bool:
    """Tell whether the masked copy of a dataset has hashes."""
    return any(column.masking is Masking.HASH for column in curated.restricted_columns)


def check_masked(curated: Dataset, masked: IcebergTable | S3Table, target: IcebergTable | S3Table) -> None:
    """Refuse a table that is not that of the masked copy.

    Raises
    ------
    ValueError
        With the columns that it has and those that are written.
    """
    if isinstance(masked, S3Table) is not isinstance(target, S3Table):
        raise ValueError(
            f"'masked' is an {type(masked).__name__} and 'target' an {type(target).__name__}, but a job writes both "
            "into one catalog; make the copy as the target is made"
        )
    if isinstance(masked, S3Table) and isinstance(target, S3Table) and masked.zone is not target.zone:
        raise ValueError(
            f"'masked' is in the zone '{masked.zone.node.path}' and 'target' in '{target.zone.node.path}', but a job "
            "knows one table bucket; make the copy in the target's, where grants are those of each table"
        )
    if not curated.restricted_columns:
        raise ValueError(f"dataset '{curated.name}' has no restricted columns to mask; leave 'masked' out")
    expected, found = curated.masked().column_names, masked.dataset.column_names
    if found != expected:
        raise ValueError(
            f"'masked' has the columns {', '.join(found)}, but the masked copy has {', '.join(expected)}; "
            "make the table of 'curation.curated(dataset).masked()'"
        )


def write_masked(role: ServiceRole, masked: IcebergTable | S3Table, salt: HashSalt | None) -> dict[str, str]:
    """Let a job write the copy, and return the arguments that say where; the salt it reads itself."""
    # A column that becomes restricted must not stay readable in older snapshots.
    with role.used_for("writes the masked copy, and expires what it held"):
        if isinstance(masked, S3Table):
            # S3 removes the files of what is expired.
            database = masked.namespace
            masked.grant_read_write(role)
        else:
            database = masked.database.database_name
            masked.grant_erase(role)
    arguments = {"--masked_database": database, "--masked_table": masked.table_name}
    if salt:
        with role.used_for("hashes what is restricted"):
            salt.grant_read(role)
        arguments["--salt"] = salt.secret_arn
    return arguments
