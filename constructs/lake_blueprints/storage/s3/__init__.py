"""S3 buckets: zones, access logs, lifecycle."""

from lake_blueprints.storage.s3.access_log_bucket import AccessLogBucket
from lake_blueprints.storage.s3.access_point import AccessPoint
from lake_blueprints.storage.s3.bucket import LakeBucket
from lake_blueprints.storage.s3.lifecycle import LifecycleRule, StorageClass, Transition
from lake_blueprints.storage.s3.zone import Zone

__all__ = (
    "AccessLogBucket",
    "AccessPoint",
    "LakeBucket",
    "LifecycleRule",
    "StorageClass",
    "Transition",
    "Zone",
)
