"""Fields of an inventory, and the columns that its files have for them.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-inventory-athena-query.html
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum


class InventoryField(StrEnum):
    """Fields that an inventory may have beside bucket and key."""

    SIZE = "Size"
    LAST_MODIFIED_DATE = "LastModifiedDate"
    STORAGE_CLASS = "StorageClass"
    ETAG = "ETag"
    IS_MULTIPART_UPLOADED = "IsMultipartUploaded"
    REPLICATION_STATUS = "ReplicationStatus"
    ENCRYPTION_STATUS = "EncryptionStatus"
    OBJECT_LOCK_RETAIN_UNTIL_DATE = "ObjectLockRetainUntilDate"
    OBJECT_LOCK_MODE = "ObjectLockMode"
    OBJECT_LOCK_LEGAL_HOLD_STATUS = "ObjectLockLegalHoldStatus"
    INTELLIGENT_TIERING_ACCESS_TIER = "IntelligentTieringAccessTier"
    BUCKET_KEY_STATUS = "BucketKeyStatus"
    CHECKSUM_ALGORITHM = "ChecksumAlgorithm"
    OBJECT_OWNER = "ObjectOwner"


DEFAULT_FIELDS = (
    InventoryField.SIZE,
    InventoryField.LAST_MODIFIED_DATE,
    InventoryField.STORAGE_CLASS,
    InventoryField.IS_MULTIPART_UPLOADED,
    InventoryField.ENCRYPTION_STATUS,
    InventoryField.INTELLIGENT_TIERING_ACCESS_TIER,
    InventoryField.BUCKET_KEY_STATUS,
)
_OBJECT = (("bucket", "string"), ("key", "string"))
_VERSION = (("version_id", "string"), ("is_latest", "boolean"), ("is_delete_marker", "boolean"))
_COLUMNS = {InventoryField.ETAG: "e_tag"}
_TYPES = {
    InventoryField.SIZE: "bigint",
    InventoryField.LAST_MODIFIED_DATE: "timestamp",
    InventoryField.IS_MULTIPART_UPLOADED: "boolean",
    InventoryField.OBJECT_LOCK_RETAIN_UNTIL_DATE: "bigint",
}


def columns(fields: Sequence[InventoryField], *, versions: bool) -> list[tuple[str, str]]:
    """Return the names and types of an inventory's columns."""
    named = [(_COLUMNS.get(field, field.name.lower()), _TYPES.get(field, "string")) for field in fields]
    return [*_OBJECT, *(_VERSION if versions else ()), *named]
