"""Samples of the S3 storage."""

from __future__ import annotations

from lake_blueprints.storage.s3 import AccessLogBucket, AccessPoint, LakeBucket, Zone
from tests.conformance.sample import Sample

ACCESS_LOG_BUCKET = Sample(construct=AccessLogBucket)
LAKE_BUCKET = Sample(construct=LakeBucket)
ZONE = Sample(
    construct=Zone,
    grants={
        "grant_delete": lambda *_: {"prefix": "flights/"},
        "grant_objects": lambda *_: {"prefix": "flights/"},
    },
)
ACCESS_POINT = Sample(construct=AccessPoint, options=lambda lake: {"zone": lake.curated, "prefix": "flights/"})
