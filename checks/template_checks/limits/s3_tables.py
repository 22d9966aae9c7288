"""Limits of S3 Tables."""

from __future__ import annotations

from template_checks.core.limit import Limit, Span

_BUCKET, _TABLE = "AWS::S3Tables::TableBucket", "AWS::S3Tables::Table"
_API = "https://docs.aws.amazon.com/AmazonS3/latest/API"
_SNAPSHOTS = f"{_API}/API_s3Buckets_IcebergSnapshotManagementSettings.html"
_FILES = f"{_API}/API_s3Buckets_IcebergUnreferencedFileRemovalSettings.html"
_MAINTENANCE = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-tables-maintenance.html"

TARGET_FILE_MB = Limit(_TABLE, "Compaction.TargetFileSizeMB", Span(64, 512, 1), unit="MB", source=_MAINTENANCE)
SNAPSHOT_HOURS = Limit(
    _TABLE, "SnapshotManagement.MaxSnapshotAgeHours", Span(1, 2**31 - 1, 1), unit="hours", source=_SNAPSHOTS
)
SNAPSHOTS = Limit(
    _TABLE, "SnapshotManagement.MinSnapshotsToKeep", Span(1, 2**31 - 1, 1), unit="snapshots", source=_SNAPSHOTS
)
UNREFERENCED_DAYS = Limit(
    _BUCKET, "UnreferencedFileRemoval.UnreferencedDays", Span(1, 2**31 - 1, 1), unit="days", source=_FILES
)
NONCURRENT_DAYS = Limit(
    _BUCKET, "UnreferencedFileRemoval.NoncurrentDays", Span(1, 2**31 - 1, 1), unit="days", source=_FILES
)

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-tables-buckets-naming.html
TABLE_BUCKET_NAME = (
    r"(?!xn--|sthree-|amzn-s3-demo-)(?!.*(?:-s3alias|--ol-s3|--x-s3|--table-s3)$)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]"
)
NAME = r"(?!aws)[a-z0-9][a-z0-9_]{0,254}"
"""Names of namespaces and tables."""
