"""Recording: requests that are signed for a role, and what they call."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from lake_blueprints.local.cloud import LocalCloud
from lake_blueprints.local.recording import RecordedCall, Recording

ROLE = "arn:aws:iam::123456789012:role/job"


@pytest.fixture
def calls(tmp_path: Path) -> Iterable[Any]:
    """A cloud, and how its clients of a role are made."""
    with LocalCloud(workdir=tmp_path) as cloud:
        yield cloud, lambda service: cloud._running.runtime.client(service, "us-east-1", role=ROLE)


def test_notes_what_a_role_calls_and_on_what(calls: Any) -> None:
    cloud, client = calls
    cloud.client("s3").create_bucket(Bucket="lake")
    s3 = client("s3")
    s3.put_object(Bucket="lake", Key="flights/a b", Body=b"x")
    s3.get_object(Bucket="lake", Key="flights/a b")
    s3.list_objects_v2(Bucket="lake", Prefix="flights/")
    s3.delete_objects(Bucket="lake", Delete={"Objects": [{"Key": "flights/a b"}]})
    s3.get_bucket_location(Bucket="lake")
    cloud.client("glue").create_database(DatabaseInput={"Name": "db"})
    client("glue").get_database(Name="db")
    assert cloud.calls == [
        RecordedCall(ROLE, "glue:GetDatabase", "db"),
        RecordedCall(ROLE, "s3:DeleteObject", "lake/flights/a b"),
        RecordedCall(ROLE, "s3:GetBucketLocation", "lake"),
        RecordedCall(ROLE, "s3:GetObject", "lake/flights/a b"),
        RecordedCall(ROLE, "s3:ListBucket", "lake/flights/"),
        RecordedCall(ROLE, "s3:PutObject", "lake/flights/a b"),
    ]


def test_notes_nothing_of_requests_without_a_role(calls: Any) -> None:
    cloud, _ = calls
    cloud.client("s3").create_bucket(Bucket="lake")
    assert cloud.calls == []


def test_a_call_that_is_made_twice_is_noted_once() -> None:
    recording = Recording()
    for _ in range(2):
        recording.note(ROLE, "s3:PutObject", "lake/key")
    assert recording.calls == [RecordedCall(ROLE, "s3:PutObject", "lake/key")]
