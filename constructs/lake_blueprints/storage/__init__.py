"""Buckets that hold a lake's data, and how long they hold it."""

from lake_blueprints.storage.access_log_bucket import AccessLogBucket
from lake_blueprints.storage.bucket import LakeBucket
from lake_blueprints.storage.lifecycle import LifecycleRule, StorageClass, Transition
from lake_blueprints.storage.zone import Zone

__all__ = (
    "AccessLogBucket",
    "LakeBucket",
    "LifecycleRule",
    "StorageClass",
    "Transition",
    "Zone",
)
