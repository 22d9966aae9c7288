"""The event that S3 sends of a new object: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html."""

from __future__ import annotations

import secrets
import time
import uuid
from datetime import UTC, datetime
from typing import Any, Final

TIME: Final = "%Y-%m-%dT%H:%M:%SZ"
# By the names of notifications.
_REASONS: Final = {
    "s3:ObjectCreated:Put": "PutObject",
    "s3:ObjectCreated:Post": "POST Object",
    "s3:ObjectCreated:Copy": "CopyObject",
    "s3:ObjectCreated:CompleteMultipartUpload": "CompleteMultipartUpload",
}


def event_of(account: str, bucket: Any, name: str, key: Any) -> dict[str, Any]:
    """Return the event that S3 sends of a new object; nothing for other events."""
    reason = _REASONS.get(name)
    if reason is None:
        return {}
    version = {"version-id": key.version_id} if bucket.is_versioned else {}
    described = {"key": key.name, "size": key.size, "etag": key.etag.strip('"'), **version}
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Object Created",
        "source": "aws.s3",
        "account": account,
        "time": f"{datetime.now(UTC):{TIME}}",
        "region": bucket.region_name,
        "resources": [bucket.arn],
        "detail": {
            "version": "0",
            "bucket": {"name": bucket.name},
            "object": {**described, "sequencer": f"{time.time_ns():018X}"},
            "request-id": secrets.token_hex(8).upper(),
            "requester": account,
            "source-ip-address": "127.0.0.1",
            "reason": reason,
        },
    }
