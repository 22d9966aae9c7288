"""The objects of an export: data, manifests and their checksums.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport.Output.html. The checksums of
manifests end in .md5, as DynamoDB names them, where that page says .checksum.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from local_cloud.engines.dynamodb.changes import Change, Image

Put = Callable[[str, bytes], str]

_FORMATS = {"FULL_EXPORT": "2020-06-30", "INCREMENTAL_EXPORT": "2023-08-01"}
_NAME_BYTES = 16


def full_records(items: list[Image]) -> list[dict[str, Any]]:
    """Return what a full export writes of items."""
    return [{"Item": item} for item in items]


def incremental_records(changes: list[Change], view: str) -> list[dict[str, Any]]:
    """Return what an incremental export writes of changes."""
    return [_record(change, view) for change in changes]


def _record(change: Change, view: str) -> dict[str, Any]:
    record: dict[str, Any] = {
        "Metadata": {"WriteTimestampMicros": {"N": str(change.micros)}},
        "Keys": change.keys,
    }
    if change.new is not None:
        record["NewImage"] = change.new
    if change.old is not None and view == "NEW_AND_OLD_IMAGES":
        record["OldImage"] = change.old
    return record


def write_export(description: dict[str, Any], records: list[dict[str, Any]], put: Put) -> None:
    """Write an export; the description, as the API gives it, gets its manifest, item count and end."""
    prefix = f"{description['S3Prefix']}/" if description.get("S3Prefix") else ""
    root = f"{prefix}AWSDynamoDB/"
    folder = f"{root}{description['ExportArn'].rpartition('/')[2]}/"
    incremental = description["ExportType"] == "INCREMENTAL_EXPORT"
    put(f"{folder}_started", b"")
    # Incremental exports share a folder, into which a crawler can look.
    name = base64.b32encode(secrets.token_bytes(_NAME_BYTES)).decode().rstrip("=").lower()
    data_key = f"{root if incremental else folder}data/{name}.json.gz"
    text = "".join(f"{json.dumps(record, separators=(',', ':'))}\n" for record in records)
    data = gzip.compress(text.encode())
    etag = put(data_key, data)
    files = {"itemCount": len(records), "md5Checksum": _md5(data), "etag": etag, "dataFileS3Key": data_key}
    _write_with_checksum(f"{folder}manifest-files", f"{json.dumps(files)}\n", put)
    description |= {
        "ItemCount": len(records),
        "BilledSizeBytes": len(text.encode()),
        "ExportManifest": f"{folder}manifest-summary.json",
        "EndTime": datetime.now(UTC).timestamp(),
    }
    summary = _summary(description, f"{folder}manifest-files.json")
    _write_with_checksum(f"{folder}manifest-summary", json.dumps(summary), put)


def _summary(description: dict[str, Any], manifest_key: str) -> dict[str, Any]:
    export_type = description["ExportType"]
    window = description.get("IncrementalExportSpecification")
    period = {"exportTime": _iso(description["ExportTime"])} if window is None else {}
    if window is not None:
        period = {"exportFromTime": _iso(window["ExportFromTime"]), "exportToTime": _iso(window["ExportToTime"])}
    return {
        "version": _FORMATS[export_type],
        "exportArn": description["ExportArn"],
        "startTime": _iso(description["StartTime"]),
        "endTime": _iso(description["EndTime"]),
        "tableArn": description["TableArn"],
        "tableId": description["TableId"],
        **period,
        "s3Bucket": description["S3Bucket"],
        "s3Prefix": description.get("S3Prefix"),
        "s3SseAlgorithm": description["S3SseAlgorithm"],
        "s3SseKmsKeyId": description.get("S3SseKmsKeyId"),
        "manifestFilesS3Key": manifest_key,
        "billedSizeBytes": description["BilledSizeBytes"],
        "itemCount": description["ItemCount"],
        "outputFormat": description["ExportFormat"],
        **({"outputView": window["ExportViewType"], "exportType": export_type} if window is not None else {}),
    }


def _write_with_checksum(key: str, text: str, put: Put) -> None:
    put(f"{key}.json", text.encode())
    put(f"{key}.md5", _md5(text.encode()).encode())


def _md5(content: bytes) -> str:
    return base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()


def _iso(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
