"""A list of objects as the Parquet file of an inventory.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-inventory.html#storage-inventory-contents
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from local_cloud.server.objects import ObjectVersion

_ENCRYPTIONS = {"aws:kms": "SSE-KMS", "aws:kms:dsse": "DSSE-KMS", "AES256": "SSE-S3", None: "SSE-S3"}
_Value = Callable[[ObjectVersion], Any]


def _of_object(value: _Value) -> _Value:
    """Return what is said of an object, and nothing of a marker of its deletion."""
    return lambda one: None if one.is_delete_marker else value(one)


# Column, type and value of each field.
FIELDS: dict[str, tuple[str, pa.DataType, _Value]] = {
    "Bucket": ("bucket", pa.string(), lambda one: one.bucket),
    "Key": ("key", pa.string(), lambda one: one.key),
    "VersionId": ("version_id", pa.string(), lambda one: one.version_id),
    "IsLatest": ("is_latest", pa.bool_(), lambda one: one.is_latest),
    "IsDeleteMarker": ("is_delete_marker", pa.bool_(), lambda one: one.is_delete_marker),
    "Size": ("size", pa.int64(), lambda one: one.size),
    "LastModifiedDate": ("last_modified_date", pa.timestamp("ms"), lambda one: one.modified.replace(tzinfo=None)),
    "StorageClass": ("storage_class", pa.string(), lambda one: one.storage_class),
    "ETag": ("e_tag", pa.string(), lambda one: one.etag),
    "IsMultipartUploaded": ("is_multipart_uploaded", pa.bool_(), lambda one: one.is_multipart_uploaded),
    # Nothing is replicated, nor moved to another tier.
    "ReplicationStatus": ("replication_status", pa.string(), lambda _: None),
    "IntelligentTieringAccessTier": (
        "intelligent_tiering_access_tier",
        pa.string(),
        lambda one: "FREQUENT" if one.storage_class == "INTELLIGENT_TIERING" else None,
    ),
    "EncryptionStatus": ("encryption_status", pa.string(), _of_object(lambda one: _ENCRYPTIONS[one.encryption])),
    "BucketKeyStatus": (
        "bucket_key_status",
        pa.string(),
        _of_object(lambda one: "ENABLED" if one.bucket_key else "DISABLED"),
    ),
}
CURRENT = ("Bucket", "Key")
VERSIONS = (*CURRENT, "VersionId", "IsLatest", "IsDeleteMarker")


def parquet(found: Sequence[ObjectVersion], fields: Sequence[str]) -> bytes:
    """Return a file with a row for each version and a column for each field."""
    described = [FIELDS[field] for field in fields]
    table = pa.table(
        {name: pa.array([value(one) for one in found], kind) for name, kind, value in described},
    )
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    return bytes(sink.getvalue().to_pybytes())
