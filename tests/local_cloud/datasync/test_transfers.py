"""Transfers between buckets: copied and verified, what is new alone, and never a file deleted."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_cloud.cloud import LocalCloud

ROLE = "arn:aws:iam::123456789012:role/transfer"


class Transfer:
    """A task between two new buckets."""

    def __init__(self, cloud: LocalCloud, name: str, **options: Any) -> None:
        self._cloud, self._name = cloud, name
        for end in ("source", "target"):
            cloud.client("s3").create_bucket(Bucket=f"{name}-{end}")
        self.task = cloud.client("datasync").create_task(
            SourceLocationArn=self._location("source", "/exports/"),
            DestinationLocationArn=self._location("target", "/flights/"),
            TaskMode="ENHANCED",
            TaskReportConfig={
                "OutputType": "STANDARD",
                "ReportLevel": "ERRORS_ONLY",
                "Destination": {
                    "S3": {
                        "S3BucketArn": f"arn:aws:s3:::{name}-target",
                        "Subdirectory": "/transfers/",
                        "BucketAccessRoleArn": ROLE,
                    }
                },
            },
            **options,
        )["TaskArn"]

    def _location(self, end: str, folder: str) -> str:
        config = {"BucketAccessRoleArn": ROLE}
        made = self._cloud.client("datasync").create_location_s3(
            S3BucketArn=f"arn:aws:s3:::{self._name}-{end}", Subdirectory=folder, S3Config=config
        )
        return str(made["LocationArn"])

    def put(self, key: str, body: bytes) -> None:
        self._cloud.client("s3").put_object(Bucket=f"{self._name}-source", Key=key, Body=body)

    def remove(self, key: str) -> None:
        self._cloud.client("s3").delete_object(Bucket=f"{self._name}-source", Key=key)

    def run(self) -> dict[str, Any]:
        datasync = self._cloud.client("datasync")
        execution = datasync.start_task_execution(TaskArn=self.task)["TaskExecutionArn"]
        ended = None
        while ended is None:
            found: dict[str, Any] = datasync.describe_task_execution(TaskExecutionArn=execution)
            ended = found.get("EndTime")
        return found

    def copies(self, prefix: str = "flights/") -> dict[str, bytes]:
        s3, bucket = self._cloud.client("s3"), f"{self._name}-target"
        listed = s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
        return {one["Key"]: s3.get_object(Bucket=bucket, Key=one["Key"])["Body"].read() for one in listed}


def test_everything_below_a_prefix_is_copied_and_verified(cloud: LocalCloud) -> None:
    transfer = Transfer(cloud, "all")
    for number in range(20):
        transfer.put(f"exports/2026/{number}.csv", f"{number}\n".encode())
    transfer.put("elsewhere/1.csv", b"1")
    done = transfer.run()
    assert (done["Status"], done["FilesTransferred"], done["FilesVerified"]) == ("SUCCESS", 20, 20)
    assert transfer.copies() == {f"flights/2026/{number}.csv": f"{number}\n".encode() for number in range(20)}
    (report,) = transfer.copies("transfers/").values()
    assert json.loads(report)["Failed"] == []


def test_a_second_run_copies_what_is_new_and_deletes_nothing(cloud: LocalCloud) -> None:
    transfer = Transfer(cloud, "again")
    transfer.put("exports/1.csv", b"1")
    transfer.put("exports/2.csv", b"2")
    assert transfer.run()["FilesTransferred"] == 2
    assert transfer.run()["FilesTransferred"] == 0
    transfer.put("exports/2.csv", b"two")
    transfer.remove("exports/1.csv")
    assert transfer.run()["FilesTransferred"] == 1
    assert transfer.copies() == {"flights/1.csv": b"1", "flights/2.csv": b"two"}


def test_patterns_choose_files(cloud: LocalCloud) -> None:
    include = [{"FilterType": "SIMPLE_PATTERN", "Value": "/2026*|/late"}]
    exclude = [{"FilterType": "SIMPLE_PATTERN", "Value": "*.tmp"}]
    transfer = Transfer(cloud, "patterns", Includes=include, Excludes=exclude)
    for key in ("2025/1.csv", "2026/1.csv", "2026/1.tmp", "late/deep/1.csv"):
        transfer.put(f"exports/{key}", b"1")
    transfer.run()
    assert {*transfer.copies()} == {"flights/2026/1.csv", "flights/late/deep/1.csv"}


def test_a_bucket_that_is_gone_fails_the_transfer(cloud: LocalCloud) -> None:
    transfer = Transfer(cloud, "gone")
    cloud.client("s3").delete_bucket(Bucket="gone-source")
    done = transfer.run()
    assert done["Status"] == "ERROR"
    assert "NoSuchBucket" in done["Result"]["ErrorDetail"]


def test_a_task_that_would_delete_is_refused(cloud: LocalCloud) -> None:
    with pytest.raises(ClientError, match="the local cloud deletes no files"):
        Transfer(cloud, "deleting", Options={"PreserveDeletedFiles": "REMOVE"})


def test_what_is_done_is_recorded_for_the_role(cloud: LocalCloud) -> None:
    transfer = Transfer(cloud, "recorded")
    transfer.put("exports/1.csv", b"1")
    transfer.run()
    actions = {one.action for one in cloud.calls if one.role == ROLE and "recorded" in one.resource}
    assert {"s3:ListBucket", "s3:GetObject", "s3:PutObject"} <= actions


def test_other_sources_are_refused(cloud: LocalCloud) -> None:
    datasync = cloud.client("datasync")
    share = {"ServerHostname": "files.example.com", "Subdirectory": "/flights", "User": "lake", "Password": "secret"}
    with pytest.raises(ClientError, match="copies between buckets, and not from SMB"):
        datasync.create_location_smb(**share, AgentArns=["arn:aws:datasync:us-east-1:123456789012:agent/agent-1"])
    with pytest.raises(ClientError):
        datasync.create_location_nfs(
            ServerHostname="files.example.com",
            Subdirectory="/exports",
            OnPremConfig={"AgentArns": ["arn:aws:datasync:us-east-1:123456789012:agent/agent-1"]},
        )
