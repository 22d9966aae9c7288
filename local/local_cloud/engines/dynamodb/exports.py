"""Exports of tables to S3, full and incremental."""

from __future__ import annotations

import secrets
import time
from typing import Any

from botocore.exceptions import ClientError
from moto.dynamodb.models import dynamodb_backends

from local_cloud.engines.dynamodb.changes import Histories, micros
from local_cloud.engines.dynamodb.files import Put, full_records, incremental_records, write_export
from local_cloud.engines.dynamodb.writes import images_of, keys_of
from local_cloud.server.runtime import Runtime
from local_cloud.server.services import ServiceCall, ServiceError

_SHORTEST, _LONGEST = 15 * 60, 24 * 3600
_PAGE = 25
_TOKEN_LIFETIME = 8 * 3600
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport_Requesting.html
_ALSO_NEEDED = ("s3:AbortMultipartUpload", "s3:PutObjectAcl")
_WITH_A_KEY = ("kms:GenerateDataKey", "kms:Decrypt")
_FAILURES = {"NoSuchBucket": "S3NoSuchBucket", "AccessDenied": "S3AccessDenied"}
_INVALID = "ValidationException"


class Exports:
    """The exports of every table."""

    def __init__(self, runtime: Runtime, histories: Histories) -> None:
        self._runtime = runtime
        self._histories = histories
        self.all: dict[str, dict[str, Any]] = {}
        self.requests: dict[str, tuple[float, dict[str, Any], str]] = {}

    def start(self, call: ServiceCall) -> dict[str, Any]:
        """ExportTableToPointInTime."""
        request = call.request
        self._check(request)
        token = request.get("ClientToken", "")
        if token in self.requests and self.requests[token][0] > time.time() - _TOKEN_LIFETIME:
            _, before, arn = self.requests[token]
            if before != request:
                raise ServiceError("ExportConflictException", "Duplicate request detected.")
            return {"ExportDescription": dict(self.all[arn])}
        with self._histories.lock:
            description, records = self._snapshot(self._table(call.region, request["TableArn"]), request)
        self.all[description["ExportArn"]] = description
        if token:
            self.requests[token] = (time.time(), request, description["ExportArn"])
        answer = dict(description)
        role = self._runtime.recording.role_of(call.authorization)
        put = self._put(request, call.region, role)
        self._runtime.background(lambda: _write(description, records, put), name=f"export {description['ExportArn']}")
        return {"ExportDescription": answer}

    def describe(self, call: ServiceCall) -> dict[str, Any]:
        """DescribeExport."""
        found = self.all.get(call.request["ExportArn"])
        if found is None:
            message = f"Export not found: {call.request['ExportArn']}"
            raise ServiceError("ExportNotFoundException", message)
        return {"ExportDescription": dict(found)}

    def page(self, call: ServiceCall) -> dict[str, Any]:
        """ListExports, the newest first."""
        wanted, start = call.request.get("TableArn"), int(call.request.get("NextToken") or 0)
        size = min(call.request.get("MaxResults", _PAGE), _PAGE)
        found = [each for each in reversed(self.all.values()) if wanted in {None, each["TableArn"]}]
        members = ("ExportArn", "ExportStatus", "ExportType")
        page = [{name: each[name] for name in members} for each in found[start : start + size]]
        more = {"NextToken": str(start + size)} if start + size < len(found) else {}
        return {"ExportSummaries": page, **more}

    @staticmethod
    def _check(request: dict[str, Any]) -> None:
        for name, supported in (("ExportFormat", "DYNAMODB_JSON"), ("FilterSpecification", None)):
            if request.get(name, supported) != supported:
                raise ServiceError(_INVALID, f"the local cloud does not export with {name} {request[name]}")
        if (request.get("ExportType") == "INCREMENTAL_EXPORT") != ("IncrementalExportSpecification" in request):
            raise ServiceError(_INVALID, "INCREMENTAL_EXPORT and IncrementalExportSpecification need each other")

    def _table(self, region: str, arn: str) -> Any:
        tables = dynamodb_backends[self._runtime.account][region].tables.values()
        table = next((each for each in tables if each.table_arn == arn), None)
        if table is None:
            raise ServiceError("TableNotFoundException", f"Table not found: {arn.rpartition('/')[2]}")
        recovery = table.continuous_backups["PointInTimeRecoveryDescription"]
        if recovery["PointInTimeRecoveryStatus"] != "ENABLED":
            message = f"Point in time recovery is not enabled for table '{table.name}'"
            raise ServiceError("PointInTimeRecoveryUnavailableException", message)
        return table

    def _snapshot(self, table: Any, request: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        history, now = self._histories.of(table), time.time()
        description = {
            "ExportArn": f"{table.table_arn}/export/{int(now * 1000):014d}-{secrets.token_hex(4)}",
            "ExportStatus": "IN_PROGRESS",
            "StartTime": now,
            "TableArn": table.table_arn,
            "TableId": history.table_id,
            "ExportFormat": "DYNAMODB_JSON",
            "ExportType": "FULL_EXPORT",
            "S3SseAlgorithm": "KMS" if "S3SseKmsKeyId" in request else "AES256",
            **request,
        }
        if "IncrementalExportSpecification" in request:
            window = _window(request["IncrementalExportSpecification"], now)
            description["IncrementalExportSpecification"] = window
            # Without an end, up to the last change, also within the present microsecond.
            end = (
                micros(window["ExportToTime"]) if "ExportToTime" in request["IncrementalExportSpecification"] else None
            )
            changes = history.between(micros(window["ExportFromTime"]), end or history.next_micros())
            return description, incremental_records(changes, window["ExportViewType"])
        at = request.get("ExportTime", now)
        earliest = table.continuous_backups["PointInTimeRecoveryDescription"]["EarliestRestorableDateTime"]
        if not int(earliest) <= at <= now:
            message = "The specified ExportTime is outside of the point in time recovery window."
            raise ServiceError("InvalidExportTimeException", message)
        description["ExportTime"] = at
        items = images_of(table)
        if "ExportTime" in request:
            items = history.rewind(items, lambda item: keys_of(table, item), micros(at))
        return description, full_records(items)

    def _put(self, request: dict[str, Any], region: str, role: str | None) -> Put:
        """Return what writes an object as the export does: under the role of the caller."""
        s3, bucket = self._runtime.client("s3", region, role=role), request["S3Bucket"]
        encryption = _encryption(request)

        def put(key: str, content: bytes) -> str:
            etag = s3.put_object(Bucket=bucket, Key=key, Body=content, **encryption)["ETag"].strip('"')
            for action in _ALSO_NEEDED if role else ():
                self._runtime.recording.note(role or "", action, f"{bucket}/{key}")
            return str(etag)

        if role and "S3SseKmsKeyId" in request:
            for action in _WITH_A_KEY:
                self._runtime.recording.note(role, action, request["S3SseKmsKeyId"])
        return put


def _write(description: dict[str, Any], records: list[dict[str, Any]], put: Put) -> None:
    try:
        write_export(description, records, put)
    except ClientError as error:
        details = error.response["Error"]
        code = _FAILURES.get(details["Code"], details["Code"])
        failure = {"FailureCode": code, "FailureMessage": details["Message"], "EndTime": time.time()}
        description |= {"ExportStatus": "FAILED", **failure}
    else:
        description["ExportStatus"] = "COMPLETED"


def _window(specification: dict[str, Any], now: float) -> dict[str, Any]:
    """Return the window with its defaults.

    It may begin before the table had point-in-time recovery, which DynamoDB refuses: otherwise a test would have to
    wait for the 15 minutes that a window must have. The answer is complete all the same, since every change is kept.
    """
    window = {"ExportToTime": now, "ExportViewType": "NEW_AND_OLD_IMAGES", **specification}
    if "ExportFromTime" not in window:
        raise ServiceError(_INVALID, "ExportFromTime is required for an incremental export")
    start, end = window["ExportFromTime"], window["ExportToTime"]
    if end > now:
        message = "The specified ExportToTime is outside of the point in time recovery window."
        raise ServiceError("InvalidExportTimeException", message)
    if not _SHORTEST <= end - start <= _LONGEST:
        message = f"an incremental export covers 15 minutes to 24 hours, got {end - start:g} seconds"
        raise ServiceError(_INVALID, message)
    return window


def _encryption(request: dict[str, Any]) -> dict[str, str]:
    """Return how objects are encrypted; by default as their bucket does it."""
    key, algorithm = request.get("S3SseKmsKeyId"), request.get("S3SseAlgorithm")
    if key or algorithm == "KMS":
        return {"ServerSideEncryption": "aws:kms", **({"SSEKMSKeyId": key} if key else {})}
    return {"ServerSideEncryption": algorithm} if algorithm else {}
