"""Exports, against DynamoDB's page of output formats and what its exports were seen to hold."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
import time
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_cloud.cloud import LocalCloud
from tests.local_cloud.dynamodb.conftest import Export, arn, key

# Of https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport.Output.html
SUMMARY = {
    *("version", "exportArn", "startTime", "endTime", "tableArn", "tableId", "exportTime", "s3Bucket", "s3Prefix"),
    *("s3SseAlgorithm", "s3SseKmsKeyId", "manifestFilesS3Key", "billedSizeBytes", "itemCount", "outputFormat"),
}
SUMMARY_OF_CHANGES = SUMMARY - {"exportTime"} | {"exportFromTime", "exportToTime", "outputView", "exportType"}
MINUTE = 60


def objects(cloud: LocalCloud, prefix: str) -> dict[str, bytes]:
    s3 = cloud.client("s3")
    listed = s3.list_objects_v2(Bucket="exports", Prefix=prefix).get("Contents", [])
    return {each["Key"]: s3.get_object(Bucket="exports", Key=each["Key"])["Body"].read() for each in listed}


def rows(cloud: LocalCloud, exported: dict[str, Any]) -> list[dict[str, Any]]:
    """Read what an export holds by its manifests alone, as a reader of it does."""
    s3 = cloud.client("s3")

    def read(name: str) -> bytes:
        content: bytes = s3.get_object(Bucket="exports", Key=name)["Body"].read()
        return content

    summary = json.loads(read(exported["ExportManifest"]))
    files = [json.loads(line) for line in read(summary["manifestFilesS3Key"]).splitlines()]
    found = [line for file in files for line in gzip.decompress(read(file["dataFileS3Key"])).splitlines()]
    assert len(found) == summary["itemCount"] == exported["ItemCount"] == sum(file["itemCount"] for file in files)
    return [json.loads(line) for line in found]


def changes(export: Export, **window: Any) -> dict[str, Any]:
    specification = {"ExportFromTime": time.time() - 20 * MINUTE, **window}
    return export(ExportType="INCREMENTAL_EXPORT", IncrementalExportSpecification=specification)


def test_a_full_export_has_the_layout_of_dynamodb(cloud: LocalCloud, table: str, export: Export) -> None:
    item = {
        **key(),
        "Authors": {"SS": ["Author1", "Author2"]},
        "InPublication": {"BOOL": False},
        "PageCount": {"N": "600"},
        "Cover": {"B": b"\x00\xff"},
        "Nested": {"M": {"List": {"L": [{"NULL": True}, {"NS": ["1", "2.5"]}]}}},
    }
    cloud.client("dynamodb").put_item(TableName=table, Item=item)
    exported = export(S3Prefix="2020-Nov")
    assert exported["ExportStatus"] == "COMPLETED"
    folder, export_id = exported["ExportManifest"].rsplit("/", 1)[0], exported["ExportArn"].rpartition("/")[2]
    assert folder == f"2020-Nov/AWSDynamoDB/{export_id}"
    assert re.fullmatch(r"\d{14}-[0-9a-f]{8}", export_id)
    assert exported["ExportArn"] == f"{arn(table)}/export/{export_id}"
    found = objects(cloud, "2020-Nov/")
    (data,) = [name for name in found if "/data/" in name]
    assert re.fullmatch(rf"{folder}/data/[a-z2-7]{{26}}\.json\.gz", data)
    names = ("_started", "manifest-files.json", "manifest-files.md5", "manifest-summary.json", "manifest-summary.md5")
    assert set(found) == {data, *(f"{folder}/{name}" for name in names)}
    for name in ("files", "summary"):
        checksum = base64.b64encode(hashlib.md5(found[f"{folder}/manifest-{name}.json"]).digest())
        assert found[f"{folder}/manifest-{name}.md5"] == checksum
    summary = json.loads(found[f"{folder}/manifest-summary.json"])
    assert set(summary) == SUMMARY
    assert summary["s3Prefix"] == "2020-Nov"
    assert summary["tableId"] == cloud.client("dynamodb").describe_table(TableName=table)["Table"]["TableId"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", summary["exportTime"])
    (file,) = [json.loads(line) for line in found[f"{folder}/manifest-files.json"].splitlines()]
    assert file == {
        "itemCount": 1,
        "md5Checksum": base64.b64encode(hashlib.md5(found[data]).digest()).decode(),
        "etag": cloud.client("s3").head_object(Bucket="exports", Key=data)["ETag"].strip('"'),
        "dataFileS3Key": data,
    }
    (row,) = rows(cloud, exported)
    assert row == {"Item": {**item, "Cover": {"B": "AP8="}}}


def test_an_empty_table_has_an_empty_file(cloud: LocalCloud, export: Export) -> None:
    exported = export()
    assert (exported["ItemCount"], exported["BilledSizeBytes"]) == (0, 0)
    assert rows(cloud, exported) == []


def test_an_incremental_export_holds_what_changed(cloud: LocalCloud, table: str, export: Export) -> None:
    dynamodb = cloud.client("dynamodb")

    def put(device: str, **attributes: Any) -> None:
        dynamodb.put_item(TableName=table, Item={**key(device), **attributes})

    before = time.time_ns() // 1000
    put("inserted", v={"N": "1"})
    put("changed", v={"N": "1"})
    put("deleted", v={"N": "1"})
    full = rows(cloud, changes(export))
    assert [set(row) for row in full] == [{"Metadata", "Keys", "NewImage"}] * 3
    put("changed", v={"N": "2"})
    dynamodb.delete_item(TableName=table, Key=key("deleted"))
    exported = changes(export)
    found = {row["Keys"]["device"]["S"]: row for row in rows(cloud, exported)}
    # Inserted and deleted in the window: left out.
    assert set(found) == {"inserted", "changed"}
    assert found["changed"]["NewImage"] == {**key("changed"), "v": {"N": "2"}}
    assert found["changed"]["Keys"] == key("changed")
    micros = int(found["changed"]["Metadata"]["WriteTimestampMicros"]["N"])
    assert before <= micros <= time.time_ns() // 1000
    summary = json.loads(objects(cloud, exported["ExportManifest"])[exported["ExportManifest"]])
    assert set(summary) == SUMMARY_OF_CHANGES
    assert (summary["outputView"], summary["exportType"]) == ("NEW_AND_OLD_IMAGES", "INCREMENTAL_EXPORT")
    shared = [name for name in objects(cloud, "AWSDynamoDB/data/") if name.endswith(".json.gz")]
    assert len(shared) == 2


def test_only_new_images_where_they_are_asked_for(cloud: LocalCloud, table: str, export: Export) -> None:
    cloud.client("dynamodb").put_item(TableName=table, Item=key())
    (row,) = rows(cloud, changes(export, ExportViewType="NEW_IMAGE"))
    assert set(row) == {"Metadata", "Keys", "NewImage"}


def test_the_window_ends_before_its_end(cloud: LocalCloud, table: str, export: Export) -> None:
    cloud.client("dynamodb").put_item(TableName=table, Item=key())
    # The API counts in whole seconds: a second ago is before the change.
    assert rows(cloud, changes(export, ExportToTime=int(time.time()) - 1)) == []


def test_bucket_encryption_and_keys_are_those_that_are_asked_for(cloud: LocalCloud, export: Export) -> None:
    metadata = cloud.client("kms").create_key()["KeyMetadata"]
    exported = export(S3SseAlgorithm="KMS", S3SseKmsKeyId=metadata["Arn"])
    head = cloud.client("s3").head_object(Bucket="exports", Key=exported["ExportManifest"])
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", metadata["Arn"])


def test_a_token_makes_calls_idempotent(cloud: LocalCloud, table: str, export: Export) -> None:
    token = str(uuid.uuid4())
    first = export(ClientToken=token)
    assert export(ClientToken=token)["ExportArn"] == first["ExportArn"]
    with pytest.raises(ClientError, match=r"ExportConflictException.*Duplicate request detected"):
        export(ClientToken=token, S3Prefix="other")
    listed = cloud.client("dynamodb").list_exports(TableArn=arn(table))["ExportSummaries"]
    assert listed == [{"ExportArn": first["ExportArn"], "ExportStatus": "COMPLETED", "ExportType": "FULL_EXPORT"}]


def test_lists_pages(cloud: LocalCloud, table: str, export: Export) -> None:
    arns = [export()["ExportArn"] for _ in range(3)]
    first = cloud.client("dynamodb").list_exports(TableArn=arn(table), MaxResults=2)
    second = cloud.client("dynamodb").list_exports(TableArn=arn(table), NextToken=first["NextToken"])
    found = [each["ExportArn"] for each in (*first["ExportSummaries"], *second["ExportSummaries"])]
    assert found == list(reversed(arns))
    assert "NextToken" not in second


def test_an_export_into_a_bucket_that_is_missing_fails(cloud: LocalCloud, table: str) -> None:
    dynamodb = cloud.client("dynamodb")
    started = dynamodb.export_table_to_point_in_time(TableArn=arn(table), S3Bucket="missing")["ExportDescription"]
    assert started["ExportStatus"] == "IN_PROGRESS"
    while True:
        found = dynamodb.describe_export(ExportArn=started["ExportArn"])["ExportDescription"]
        if found["ExportStatus"] != "IN_PROGRESS":
            break
        time.sleep(0.02)
    assert (found["ExportStatus"], found["FailureCode"]) == ("FAILED", "S3NoSuchBucket")


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        ({"ExportFormat": "ION"}, "the local cloud does not export with ExportFormat ION"),
        ({"ExportType": "INCREMENTAL_EXPORT"}, "need each other"),
        ({"IncrementalExportSpecification": {}}, "need each other"),
        ({"ExportTime": 0}, "InvalidExportTimeException"),
        ({"ExportTime": 9_999_999_999}, "InvalidExportTimeException"),
        ((14, 0), "covers 15 minutes to 24 hours, got 840 seconds"),
        ((24 * 60 + 1, 0), "covers 15 minutes to 24 hours"),
        ((20, -5), "InvalidExportTimeException"),
    ],
)
def test_what_dynamodb_refuses(cloud: LocalCloud, export: Export, request_: Any, error: str) -> None:
    request = request_
    if isinstance(request, tuple):
        now = int(time.time())
        window = {"ExportFromTime": now - request[0] * MINUTE, "ExportToTime": now - request[1] * MINUTE}
        request = {"ExportType": "INCREMENTAL_EXPORT", "IncrementalExportSpecification": window}
    with pytest.raises(ClientError, match=error):
        export(**request)


def test_a_table_needs_point_in_time_recovery(cloud: LocalCloud, table: str, export: Export) -> None:
    recovery = {"PointInTimeRecoveryEnabled": False}
    cloud.client("dynamodb").update_continuous_backups(TableName=table, PointInTimeRecoverySpecification=recovery)
    with pytest.raises(ClientError, match="PointInTimeRecoveryUnavailableException"):
        export()
    with pytest.raises(ClientError, match="TableNotFoundException"):
        cloud.client("dynamodb").export_table_to_point_in_time(TableArn=arn("missing"), S3Bucket="exports")


def test_a_role_that_exports_writes_under_its_own_name(cloud: LocalCloud, table: str) -> None:
    role = "arn:aws:iam::123456789012:role/exporter"
    dynamodb = cloud._running.runtime.client("dynamodb", "us-east-1", role=role)
    arn_ = dynamodb.export_table_to_point_in_time(TableArn=arn(table), S3Bucket="exports", S3Prefix="of-role")
    while (
        dynamodb.describe_export(ExportArn=arn_["ExportDescription"]["ExportArn"])["ExportDescription"]["ExportStatus"]
        == "IN_PROGRESS"
    ):
        time.sleep(0.02)
    made = {call.action for call in cloud.calls if call.role == role}
    assert made == {
        "dynamodb:ExportTableToPointInTime",
        "dynamodb:DescribeExport",
        "s3:PutObject",
        "s3:PutObjectAcl",
        "s3:AbortMultipartUpload",
    }
