"""Amazon S3 Tables: table buckets, and Iceberg tables that S3 maintains by itself."""

from lake_blueprints.catalog.s3_tables.maintenance import SnapshotManagement, UnreferencedFileRemoval
from lake_blueprints.catalog.s3_tables.s3_table import S3Table
from lake_blueprints.catalog.s3_tables.table_zone import TableZone

__all__ = (
    "S3Table",
    "SnapshotManagement",
    "TableZone",
    "UnreferencedFileRemoval",
)
