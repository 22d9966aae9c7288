"""Versions of objects, as they are stored and listed."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from moto.core.utils import utcnow
from moto.s3 import models

from local_cloud.cloud import LocalCloud
from local_cloud.engines.object_versions import engine


@pytest.fixture(scope="module", autouse=True)
def bucket(cloud: LocalCloud) -> str:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="versions")
    s3.put_bucket_versioning(Bucket="versions", VersioningConfiguration={"Status": "Enabled"})
    return "versions"


@contextmanager
def switching_often() -> Iterator[None]:
    """Have threads take turns after each step."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def test_the_version_that_was_stored_last_is_the_latest_though_the_clock_went_back(
    cloud: LocalCloud, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3, later = cloud.client("s3"), utcnow()
    for at in (later, later, later.replace(year=later.year - 1)):
        monkeypatch.setattr(engine, "_utcnow", lambda at=at: at)
        last = s3.put_object(Bucket=bucket, Key="a", Body=str(at).encode())["VersionId"]
    listed = s3.list_object_versions(Bucket=bucket, Prefix="a")["Versions"]
    assert [one["VersionId"] for one in listed if one["IsLatest"]] == [last]
    assert s3.get_object(Bucket=bucket, Key="a")["VersionId"] == last


def test_an_object_is_whole_for_readers_beside_the_first_that_asks_for_its_etag(cloud: LocalCloud, bucket: str) -> None:
    content = bytes(range(256))
    wanted = hashlib.md5(content, usedforsecurity=False).hexdigest()
    key = models.FakeKey(name="a", value=content, account_id=cloud.account, region_name="us-east-1", bucket_name=bucket)

    def read(number: int) -> str | bytes:
        if number % 2:
            key._etag = None
            return str(key.etag)
        return bytes(key.value)

    with switching_often(), ThreadPoolExecutor(8) as pool:
        assert {*pool.map(read, range(30_000))} == {f'"{wanted}"', content}
